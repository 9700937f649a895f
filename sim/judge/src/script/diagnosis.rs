//! How a script tells what failed: what came instead, what was passed over, and what came nearest.

use std::time::Duration;

use sca_core::Screen;
use sca_model::{Action, Awaited, Expect, Show, Step};
use sca_protocol::screens::ScreenName;

use super::state::{Op, Script};
use crate::lanes::Lanes;
use crate::matching::Mismatch;
use crate::time_format::stamp;
use crate::verdict::{ABOVE, Failure, Fix};
use crate::{matching, transcript};

/// Screens that are remembered.
const SCREENS_MAX: usize = 64;

/// Whether a screen asks something of the cardholder, or lets them do something.
pub fn asks(screen: ScreenName) -> bool {
    use ScreenName::{Authorising, CardEntry, Keying, Pairing, Pin, Prompt, RemoveCard, Tender};
    matches!(screen, Prompt | Tender | CardEntry | Keying | Pin | Pairing | Authorising | RemoveCard)
}

impl Script {
    /// A screen is shown from now on.
    pub fn sees(&mut self, at: Duration, who: usize, screen: Screen) {
        if self.screens.len() == SCREENS_MAX {
            self.screens.pop_front();
        }
        self.screens.push_back((at, who, screen));
    }

    /// Whether every line is done.
    pub fn is_done(&self) -> bool {
        self.ops.is_empty()
    }

    /// The failure for an observation that is not the one expected.
    pub fn other(&self, step: &Step, mismatch: &Mismatch, came: &str) -> Box<Failure> {
        let is_link = matches!(&step.action, Action::Expect(expect) if matches!(expect.awaited, Awaited::Link(_)));
        let headline = if is_link { "unexpected event" } else { "unexpected message" };
        let mut failure = self.failure(step, headline, mismatch.label.clone(), vec![came.to_owned()]);
        failure.span = mismatch.span.unwrap_or(failure.span);
        failure.fix = mismatch.fix_of(step.span);
        failure
    }

    /// The same, with what lanes say of it: its place, and the line that would list it where no line does.
    pub fn another(
        &self,
        step: &Step,
        expect: &Expect,
        mismatch: &Mismatch,
        came: &str,
        lanes: &Lanes,
    ) -> Box<Failure> {
        let mut failure = self.other(step, mismatch, came);
        failure.seen = lanes.next_sequence(&expect.awaited);
        failure.notes.extend(self.passed.iter().map(|(what, _, last)| format!("before: {what}, at {}", stamp(*last))));
        let is_answer = matches!(expect.awaited, Awaited::ToPos(_));
        let front = lanes.data.front().filter(|_| is_answer);
        let answered = front.and_then(|observed| self.names.label_of(expect.who, observed.what.answers?));
        let wanted = expect.suffix.re.as_ref().map(|(label, _)| label.as_str());
        if let Some(label) = answered.filter(|label| wanted.is_some_and(|wanted| wanted != *label)) {
            let line = lanes.unread_line(|id| self.names.label_of(expect.who, id));
            match (self.reads_later(label), line) {
                (Some(line), _) => failure.notes.push(format!("line {line} reads the answer to `{label}` later")),
                (None, Some(line)) => {
                    failure.notes.push(format!("no line expects the answer to `{label}`; this one would: {line}"));
                    failure.fix = Some(Fix { span: step.span, from: ABOVE.to_owned(), text: line });
                }
                (None, None) => {}
            }
        }
        failure
    }

    /// The line further down that reads the answer to a request.
    fn reads_later(&self, label: &str) -> Option<u32> {
        let reads = |step: &Step| match &step.action {
            Action::Expect(expect) => expect.suffix.re.as_ref().is_some_and(|(re, _)| re == label),
            _ => false,
        };
        self.ops.iter().find_map(|op| match op {
            Op::Step(step) if reads(step) => Some(step.span.line),
            Op::Any(steps) => steps.iter().find(|step| reads(step)).map(|step| step.span.line),
            Op::Optional(steps) => steps.iter().find(|step| reads(step)).map(|step| step.span.line),
            Op::Either(branches) => branches.iter().flatten().find(|step| reads(step)).map(|step| step.span.line),
            _ => None,
        })
    }

    /// What the screen tells about a wait that ended without what was waited for.
    fn told_by_screens(&self, expect: &Expect) -> Option<String> {
        let mine: Vec<_> = self.screens.iter().filter(|(_, who, _)| *who == expect.who).collect();
        let (since, _, now) = mine.last()?;
        if let Awaited::Show(show @ Show::Screen { name: Some(wanted), .. }) = &expect.awaited {
            let until = |at: usize| mine.get(at + 1).map(|(at, ..)| *at);
            let is_over = |at: usize| until(at).is_some_and(|until| until <= self.since);
            let fits = |at: usize| matching::screen_matches(show, &mine[at].2, &self.names).is_ok();
            let named: Vec<usize> = (0..mine.len()).rev().filter(|at| mine[*at].2.name == *wanted).collect();
            let newest = *named.first()?;
            let met = named.iter().copied().find(|at| is_over(*at) && fits(*at)).filter(|_| is_over(newest));
            if let Some(at) = met {
                let at = stamp(mine[at].0);
                return Some(format!("{wanted} was shown at {at}, and over before this line; put the line further up"));
            }
            let (from, line) = (stamp(mine[newest].0), transcript::screen_line(&mine[newest].2));
            return Some(match until(newest) {
                Some(until) => format!("{wanted} was shown from {from} until {}: {line}", stamp(until)),
                None => format!("{wanted} is shown since {from}: {line}"),
            });
        }
        let (now, is_link) = (now.name, matches!(expect.awaited, Awaited::Link(_)));
        asks(now)
            .then(|| format!("the screen is {now} since {}, and nobody does anything there", stamp(*since)))
            .or_else(|| is_link.then(|| format!("the screen is {now} since {}", stamp(*since))))
    }

    /// The failure of a line that nothing matched before its deadline.
    pub fn nothing(&self, step: &Step, expect: &Expect, to: Duration, seen: Option<Mismatch>) -> Box<Failure> {
        let headline = match &expect.awaited {
            Awaited::ToPos(_) => "no message came in time",
            Awaited::ToBroker(_) => "the broker heard nothing of the kind in time",
            Awaited::ToProxy(_) => "the proxy heard nothing of the kind in time",
            Awaited::ToHost(..) => "the host heard nothing of the kind in time",
            Awaited::Link(_) => "the link did not do this in time",
            Awaited::Show(_) => "this was not shown in time",
        };
        // What came while the line was current says more than what is there when its time is over.
        let near = self.near.clone().or(seen);
        let label = near.as_ref().map_or("waited for this", |near| near.label.as_str()).to_owned();
        let mut notes = vec![format!("waited until {}", stamp(to))];
        let is_link = matches!(expect.awaited, Awaited::Link(_));
        let telling = |what: &str| !is_link || what != "it attempts";
        notes.extend(self.passed.iter().filter(|(what, _, _)| telling(what)).map(|(what, times, last)| {
            let often = if *times == 1 { String::new() } else { format!("{times} times, last ") };
            format!("instead: {what}, {often}at {}", stamp(*last))
        }));
        notes.extend(self.idle_act.as_ref().map(|(at, what)| format!("nothing came of `{what}` at {}", stamp(*at))));
        let asked = expect.suffix.re.as_ref().and_then(|(label, _)| Some((label, self.names.unheard.get(label)?)));
        notes.extend(
            asked.map(|(label, at)| format!("`{label}` was sent at {}, while nobody was connected", stamp(*at))),
        );
        notes.extend(expect.suffix.re.as_ref().and_then(|(label, _)| self.names.astray.get(label).cloned()));
        notes.extend(self.told_by_screens(expect));
        let mut failure = self.failure(step, headline, label, notes);
        failure.span = near.as_ref().and_then(|near| near.span).unwrap_or(failure.span);
        failure.fix = near.and_then(|near| near.fix_of(step.span));
        failure
    }

    /// A failure at a line, with notes that say where the run stands.
    pub fn failure(&self, step: &Step, headline: &str, label: impl Into<String>, notes: Vec<String>) -> Box<Failure> {
        let mut failure = Failure::at(step.span, headline).label(label.into());
        failure.notes = notes;
        failure.called = step.called;
        Box::new(failure)
    }
}
