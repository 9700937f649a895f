//! A document made of the results of a run.

use super::super::diagnostics::{Painter, failure, problem};
use super::{Document, File, Problem, REPORT_VERSION, ReportedFailure, Row, RunInfo, Summary};
use sca_judge::verdict::{Failure, Verdict};
use sca_suite::{FileResult, Snapshot, difference};
use sca_world::played::Played;

impl Document {
    /// Creates the document of a run. `replay` returns the command that replays a file.
    #[must_use]
    pub fn new(results: &[&FileResult], about: RunInfo, replay: impl Fn(&FileResult) -> String) -> Self {
        let files = results.iter().map(|result| file(result, about.seed, replay(result))).collect();
        let mut document = Self {
            version: REPORT_VERSION,
            tool: concat!("sca-sim ", env!("CARGO_PKG_VERSION")).to_owned(),
            world: about.world,
            seed: about.seed,
            shard: about.shard,
            origin: about.origin,
            today: about.today,
            missing: Vec::new(),
            not_begun: about.not_begun,
            interrupted: about.interrupted,
            unreadable: about.unreadable,
            ledger: about.ledger,
            summary: Summary::default(),
            files,
        };
        document.summary = Summary::of(&document);
        document
    }
}

fn file(result: &FileResult, seed: Option<u64>, replay: String) -> File {
    let scenario = result.loaded.scenario.as_ref().ok();
    let plain = Painter { colours: false };
    let problems = result.problems().iter().map(|p| Problem {
        code: p.code.to_owned(),
        path: path_of(result, p.span.file),
        line: p.span.line,
        column: p.span.column,
        message: p.message.clone(),
        help: p.help.clone(),
        shown: problem(plain, &result.loaded.texts, p),
    });
    File {
        path: result.loaded.path.display().to_string(),
        title: scenario.map(|s| s.title.clone()),
        tags: scenario.map_or_else(Vec::new, |s| s.header.tags.clone()),
        clauses: scenario.map_or_else(Vec::new, |s| s.covers().into_iter().collect()),
        seed: seed.or_else(|| scenario.and_then(|s| s.header.seed)).unwrap_or(1),
        snapshot: match result.snapshot {
            Snapshot::Same => "same",
            Snapshot::Missing => "missing",
            Snapshot::Differs { .. } => "differs",
            Snapshot::Updated => "updated",
            Snapshot::NotCompared => "not-compared",
            Snapshot::Unreadable(_) => "unreadable",
        }
        .to_owned(),
        difference: match &result.snapshot {
            Snapshot::Differs { kept, new } => Some(difference(kept, new)),
            _ => None,
        },
        not_left: result.not_left.clone(),
        problems: problems.collect(),
        rows: result.rows.iter().map(|row| played(result, row, &replay)).collect(),
        replay,
    }
}

fn path_of(result: &FileResult, file: u16) -> String {
    result.loaded.texts.get(usize::from(file)).map_or_else(String::new, |(path, _)| path.display().to_string())
}

fn played(result: &FileResult, row: &Played, replay: &str) -> Row {
    let why = match &row.verdict {
        Verdict::Fail(why) | Verdict::ExpectedFail(why) | Verdict::Inapplicable(why) => Some(why),
        _ => None,
    };
    Row {
        values: row.values.clone(),
        verdict: row.verdict.word().to_owned(),
        assumptions: row.assumed.iter().map(|id| (*id).to_owned()).collect(),
        lasted_ms: u64::try_from(row.lasted.as_millis()).unwrap_or(u64::MAX),
        failure: why.map(|why| reported(result, why, &format!("{replay}{}", row.row_arguments()))),
        error: match &row.verdict {
            Verdict::Error(why) | Verdict::CannotRun(why) => Some(why.clone()),
            _ => None,
        },
        cannot_run: matches!(row.verdict, Verdict::CannotRun(_)),
        note: row.model.clone(),
    }
}

fn reported(result: &FileResult, why: &Failure, replay: &str) -> ReportedFailure {
    ReportedFailure {
        path: path_of(result, why.span.file),
        line: why.span.line,
        column: why.span.column,
        message: why.headline.clone(),
        label: why.label.clone(),
        notes: why.notes.clone(),
        shown: failure(Painter { colours: false }, &result.loaded, why, replay),
    }
}
