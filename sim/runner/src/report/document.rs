//! What a run came to as one document: stable, versioned, and enough to make every other report of, also much later and
//! of several runs at once. `sim/docs/json.md` describes it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Painter, failure, problem};
use crate::suite::{FileResult, Snapshot, difference};
use crate::verdict::{Failure, Played, Verdict};

/// The version of the document. It changes when a field changes its meaning or goes away; fields may be added.
pub const REPORT_VERSION: u32 = 1;

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// [`REPORT_VERSION`].
    pub version: u32,
    /// Who wrote it, with its version.
    pub tool: String,
    /// `memory` or `wire`.
    pub world: String,
    /// The seed, where one was given for all.
    pub seed: Option<u64>,
    /// Which part of a whole was played, as `i/n`; none for all of it.
    pub shard: Option<String>,
    /// The numbers.
    pub summary: Summary,
    /// Every file.
    pub files: Vec<File>,
}

/// The numbers of a run: files, and rows by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Files that were looked at.
    pub files: usize,
    /// Rows that passed, or failed as their header says.
    pub passed: usize,
    /// Rows that failed, passed unexpectedly or met an error.
    pub failed: usize,
    /// Rows that cannot be played in this world.
    pub inapplicable: usize,
    /// Files that are not valid.
    pub invalid: usize,
    /// Files whose transcript differs from their snapshot.
    pub changed: usize,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its path, as it was given.
    pub path: String,
    /// Its title; none where it is not valid.
    pub title: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The clauses it covers.
    pub clauses: Vec<String>,
    /// The seed it was played with.
    pub seed: u64,
    /// The command that plays it again.
    pub replay: String,
    /// `same`, `missing`, `differs`, `updated` or `not-compared`.
    pub snapshot: String,
    /// How the transcript differs from the snapshot, line by line.
    pub difference: Option<String>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Its code, which `sca-sim explain` explains.
    pub code: String,
    /// The file it is in: the scenario's, or a library's.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The character, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The same with the line and a caret.
    pub shown: String,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Names and values of its `each`.
    pub values: Vec<(String, String)>,
    /// `pass`, `fail`, `expected-fail`, `unexpected-pass`, `inapplicable` or `error`.
    pub verdict: String,
    /// The assumptions that answers rested on.
    pub assumptions: Vec<String>,
    /// Scenario time from start to end, in milliseconds.
    pub lasted_ms: u64,
    /// Why it failed, or why it cannot be played.
    pub failure: Option<Reported>,
    /// Why the harness could not play it.
    pub error: Option<String>,
}

/// A failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// The file it is in: the scenario's, or a library's.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The character, from 1.
    pub column: u32,
    /// What went wrong.
    pub message: String,
    /// What stands under the caret.
    pub label: String,
    /// What else is known.
    pub notes: Vec<String>,
    /// The same with the line and a caret.
    pub shown: String,
}

/// How a run was played, for its document.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// `memory` or `wire`.
    pub world: String,
    /// The seed, where one was given for all.
    pub seed: Option<u64>,
    /// Which part of a whole was played.
    pub shard: Option<String>,
}

impl Row {
    /// Whether it makes a run fail.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        matches!(self.verdict.as_str(), "fail" | "unexpected-pass" | "error")
    }

    /// Its values as `a=1, b=2`.
    #[must_use]
    pub fn shown_values(&self) -> String {
        sca_scenario::model::shown_values(&self.values)
    }
}

impl File {
    /// A row's name: the title, with its values.
    #[must_use]
    pub fn name_of(&self, row: &Row) -> String {
        let title = self.title.as_deref().unwrap_or(&self.path);
        let values = row.shown_values();
        if values.is_empty() { title.to_owned() } else { format!("{title} ({values})") }
    }

    /// Whether it makes a run fail.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        !self.problems.is_empty() || self.snapshot == "differs" || self.rows.iter().any(Row::is_bad)
    }
}

impl Document {
    /// The document of a run. `replay` tells the command that plays a file again.
    #[must_use]
    pub fn new(results: &[&FileResult], about: About, replay: impl Fn(&FileResult) -> String) -> Self {
        let files: Vec<File> = results.iter().map(|result| file(result, about.seed, replay(result))).collect();
        Self {
            version: REPORT_VERSION,
            tool: concat!("sca-sim ", env!("CARGO_PKG_VERSION")).to_owned(),
            world: about.world,
            seed: about.seed,
            shard: about.shard,
            summary: Summary::of(&files),
            files,
        }
    }

    /// The document as JSON.
    ///
    /// # Errors
    /// What the writer of JSON says; in practice nothing.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        crate::cards::mask_texts(&mut value);
        Ok(format!("{value:#}\n"))
    }

    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong with it, or that it is of a version that is not known.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        crate::report::is_of_version(&value, REPORT_VERSION)?;
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    /// Which of the parts that some runs say they are of are missing.
    #[must_use]
    pub fn missing(documents: &[Self]) -> Vec<String> {
        let parts = documents.iter().filter_map(|one| one.shard.as_deref()?.split_once('/'));
        let parts: Vec<(usize, usize)> =
            parts.filter_map(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?))).collect();
        let counts: BTreeSet<usize> = parts.iter().map(|(_, count)| *count).collect();
        let missing = counts.iter().flat_map(|count| (1..=*count).map(move |index| (index, *count)));
        missing.filter(|part| !parts.contains(part)).map(|(index, count)| format!("{index}/{count}")).take(20).collect()
    }

    /// Several runs as one: their files in the order of their paths.
    ///
    /// # Errors
    /// What does not fit: a file that stands in two of them, or runs in different worlds or with different seeds.
    pub fn merge(documents: Vec<Self>) -> Result<Self, String> {
        let mut documents = documents.into_iter();
        let mut whole = documents.next().ok_or("there is nothing to merge")?;
        whole.shard = None;
        for part in documents {
            if part.world != whole.world {
                return Err(format!("one was played in {}, another in {}", whole.world, part.world));
            }
            if part.seed != whole.seed {
                return Err("they were played with different seeds".to_owned());
            }
            whole.files.extend(part.files);
        }
        whole.files.sort_by(|a, b| a.path.cmp(&b.path));
        if let Some(pair) = whole.files.windows(2).find(|pair| pair[0].path == pair[1].path) {
            return Err(format!("{} stands in two of them", pair[0].path));
        }
        whole.summary = Summary::of(&whole.files);
        Ok(whole)
    }
}

impl Summary {
    fn of(files: &[File]) -> Self {
        let rows = || files.iter().flat_map(|file| &file.rows);
        Self {
            files: files.len(),
            passed: rows().filter(|row| matches!(row.verdict.as_str(), "pass" | "expected-fail")).count(),
            failed: rows().filter(|row| row.is_bad()).count(),
            inapplicable: rows().filter(|row| row.verdict == "inapplicable").count(),
            invalid: files.iter().filter(|file| !file.problems.is_empty()).count(),
            changed: files.iter().filter(|file| file.snapshot == "differs").count(),
        }
    }

    /// Whether the run is good.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.failed + self.invalid + self.changed == 0
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
        }
        .to_owned(),
        difference: match &result.snapshot {
            Snapshot::Differs { kept, new } => Some(difference(kept, new)),
            _ => None,
        },
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
            Verdict::Error(why) => Some(why.clone()),
            _ => None,
        },
    }
}

fn reported(result: &FileResult, why: &Failure, replay: &str) -> Reported {
    Reported {
        path: path_of(result, why.span.file),
        line: why.span.line,
        column: why.span.column,
        message: why.headline.clone(),
        label: why.label.clone(),
        notes: why.notes.clone(),
        shown: failure(Painter { colours: false }, &result.loaded, why, replay),
    }
}
