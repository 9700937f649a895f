//! How a script tells what failed: what came instead, what was passed over, and what came nearest.

use std::time::Duration;

use sca_scenario::model::{Expect, Sight, Step};

use crate::look::stamp;
use crate::matching::Mismatch;
use crate::script::Script;
use crate::verdict::Failure;

impl Script {
    /// Something else came.
    pub(crate) fn other(&self, step: &Step, mismatch: &Mismatch, came: &str) -> Box<Failure> {
        let mut failure = self.failure(step, "the next one is another", mismatch.label.clone(), vec![came.to_owned()]);
        failure.span = mismatch.span.unwrap_or(failure.span);
        failure.fix = mismatch.fix_of(step.span);
        failure
    }

    pub(crate) fn nothing(&self, step: &Step, expect: &Expect, to: Duration, seen: Option<Mismatch>) -> Box<Failure> {
        let headline = match &expect.sight {
            Sight::ToPos(_) => "no message came in time",
            Sight::ToBroker(_) => "the broker heard nothing of the kind in time",
            Sight::ToProxy(_) => "the proxy heard nothing of the kind in time",
            Sight::ToHost(..) => "the host heard nothing of the kind in time",
            Sight::Link(_) => "the link did not do this in time",
            Sight::Show(_) => "this was not shown in time",
        };
        // What came while the line was current says more than what is there when its time is over.
        let near = self.near.clone().or(seen);
        let label = near.as_ref().map_or("waited for this", |near| near.label.as_str()).to_owned();
        let mut notes = vec![format!("waited until {}", stamp(to))];
        let is_link = matches!(expect.sight, Sight::Link(_));
        let telling = |what: &str| !is_link || what != "it attempts";
        notes.extend(self.passed.iter().filter(|(what, _, _)| telling(what)).map(|(what, times, last)| {
            let often = if *times == 1 { String::new() } else { format!("{times} times, last ") };
            format!("instead: {what}, {often}at {}", stamp(*last))
        }));
        notes.extend(self.idle_act.map(|at| {
            format!(
                "nothing came of what the cardholder did at {}: that card, or that way, is not taken there",
                stamp(at)
            )
        }));
        let mut failure = self.failure(step, headline, label, notes);
        failure.span = near.as_ref().and_then(|near| near.span).unwrap_or(failure.span);
        failure.fix = near.and_then(|near| near.fix_of(step.span));
        failure
    }

    pub(crate) fn failure(
        &self,
        step: &Step,
        headline: &str,
        label: impl Into<String>,
        notes: Vec<String>,
    ) -> Box<Failure> {
        let mut failure = Failure::at(step.span, headline).label(label.into());
        failure.notes = notes;
        failure.called = step.called;
        Box::new(failure)
    }
}
