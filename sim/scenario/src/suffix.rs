//! Parser of the suffixes of a statement: time limit, exactness, labels and clauses.

use sca_protocol::settings::span as read_span;

use crate::cursor::{Cursor, SUFFIXES, range};
use crate::names::Names;
use sca_model::{Problem, Span};
use sca_model::{Suffix, Within};

/// The suffixes allowed after an observation that is not a message to the POS.
pub(crate) const SEEN: &[&str] = &["within", "as", "covers"];
/// Parses the suffixes of a statement and rejects those that are not `allowed` there.
pub(crate) fn only(cursor: &mut Cursor<'_>, names: &Names<'_>, allowed: &[&str]) -> Result<Suffix, Problem> {
    let places: Vec<Option<Span>> = SUFFIXES.iter().map(|word| cursor.span_of(word)).collect();
    let suffix = suffixes(cursor, names)?;
    let used = [
        (suffix.after_failures, "after"),
        (suffix.within.is_some(), "within"),
        (suffix.exactly, "exactly"),
        (suffix.bytes, "bytes"),
        (suffix.label.is_some(), "as"),
        (suffix.re.is_some(), "re"),
        (!suffix.covers.is_empty(), "covers"),
    ];
    match used.iter().find(|(used, word)| *used && !allowed.contains(word)) {
        None => Ok(suffix),
        Some((_, word)) => {
            let place = SUFFIXES.iter().position(|w| w == word).and_then(|at| places[at]).unwrap_or(cursor.whole());
            let problem = Problem::new("E014", place, format!("`{word}` is not allowed here"));
            let known = allowed.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
            Err(if known.is_empty() { problem } else { problem.help(format!("allowed here: {known}")) })
        }
    }
}

/// Parses all suffixes of a statement.
pub(crate) fn suffixes(cursor: &mut Cursor<'_>, names: &Names<'_>) -> Result<Suffix, Problem> {
    let mut suffix = Suffix::default();
    let mut seen: Vec<&str> = Vec::new();
    loop {
        if let Some(word) = cursor.peek().filter(|word| SUFFIXES.contains(word)) {
            if seen.contains(&word) {
                return Err(Problem::new("E014", cursor.next_span(), format!("`{word}` is given twice")));
            }
            seen.push(word);
        }
        match cursor.peek() {
            Some("after") => {
                cursor.take("after");
                cursor.demand("failures")?;
                suffix.after_failures = true;
            }
            Some("within") => suffix.within = Some(within(cursor)?),
            Some("exactly") => suffix.exactly = cursor.take("exactly"),
            Some("bytes") => suffix.bytes = cursor.take("bytes"),
            Some("as") => {
                cursor.take("as");
                suffix.label = Some(cursor.word("a label")?.text.clone());
            }
            Some("re") => {
                cursor.take("re");
                let word = cursor.word("a label")?;
                suffix.re = Some((word.text.clone(), word.span));
            }
            Some("covers") => {
                cursor.take("covers");
                suffix.covers = covers(cursor, names)?;
            }
            _ => return Ok(suffix),
        }
    }
}

fn within(cursor: &mut Cursor<'_>) -> Result<Within, Problem> {
    cursor.take("within");
    let text = cursor.peek().unwrap_or_default();
    let is_window = text.contains("..");
    let span = cursor.next_span();
    let (from, to) = cursor.time("a duration, or a window such as 2s..4s", |t| range(t, read_span))?;
    if from > to {
        return Err(Problem::new("E030", span, "the window ends before it begins"));
    }
    let of = if cursor.take("of") { Some(cursor.word("a label")?.text.clone()) } else { None };
    Ok(Within { from: is_window.then_some(from), to, of })
}

fn covers(cursor: &mut Cursor<'_>, names: &Names<'_>) -> Result<Vec<String>, Problem> {
    let mut ids = Vec::new();
    while let Some(word) = cursor.peek().filter(|w| !SUFFIXES.contains(w)) {
        if !names.clauses.is_empty() && !names.clauses.contains(&word) {
            let problem = Problem::new("E053", cursor.next_span(), format!("there is no clause `{word}`"));
            return Err(problem.suggest(word, names.clauses.iter().copied()));
        }
        ids.push(word.to_owned());
        cursor.word("a clause")?;
    }
    if ids.is_empty() {
        return Err(Problem::new("E012", cursor.next_span(), "a clause is missing").label("expected here"));
    }
    Ok(ids)
}
