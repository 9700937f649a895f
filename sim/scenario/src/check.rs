//! Checks of a whole timeline: its names, its end, its identities and faults, and that something is expected.

use std::collections::BTreeSet;

use sca_model::{Action, Cast, Problem, Span, Step};

use crate::check_cast::{conflicting_faults, identities, impossible_faults};
use crate::check_names::Names;

/// Checks the steps of one row. `first` is the position of the title line. Names among the `doubtful` words are not
/// reported.
pub(crate) fn steps(
    steps: &[Step],
    cast: &Cast,
    (first, doubtful): (Span, &BTreeSet<String>),
    problems: &mut Vec<Problem>,
) {
    let mut names = Names::default();
    names.walk(steps, problems);
    names.report(doubtful, problems);
    if names.expectations == 0 && problems.iter().all(Problem::is_warning) {
        problems.push(
            Problem::new("E050", first, "this scenario expects nothing, so it cannot fail")
                .help("add an expectation, for example `terminal connects`"),
        );
    }
    ends(steps, true, problems);
    identities(steps, cast, problems);
    impossible_faults(steps, cast, problems);
    conflicting_faults(steps, problems);
}

/// Checks that `end` is the last line and not in a block.
fn ends(steps: &[Step], is_top: bool, problems: &mut Vec<Problem>) {
    for (at, step) in steps.iter().enumerate() {
        let next = steps.get(at + 1);
        if matches!(step.action, Action::End) && (next.is_some() || !is_top) {
            let what = if next.is_some() { "unexpected line after `end`" } else { "`end` cannot be in a block" };
            let problem = Problem::new("E015", next.map_or(step.span, |next| next.span), what);
            problems.push(
                problem.help("`end` stops the run at once, so it is the last line; without it a run lasts 1 s more"),
            );
            return;
        }
        step.action.blocks().into_iter().for_each(|block| ends(block, false, problems));
    }
}
