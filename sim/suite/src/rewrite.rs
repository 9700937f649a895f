//! Rewriting of expectations in place, so that they match what was observed: one word at a time, all else unchanged.

use std::path::Path;

use sca_judge::verdict::{ABOVE, BELOW, Failure, Fix, Verdict};
use sca_model::Problem;
use sca_model::Scenario;
use sca_world::played::Played;

/// One line that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The line, from 1.
    pub line: u32,
    /// The line before.
    pub before: String,
    /// The line after.
    pub after: String,
}

/// The result of rewriting a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The whole new text.
    pub text: String,
    /// The rewritten lines, in the order of the file.
    pub changes: Vec<Change>,
    /// The remaining failure, which no single change of a line fixes.
    pub left: Option<Box<Failure>>,
    /// Warnings that must be fixed first; if there are any, nothing was rewritten.
    pub slips: Vec<Problem>,
}

/// The most changes in one file; a scenario that needs more expects something entirely different.
const CHANGES_MAX: usize = 200;

/// Rewrites the expectations of a scenario until it passes, or until a failure remains that no change of a word fixes.
/// `None` for a text that is not a valid scenario.
#[must_use]
pub fn rewrite(
    path: &Path,
    text: &str,
    clauses: &[&'static str],
    play: &dyn Fn(&Scenario) -> Vec<Played>,
) -> Option<Rewritten> {
    let scenario = sca_files::read(path, text.to_owned(), clauses).scenario.ok()?;
    // A typo in a request that is written into the expected answers would become a test that proves the typo.
    let slips: Vec<Problem> =
        sca_scenario::warnings(&scenario).into_iter().filter(|slip| slip.code == "W008").collect();
    if !slips.is_empty() {
        return Some(Rewritten { text: text.to_owned(), changes: Vec::new(), left: None, slips });
    }
    let mut now = text.to_owned();
    let mut places = Vec::new();
    let mut left = None;
    while places.len() < CHANGES_MAX {
        let scenario = sca_files::read(path, now.clone(), clauses).scenario.ok()?;
        let rows = play(&scenario);
        let failed = rows.into_iter().find_map(|row| match row.verdict {
            Verdict::Fail(failure) => Some(failure),
            _ => None,
        });
        let Some(failure) = failed else { break };
        let place = (failure.span.line, failure.span.column, failure.fix.as_ref().map(|fix| fix.from.clone()));
        if let Some((_, before)) = places.iter().find(|(done, _)| *done == place) {
            // Rows contradict each other: a value that one of them expects is wrong for another.
            now = String::clone(before);
            left = Some(failure);
            break;
        }
        let mended = failure.fix.as_ref().and_then(|fix| mend(&now, fix));
        let is_valid = |text: &String| sca_files::read(path, text.clone(), clauses).scenario.is_ok();
        let Some(mended) = mended.filter(is_valid) else {
            left = Some(failure);
            break;
        };
        places.push((place, std::mem::replace(&mut now, mended)));
    }
    Some(Rewritten { changes: changes(text, &now), text: now, left, slips })
}

/// The lines in which two texts differ.
fn changes(before: &str, after: &str) -> Vec<Change> {
    let diff = similar::TextDiff::from_lines(before, after);
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let ops = diff.ops().iter().filter(|op| !matches!(op, similar::DiffOp::Equal { .. }));
    let mut found = Vec::new();
    for op in ops {
        let (old, new) = (&old[op.old_range()], &new[op.new_range()]);
        for at in 0..old.len().max(new.len()) {
            let line = |lines: &[&str]| lines.get(at).map_or_else(String::new, |line| line.trim().to_owned());
            let number = u32::try_from(op.new_range().start + at + 1).unwrap_or(u32::MAX);
            found.push(Change { line: number, before: line(old), after: line(new) });
        }
    }
    found
}

/// The text with one word replaced, or with one line inserted. Lines of a library and values that a row inserts are not
/// changed, since other runs use them too.
fn mend(text: &str, fix: &Fix) -> Option<String> {
    if fix.span.file != 0 || fix.span.line == 0 {
        return None;
    }
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    if matches!(fix.from.as_str(), BELOW | ABOVE) {
        let at = fix.span.line as usize - 1;
        let beside = lines.get(at)?;
        let indent = beside.len() - beside.trim_start().len();
        let new = format!("{}{}", " ".repeat(indent), fix.text);
        // Deeper-indented lines, such as a document, belong to the line above them.
        let deeper = |line: &&String| line.trim().is_empty() || line.len() - line.trim_start().len() > indent;
        let below = at + 1 + lines[at + 1..].iter().take_while(deeper).count();
        let below = (at + 1..=below).rev().find(|at| !lines[at - 1].trim().is_empty()).unwrap_or(at + 1);
        lines.insert(if fix.from == BELOW { below } else { at }, new);
        return Some(lines.join("\n"));
    }
    let line = lines.get_mut(fix.span.line as usize - 1)?;
    let chars: Vec<char> = line.chars().collect();
    let from = (fix.span.column as usize).checked_sub(1)?;
    let to = (from + fix.span.length as usize).min(chars.len());
    let old: String = chars.get(from..to)?.iter().collect();
    let new = match fix.from.as_str() {
        "" => fix.text.clone(),
        word => {
            let mut words: Vec<&str> = old.split(' ').collect();
            *words.iter_mut().find(|other| **other == word)? = &fix.text;
            words.join(" ")
        }
    };
    if old.contains("{{") {
        return None;
    }
    *line = chars[..from].iter().chain(new.chars().collect::<Vec<_>>().iter()).chain(&chars[to..]).collect();
    Some(lines.join("\n"))
}
