//! How the script goes from line to line.

use std::rc::Rc;
use std::time::Duration;

use sca_model::Span;
use sca_model::{Action, Awaited, Demand, Expect, Message, Step, Suffix};
use sca_protocol::settings::format_duration;

use super::find::Look;
use super::standing_rules::{Guard, Guarded};
use super::state::{Op, Progress, Reading, Script, Stepped, until};
use crate::lanes::Lanes;
use crate::matching::{Captured, Mismatch, is_secret};
use crate::time_format::stamp;
use crate::verdict::Failure;

/// An expectation without a deadline of its own has this one.
const DEADLINE: Duration = Duration::from_secs(30);

impl Script {
    /// Goes on as far as it can.
    pub fn advance(&mut self, now: Duration, lanes: &mut [Lanes]) -> Progress {
        loop {
            let Some(op) = self.ops.front_mut() else { return Progress::Done { ended: self.ended } };
            let stepped = match op {
                Op::Step(step) => {
                    let step = step.clone();
                    let stepped = match self.relaxed {
                        None => self.step(now, &step, lanes),
                        Some(_) => self.relaxed_step(now, &step, lanes),
                    };
                    match stepped {
                        Ok(Stepped::Met) => true,
                        Ok(Stepped::Act) => {
                            self.pop(now);
                            return Progress::Act(step);
                        }
                        Ok(Stepped::Until(at)) => return Progress::Waiting(at),
                        Err(failure) => return Progress::Failed(failure),
                    }
                }
                Op::Any(_) if self.relaxed.is_some() => {
                    self.free_any();
                    false
                }
                Op::Any(_) => match self.any(now, lanes) {
                    Ok(Stepped::Until(at)) => return Progress::Waiting(at),
                    // The block has taken itself away.
                    Ok(_) => false,
                    Err(failure) => return Progress::Failed(failure),
                },
                Op::Optional(_) | Op::Either(_) => match self.choose(now, lanes) {
                    Ok(Stepped::Until(at)) => return Progress::Waiting(at),
                    // What was chosen stands in its place.
                    Ok(_) => false,
                    Err(failure) => return Progress::Failed(failure),
                },
                Op::Order(begins) => {
                    self.order = begins.then_some(0);
                    true
                }
                Op::Throughout(who, show, span) => {
                    let guard = Guard::Throughout(*who, show.clone(), *span);
                    // What an injected fault has prevented cannot be required to last.
                    let holds = crate::matching::shows(show, &lanes[*who].face.what, &self.names).is_ok();
                    self.stand(guard, holds);
                    if let Err(failure) = self.guards().all_displays(lanes) {
                        return Progress::Failed(failure);
                    }
                    true
                }
                Op::Without(source, pattern, span) => {
                    let guard = Guard::Without(source.clone(), pattern.clone(), *span);
                    self.stand(guard, true);
                    true
                }
                Op::Release => {
                    self.guards.pop();
                    true
                }
            };
            if stepped {
                self.pop(now);
            }
        }
    }

    /// A standing rule is in force from now on, unless an injected fault has excused it.
    fn stand(&mut self, guard: Guard, holds: bool) {
        let stands = self.relaxed.as_ref().is_none_or(|relaxed| holds && relaxed.keeps(&guard));
        self.guards.push(if stands { guard } else { Guard::Excused });
    }

    /// After an injected fault the members of `any order` each take what matches them, one after the other.
    fn free_any(&mut self) {
        if let Some(Op::Any(block)) = self.ops.pop_front() {
            block.into_iter().rev().for_each(|step| self.ops.push_front(Op::Step(step)));
        }
    }

    /// Goes on to the next line; the current one is done.
    pub fn pop(&mut self, now: Duration) {
        if let Some(Op::Step(step)) = self.ops.pop_front() {
            self.last = step.span;
        }
        self.since = now;
        self.forget_what_passed();
    }

    /// Another line becomes current.
    pub fn forget_what_passed(&mut self) {
        self.passed.clear();
        self.near = None;
        self.held = None;
        self.looked_at = None;
    }

    fn step(&mut self, now: Duration, step: &Step, lanes: &mut [Lanes]) -> Result<Stepped, Box<Failure>> {
        match &step.action {
            Action::Expect(expect) => self.expect(now, step, expect, lanes),
            Action::Wait(span) => Ok(until(now, self.since + *span)),
            Action::Check(relation, labels) => self.check(step, *relation, labels).map(|()| Stepped::Met),
            Action::End => {
                self.ended = true;
                Ok(until(now, step.stamp.unwrap_or(self.since)))
            }
            _ => match step.stamp.filter(|at| *at > now) {
                Some(at) => Ok(Stepped::Until(Some(at))),
                None => Ok(Stepped::Act),
            },
        }
    }

    /// The window of an expectation: from when, until when. A run that is behind the time stamps of its lines is given
    /// the whole window from where it is.
    pub fn window(&self, step: &Step, suffix: &Suffix) -> (Option<Duration>, Duration) {
        let start = step.stamp.map_or(self.since, |stamp| stamp.max(self.since));
        let Some(within) = &suffix.within else { return (None, start + DEADLINE + self.slack) };
        let start = within.of.as_ref().map_or(start, |label| self.names.moments.get(label).copied().unwrap_or(start));
        (within.from.map(|from| start + from), start + within.to + self.slack)
    }

    fn expect(
        &mut self,
        now: Duration,
        step: &Step,
        expect: &Expect,
        lanes: &mut [Lanes],
    ) -> Result<Stepped, Box<Failure>> {
        let (from, to) = self.window(step, &expect.suffix);
        match self.look(expect, &mut lanes[expect.who]) {
            Look::Met { at, sequence, captured } => {
                self.met(step, expect, (at, sequence), (from, to), captured)?;
                Ok(Stepped::Met)
            }
            Look::Not(mismatch, came) => Err(self.another(step, expect, &mismatch, &came, &lanes[expect.who])),
            Look::Nothing(seen) if now >= to => {
                let mut failure = self.nothing(step, expect, to, seen);
                // What nobody has read yet often says why nothing came.
                failure.notes.extend(lanes[expect.who].unread().map(|unread| format!("not read yet: {unread}")));
                Err(failure)
            }
            Look::Nothing(_) => Ok(Stepped::Until(Some(to))),
        }
    }

    fn met(
        &mut self,
        step: &Step,
        expect: &Expect,
        (at, sequence): (Duration, u64),
        (from, to): (Option<Duration>, Duration),
        captured: Captured,
    ) -> Result<(), Box<Failure>> {
        let is_state = matches!(expect.awaited, Awaited::Show(_));
        if let Some(from) = from.filter(|from| at < *from) {
            let label = format!("it came {} before the window", format_duration(from.saturating_sub(at)));
            return Err(self.failure(step, "this came too early", label, vec![format!("it came at {}", stamp(at))]));
        }
        if at > to && !is_state {
            let label = format!("it came {} after the deadline", format_duration(at.saturating_sub(to)));
            return Err(self.failure(step, "this came too late", label, vec![format!("it came at {}", stamp(at))]));
        }
        if let Some(last) = self.order.filter(|_| !is_state) {
            if sequence < last {
                let label = "it came before the line above";
                return Err(self.failure(step, "messages arrived in the wrong order", label, Vec::new()));
            }
            self.order = Some(sequence);
        }
        self.keep(step, expect, (at, sequence), captured);
        Ok(())
    }

    /// Keeps what a line has read: which observation, its moment, and what it captured.
    pub(super) fn keep(&mut self, step: &Step, expect: &Expect, (at, sequence): (Duration, u64), captured: Captured) {
        let label = expect.suffix.label.clone().or_else(|| expect.suffix.re.as_ref().map(|(label, _)| label.clone()));
        self.readings.push(Reading { sequence, span: step.span, label });
        self.names.moments.extend(expect.suffix.label.clone().map(|label| (label, at)));
        if let Awaited::ToPos(Message::Fields(fields)) | Awaited::ToHost(_, Message::Fields(fields)) = &expect.awaited {
            let secret = fields.tests.iter().filter(|test| is_secret(&test.field));
            self.names.secrets.extend(secret.filter_map(|test| match &test.demand {
                Demand::Capture(name) => Some(name.clone()),
                _ => None,
            }));
        }
        self.names.captures.extend(captured);
    }

    /// `any order`: each member takes what fits it; what must be listed has to fit one of them.
    fn any(&mut self, now: Duration, lanes: &mut [Lanes]) -> Result<Stepped, Box<Failure>> {
        let Some(Op::Any(mut open)) = self.ops.pop_front() else { return Ok(Stepped::Met) };
        let mut first: Option<(Rc<Step>, Mismatch, String)> = None;
        let mut deadline: Option<(Duration, usize)> = None;
        let mut progressed = true;
        while progressed {
            (progressed, first, deadline) = (false, None, None);
            let mut at = 0;
            while at < open.len() {
                let step = open[at].clone();
                let Action::Expect(expect) = &step.action else { return Ok(Stepped::Met) };
                let window = self.window(&step, &expect.suffix);
                match self.look(expect, &mut lanes[expect.who]) {
                    Look::Met { at: when, sequence, captured } => {
                        self.met(&step, expect, (when, sequence), window, captured)?;
                        open.remove(at);
                        progressed = true;
                        continue;
                    }
                    Look::Not(mismatch, came) => first = first.or(Some((step, mismatch, came))),
                    Look::Nothing(_) => deadline = Some(deadline.map_or((window.1, at), |d| d.min((window.1, at)))),
                }
                at += 1;
            }
        }
        if open.is_empty() {
            self.since = now;
            self.forget_what_passed();
            return Ok(Stepped::Met);
        }
        if let Some((step, mismatch, came)) = first
            && let Action::Expect(expect) = &step.action
        {
            return Err(self.another(&step, expect, &mismatch, &came, &lanes[expect.who]));
        }
        let late = deadline.filter(|(to, _)| now >= *to).map(|(to, which)| (to, open[which].clone()));
        if let Some((to, step)) = late
            && let Action::Expect(expect) = &step.action
        {
            return Err(self.nothing(&step, expect, to, None));
        }
        self.ops.push_front(Op::Any(open));
        Ok(Stepped::Until(deadline.map(|(to, _)| to)))
    }

    /// The bans and demands that stand now.
    pub fn guards(&self) -> Guarded<'_> {
        Guarded { guards: &self.guards, names: &self.names }
    }
}

impl Script {
    /// The line that is current, or the last one where all are done.
    pub fn current(&self) -> Span {
        let first = |steps: &[Step]| steps.first().map(|step| step.span);
        let here = self.ops.front().and_then(|op| match op {
            Op::Step(step) => Some(step.span),
            Op::Any(steps) => steps.first().map(|step| step.span),
            Op::Optional(steps) => first(steps),
            Op::Either(branches) => branches.iter().find_map(|branch| first(branch)),
            Op::Throughout(.., span) | Op::Without(.., span) => Some(*span),
            Op::Order(_) | Op::Release => None,
        });
        here.unwrap_or(self.last)
    }
}
