//! Checks of blocks: what may be in them, and whether they can prove anything.

use std::time::Duration;

use sca_model::{Action, Problem, Span, Step};

/// The longest allowed wait: a year, after which a run ends with an error.
const WAIT_MAX: Duration = Duration::from_secs(366 * 86_400);

/// Reports a wait of a year or more.
pub(crate) fn too_long(wait: Duration, span: Span, problems: &mut Vec<Problem>) {
    if wait >= WAIT_MAX {
        problems.push(Problem::new("E030", span, "a run may last one year at most").label("longer than that"));
    }
}

/// Checks that messages sent `together`, in one segment, go to one terminal.
pub(crate) fn one_addressee(block: &[Step], problems: &mut Vec<Problem>) {
    let to = |step: &Step| match &step.action {
        Action::Send(send) => Some(send.to),
        _ => None,
    };
    let first = block.iter().find_map(to);
    if let Some(other) = block.iter().find(|step| to(step).is_some_and(|who| Some(who) != first)) {
        problems.push(Problem::new("E054", other.span, "messages sent together must go to the same terminal"));
    }
}

/// Reports a block in which no time passes.
pub(crate) fn check_time_passes(word: &str, span: Span, block: &[Step], problems: &mut Vec<Problem>) {
    fn lasts(step: &Step) -> bool {
        match &step.action {
            Action::Expect(_) | Action::Wait(_) => true,
            other => other.blocks().into_iter().flatten().any(lasts),
        }
    }
    // If some lines could not be read, the block may be incomplete.
    let is_whole = problems.iter().all(Problem::is_warning);
    if is_whole && !block.is_empty() && !block.iter().any(lasts) {
        problems.push(
            Problem::new("E052", span, format!("no time passes in this `{word}`, so it proves nothing"))
                .help("put a `wait` or an expectation into the block"),
        );
    }
}

/// Checks that a block has nothing but messages to send, or nothing but expectations.
pub(crate) fn only_of_one_kind(block: &[Step], sends: bool, problems: &mut Vec<Problem>) {
    let is_odd = |inner: &&Step| {
        matches!(inner.action, Action::Send(_)) != sends || !matches!(inner.action, Action::Send(_) | Action::Expect(_))
    };
    if let Some(odd) = block.iter().find(is_odd) {
        let what = if sends { "messages to send" } else { "expectations" };
        problems.push(Problem::new("E003", odd.span, format!("only {what} are allowed in this block")));
    }
}

/// Checks that an `either` has an `or`.
pub(crate) fn at_least_two(branches: &[Vec<Step>], span: Span, problems: &mut Vec<Problem>) {
    if branches.len() < 2 {
        problems.push(
            Problem::new("E060", span, "this `either` has no `or`")
                .help("write the other branch below it: `or` in the same column, then its lines"),
        );
    }
}

/// The position of the first line with `covers`, in blocks too.
pub(crate) fn first_cover(steps: &[Step]) -> Option<Span> {
    steps.iter().find_map(|step| match &step.action {
        Action::Expect(expect) if !expect.suffix.covers.is_empty() => Some(step.span),
        Action::Throughout(_, _, covers, _) | Action::Without(_, _, covers, _) | Action::Either(covers, _)
            if !covers.is_empty() =>
        {
            Some(step.span)
        }
        other => other.blocks().into_iter().find_map(first_cover),
    })
}
