//! The script: where in the timeline a run is, what it demands now, what it wants done, and what it says of an
//! observation. It moves no bytes.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use sca_protocol::settings::show_span;
use sca_scenario::Span;
use sca_scenario::model::{Action, Demand, Expect, Message, Pattern, Show, Sight, Source, Step, Suffix};

use sca_terminal::{Face, Screen};

use crate::eased::Eased;
use crate::guard::{Guard, Guarded};
use crate::lanes::{Lanes, Noted};
use crate::look::{Look, stamp};
use crate::matching::{Captured, Mismatch, Names, is_secret};
use crate::verdict::Failure;

/// An expectation without a deadline of its own has this one.
const DEADLINE: Duration = Duration::from_secs(30);

/// One step of the flat timeline.
#[derive(Debug)]
pub(crate) enum Op {
    Step(Rc<Step>),
    Any(Vec<Rc<Step>>),
    Optional(Vec<Step>),
    Either(Vec<Vec<Step>>),
    Order(bool),
    Throughout(usize, Show, Span),
    Without(Source, Pattern, Span),
    Release,
}

/// What the script comes to when it is asked.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Do this.
    Act(Rc<Step>),
    /// Nothing more before something happens or this time comes.
    Waiting(Option<Duration>),
    /// All steps are done; `end` was the last of them, or the run goes on until it is quiet.
    Done { ended: bool },
    /// The scenario has failed.
    Failed(Box<Failure>),
}

/// What an expectation has read.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) sequence: u64,
    pub(crate) span: Span,
    pub(crate) label: Option<String>,
}

/// The place in the timeline.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) ops: VecDeque<Op>,
    /// When the first of them became current.
    pub(crate) since: Duration,
    pub(crate) guards: Vec<Guard>,
    /// In `in order`: the place of the last observation.
    order: Option<u64>,
    ended: bool,
    /// What the expectation at hand has passed over: what, how often, when last.
    pub(crate) passed: Vec<(String, u32, Duration)>,
    /// What came nearest to the expectation at hand, since it became current.
    pub(crate) near: Option<Mismatch>,
    /// Of the lines that follow an `optional`, which held when it became current.
    pub(crate) held: Option<Vec<bool>>,
    /// The face that was looked at last.
    pub(crate) looked_at: Option<Noted<Face>>,
    /// When a cardholder last did something that came to nothing, and what.
    pub(crate) idle_act: Option<(Duration, String)>,
    /// The screens of late: since when, whose, which.
    pub(crate) screens: VecDeque<(Duration, usize, Screen)>,
    /// The line that was done with last.
    pub(crate) last: Span,
    /// What a deadline is stretched by, where delivery takes real time.
    slack: Duration,
    pub(crate) names: Names,
    /// What expectations have read: its place in the order, and the line and label that read it.
    pub(crate) readings: Vec<Reading>,
    /// What is left of its demands after a blow of a sweep.
    pub(crate) eased: Option<Eased>,
}

pub(crate) fn flatten(steps: &[Step], ops: &mut VecDeque<Op>) {
    for step in steps {
        match &step.action {
            Action::AnyOrder(block) => ops.push_back(Op::Any(block.iter().cloned().map(Rc::new).collect())),
            Action::InOrder(block) => {
                ops.push_back(Op::Order(true));
                flatten(block, ops);
                ops.push_back(Op::Order(false));
            }
            Action::Throughout(who, show, _, block) => {
                ops.push_back(Op::Throughout(*who, show.clone(), step.span));
                flatten(block, ops);
                ops.push_back(Op::Release);
            }
            Action::Without(source, pattern, _, block) => {
                ops.push_back(Op::Without(source.clone(), pattern.clone(), step.span));
                flatten(block, ops);
                ops.push_back(Op::Release);
            }
            Action::Optional(block) => ops.push_back(Op::Optional(block.clone())),
            Action::Either(_, branches) => ops.push_back(Op::Either(branches.clone())),
            _ => ops.push_back(Op::Step(Rc::new(step.clone()))),
        }
    }
}

impl Script {
    pub(crate) fn new(steps: &[Step], slack: Duration, assets: BTreeMap<String, Vec<u8>>) -> Self {
        let mut ops = VecDeque::new();
        flatten(steps, &mut ops);
        Self {
            ops,
            since: Duration::ZERO,
            guards: Vec::new(),
            order: None,
            ended: false,
            passed: Vec::new(),
            near: None,
            held: None,
            looked_at: None,
            idle_act: None,
            screens: VecDeque::new(),
            last: Span { line: 1, column: 1, length: 8, file: 0 },
            slack,
            readings: Vec::new(),
            names: Names { assets, ..Names::default() },
            eased: None,
        }
    }

    /// Goes on as far as it can.
    pub(crate) fn advance(&mut self, now: Duration, lanes: &mut [Lanes]) -> Progress {
        loop {
            let Some(op) = self.ops.front_mut() else { return Progress::Done { ended: self.ended } };
            let stepped = match op {
                Op::Step(step) => {
                    let step = step.clone();
                    let stepped = match self.eased {
                        None => self.step(now, &step, lanes),
                        Some(_) => self.eased_step(now, &step, lanes),
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
                Op::Any(_) if self.eased.is_some() => {
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
                    // What a blow has kept from coming about cannot be kept up.
                    let holds = crate::matching::shows(show, &lanes[*who].face.what, &self.names).is_ok();
                    self.stand(guard, holds);
                    if let Err(failure) = self.guards().all_faces(lanes) {
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

    /// A ban or a demand stands from now on, where a blow has left it standing.
    fn stand(&mut self, guard: Guard, holds: bool) {
        let stands = self.eased.as_ref().is_none_or(|eased| holds && eased.keeps(&guard));
        self.guards.push(if stands { guard } else { Guard::Excused });
    }

    /// After a blow the members of `any order` each take what is their own, one after the other.
    fn free_any(&mut self) {
        if let Some(Op::Any(block)) = self.ops.pop_front() {
            block.into_iter().rev().for_each(|step| self.ops.push_front(Op::Step(step)));
        }
    }

    pub(crate) fn pop(&mut self, now: Duration) {
        if let Some(Op::Step(step)) = self.ops.pop_front() {
            self.last = step.span;
        }
        self.since = now;
        self.forget_what_passed();
    }

    /// Another line becomes current.
    pub(crate) fn forget_what_passed(&mut self) {
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

    /// The window of an expectation: from when, until when.
    pub(crate) fn window(&self, step: &Step, suffix: &Suffix) -> (Option<Duration>, Duration) {
        let start = step.stamp.unwrap_or(self.since);
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
        let is_state = matches!(expect.sight, Sight::Show(_));
        if let Some(from) = from.filter(|from| at < *from) {
            let label = format!("it came {} before the window", show_span(from.saturating_sub(at)));
            return Err(self.failure(step, "this came too early", label, vec![format!("it came at {}", stamp(at))]));
        }
        if at > to && !is_state {
            let label = format!("it came {} after the deadline", show_span(at.saturating_sub(to)));
            return Err(self.failure(step, "this came too late", label, vec![format!("it came at {}", stamp(at))]));
        }
        if let Some(last) = self.order.filter(|_| !is_state) {
            if sequence < last {
                let label = "it came before the line above";
                return Err(self.failure(step, "these came in another order", label, Vec::new()));
            }
            self.order = Some(sequence);
        }
        let label = expect.suffix.label.clone().or_else(|| expect.suffix.re.as_ref().map(|(label, _)| label.clone()));
        self.readings.push(Reading { sequence, span: step.span, label });
        self.names.moments.extend(expect.suffix.label.clone().map(|label| (label, at)));
        if let Sight::ToPos(Message::Fields(fields)) | Sight::ToHost(_, Message::Fields(fields)) = &expect.sight {
            let secret = fields.tests.iter().filter(|test| is_secret(&test.field));
            self.names.secrets.extend(secret.filter_map(|test| match &test.demand {
                Demand::Capture(name) => Some(name.clone()),
                _ => None,
            }));
        }
        self.names.captures.extend(captured);
        Ok(())
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
    pub(crate) fn guards(&self) -> Guarded<'_> {
        Guarded { guards: &self.guards, names: &self.names }
    }
}

impl Script {
    /// The line that is current, or the last one where all are done.
    pub(crate) fn current(&self) -> Span {
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

/// What one step comes to.
pub(crate) enum Stepped {
    Met,
    Act,
    Until(Option<Duration>),
}

/// Met from a moment on.
pub(crate) fn until(now: Duration, at: Duration) -> Stepped {
    if now >= at { Stepped::Met } else { Stepped::Until(Some(at)) }
}
