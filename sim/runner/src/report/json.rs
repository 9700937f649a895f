//! Verdicts as JSON: one document, stable and versioned.

use serde::Serialize;

use super::Tally;
use crate::suite::{FileResult, Snapshot};
use crate::verdict::{Failure, Played, Verdict};

/// The version of the document. It changes when a field changes its meaning or goes away; fields may be added.
pub const JSON_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    seed: Option<u64>,
    world: &'a str,
    summary: Summary,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    passed: usize,
    failed: usize,
    inapplicable: usize,
    invalid: usize,
    changed: usize,
}

#[derive(Serialize)]
struct File<'a> {
    path: String,
    title: Option<&'a str>,
    tags: &'a [String],
    snapshot: &'a str,
    problems: Vec<Problem<'a>>,
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'a str,
    line: u32,
    column: u32,
    message: &'a str,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Row<'a> {
    values: Vec<(&'a str, &'a str)>,
    verdict: &'a str,
    assumptions: Vec<&'a str>,
    lasted_ms: u128,
    failure: Option<Reported<'a>>,
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct Reported<'a> {
    line: u32,
    column: u32,
    message: &'a str,
    label: &'a str,
    notes: &'a [String],
}

/// The document of a run. `world` is `memory` or `wire`.
///
/// # Errors
/// What the writer of JSON says; in practice nothing.
pub fn json(results: &[&FileResult], world: &str, seed: Option<u64>) -> Result<String, serde_json::Error> {
    let tally = Tally::of(results.iter().copied());
    let summary = Summary {
        files: tally.files,
        passed: tally.passed,
        failed: tally.failed,
        inapplicable: tally.inapplicable,
        invalid: tally.invalid,
        changed: tally.changed,
    };
    let files = results.iter().map(|result| file(result)).collect();
    let mut text = serde_json::to_string_pretty(&Document { version: JSON_VERSION, seed, world, summary, files })?;
    text.push('\n');
    Ok(crate::cards::masked(&text).into_owned())
}

fn file(result: &FileResult) -> File<'_> {
    let scenario = result.loaded.scenario.as_ref().ok();
    let problems = result.problems().iter().map(|p| Problem {
        code: p.code,
        line: p.span.line,
        column: p.span.column,
        message: &p.message,
        help: p.help.as_deref(),
    });
    File {
        path: result.loaded.path.display().to_string(),
        title: scenario.map(|s| s.title.as_str()),
        tags: scenario.map_or(&[], |s| &s.header.tags),
        snapshot: match result.snapshot {
            Snapshot::Same => "same",
            Snapshot::Missing => "missing",
            Snapshot::Differs { .. } => "differs",
            Snapshot::Updated => "updated",
            Snapshot::NotCompared => "not-compared",
        },
        problems: problems.collect(),
        rows: result.rows.iter().map(row).collect(),
    }
}

fn row(played: &Played) -> Row<'_> {
    let failure = match &played.verdict {
        Verdict::Fail(failure) | Verdict::ExpectedFail(failure) | Verdict::Inapplicable(failure) => Some(failure),
        _ => None,
    };
    let error = match &played.verdict {
        Verdict::Error(why) => Some(why.as_str()),
        _ => None,
    };
    Row {
        values: played.values.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect(),
        verdict: played.verdict.word(),
        assumptions: played.assumed.iter().copied().collect(),
        lasted_ms: played.lasted.as_millis(),
        failure: failure.map(|f| reported(f)),
        error,
    }
}

fn reported(failure: &Failure) -> Reported<'_> {
    Reported {
        line: failure.span.line,
        column: failure.span.column,
        message: &failure.headline,
        label: &failure.label,
        notes: &failure.notes,
    }
}
