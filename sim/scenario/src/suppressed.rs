//! Suppression of follow-up errors: names on broken lines are not reported as missing or unused, so one mistake is
//! reported once. This file knows lines and problems, but no statements.

use std::collections::BTreeSet;

use crate::tree::Line;
use sca_model::Problem;

/// The words of the lines with a problem.
pub(crate) fn words(text: &str, problems: &[Problem]) -> BTreeSet<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let lines = problems.iter().filter_map(|problem| text.lines().nth(problem.span.line as usize - 1));
    lines.flat_map(|line| line.split(|c| !is_part(c))).map(str::to_owned).collect()
}

/// Adds the words of a line that has an error, and likewise of the lines in its block.
pub(crate) fn below(line: &Line, problems: &[Problem], doubtful: &mut BTreeSet<String>) {
    let span = line.span();
    let block = line.verbatim.as_ref().map_or(0, |verbatim| verbatim.lines.len() + 1);
    let own = span.line..=span.line + u32::try_from(block).unwrap_or(0);
    let is_here = |problem: &&Problem| problem.span.file == span.file && own.contains(&problem.span.line);
    if problems.iter().filter(is_here).any(|problem| !problem.is_warning()) {
        doubtful.extend(line.words.iter().map(|word| word.text.clone()));
    }
    line.lines().for_each(|inner| below(inner, problems, doubtful));
}
