//! The results of a run as one JSON document: stable, versioned, and complete enough to derive every other report
//! from it later, also from several runs merged. Described in `sim/docs/json.md`.

mod gather;

use crate::error::ReadError;
use sca_suite::known_failures::KnownFailureResult;
use sca_suite::origin::Origin;
use serde::{Deserialize, Serialize};

/// The version of the document. It changes when a field changes its meaning or is removed; fields may be added
/// without a change. Since version 2, expected failures are not counted as passed.
pub const REPORT_VERSION: u32 = 2;

/// The results of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// [`REPORT_VERSION`].
    pub version: u32,
    /// The program that wrote it, with its version.
    pub tool: String,
    /// `memory` or `wire`.
    pub world: String,
    /// The seed, if one was given for all scenarios.
    pub seed: Option<u64>,
    /// The part of the run that was played, as `i/n`; `None` for a whole run.
    pub shard: Option<String>,
    /// The identity of the run that parts belong to; `None` in documents of older versions.
    #[serde(default)]
    pub origin: Option<Origin>,
    /// The date used to judge headers and the ledger, if one of them names a date.
    #[serde(default)]
    pub today: Option<String>,
    /// Parts that were missing from a merge.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Files that were not played to their end, because another had failed or the run was interrupted.
    #[serde(default)]
    pub not_begun: Vec<String>,
    /// The signal that interrupted the run, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<String>,
    /// Files that could not be read.
    #[serde(default)]
    pub unreadable: Vec<Unread>,
    /// The entries of the ledger, with what became of them.
    #[serde(default)]
    pub ledger: Vec<KnownFailureResult>,
    /// The counts.
    pub summary: Summary,
    /// The files that were played.
    pub files: Vec<File>,
}

/// The counts of a run: files, and rows by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Files that were considered.
    pub files: usize,
    /// Rows that passed.
    pub passed: usize,
    /// Rows that failed as their header or the ledger says.
    #[serde(default)]
    pub expected_failures: usize,
    /// Rows that failed, passed unexpectedly or ended in an error.
    pub failed: usize,
    /// Rows that cannot be played in this world.
    pub inapplicable: usize,
    /// Files that are not valid.
    pub invalid: usize,
    /// Files whose transcript differs from their snapshot.
    pub changed: usize,
    /// Rows, among those that failed, for which something outside the harness was missing.
    #[serde(default)]
    pub cannot_run: usize,
    /// Files that could not be read.
    #[serde(default)]
    pub unreadable: usize,
    /// Files that were not played to their end.
    #[serde(default)]
    pub not_begun: usize,
    /// Parts that were missing from a merge.
    #[serde(default)]
    pub missing: usize,
    /// Stale entries of the ledger.
    #[serde(default)]
    pub stale: usize,
}

/// The results of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its path, as it was given.
    pub path: String,
    /// Its title; `None` if the file is not valid.
    pub title: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The clauses it covers.
    pub clauses: Vec<String>,
    /// The seed it was played with.
    pub seed: u64,
    /// The command that replays it.
    pub replay: String,
    /// `same`, `missing`, `differs`, `updated` or `not-compared`.
    pub snapshot: String,
    /// How the transcript differs from the snapshot, line by line.
    pub difference: Option<String>,
    /// Why the new transcript was not written for review, if it was not.
    #[serde(default)]
    pub not_left: Option<String>,
    /// The problems found in it.
    pub problems: Vec<Problem>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A problem found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Its code, for `sca-sim explain`.
    pub code: String,
    /// The file it is in: the scenario's, or a library's.
    pub path: String,
    /// The line, starting at 1.
    pub line: u32,
    /// The character, from 1.
    pub column: u32,
    /// The message.
    pub message: String,
    /// A hint how to fix it, if there is one.
    pub help: Option<String>,
    /// The problem as shown to people, with the line and a caret.
    pub shown: String,
}

/// The result of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Names and values of its `each`.
    pub values: Vec<(String, String)>,
    /// `pass`, `fail`, `expected-fail`, `unexpected-pass`, `inapplicable` or `error`.
    pub verdict: String,
    /// The assumptions that the terminal's answers rested on.
    pub assumptions: Vec<String>,
    /// Scenario time from start to end, in milliseconds.
    pub lasted_ms: u64,
    /// Why it failed, or why it cannot be played.
    pub failure: Option<ReportedFailure>,
    /// Why the harness could not play it.
    pub error: Option<String>,
    /// Whether something outside the harness was missing.
    #[serde(default)]
    pub cannot_run: bool,
    /// A remark: that the simulated terminal fails the scenario which the one under test passed.
    #[serde(default)]
    pub note: Option<String>,
}

/// A failure with its place and explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedFailure {
    /// The file it is in: the scenario's, or a library's.
    pub path: String,
    /// The line, starting at 1.
    pub line: u32,
    /// The character, from 1.
    pub column: u32,
    /// The message.
    pub message: String,
    /// The text under the caret.
    pub label: String,
    /// Further notes.
    pub notes: Vec<String>,
    /// The failure as shown to people, with the line and a caret.
    pub shown: String,
}

/// How a run was played; the data of its document beside the results.
#[derive(Debug, Clone, Default)]
pub struct RunInfo {
    /// `memory` or `wire`.
    pub world: String,
    /// The seed, if one was given for all scenarios.
    pub seed: Option<u64>,
    /// The part of the run that was played, as `i/n`.
    pub shard: Option<String>,
    /// The identity of the run that parts belong to; `None` in documents of older versions.
    pub origin: Option<Origin>,
    /// The date used to judge headers and the ledger, if one of them names a date.
    pub today: Option<String>,
    /// Files that were not played to their end, because another had failed or the run was interrupted.
    pub not_begun: Vec<String>,
    /// The signal that interrupted the run, if one did.
    pub interrupted: Option<String>,
    /// Files that could not be read.
    pub unreadable: Vec<Unread>,
    /// The entries of the ledger, with what became of them.
    pub ledger: Vec<KnownFailureResult>,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Its path.
    pub path: String,
    /// The error message of the system.
    pub error: String,
}

/// A problem of a run that does not belong to a row.
pub(crate) struct Trouble {
    pub(crate) path: Option<String>,
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) shown: String,
}

impl Row {
    /// Whether it makes the run fail.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        matches!(self.verdict.as_str(), "fail" | "unexpected-pass" | "error")
    }

    /// Its values as `a=1, b=2`.
    #[must_use]
    pub fn shown_values(&self) -> String {
        sca_model::shown_values(&self.values)
    }
}

impl File {
    /// The name of a row: the title, with the row's values.
    #[must_use]
    pub fn name_of(&self, row: &Row) -> String {
        let title = self.title.as_deref().unwrap_or(&self.path);
        let values = row.shown_values();
        if values.is_empty() { title.to_owned() } else { format!("{title} ({values})") }
    }

    /// Whether it makes the run fail.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        !self.problems.is_empty() || self.snapshot == "differs" || self.rows.iter().any(Row::is_bad)
    }
}

impl Document {
    /// The stale entries of the ledger: those that are over, and after a whole run those that nothing needs.
    #[must_use]
    pub fn stale(&self) -> Vec<String> {
        let asks = self.origin.as_ref().is_none_or(|origin| origin.is_all);
        let lacks = self.missing.len() + self.not_begun.len() + self.unreadable.len();
        let is_whole = self.shard.is_none() && lacks == 0;
        self.ledger.iter().filter(|_| asks).filter_map(|known| known.stale(is_whole)).collect()
    }

    /// The problems that every report lists beside the files.
    pub(crate) fn troubles(&self) -> Vec<Trouble> {
        let plain = |name: String, message: String, shown: String| Trouble { path: None, name, message, shown };
        let mut all: Vec<Trouble> = Vec::new();
        all.extend(self.unreadable.iter().map(|one| Trouble {
            path: Some(one.path.clone()),
            name: "readable".to_owned(),
            message: "the scenario could not be read".to_owned(),
            shown: one.error.clone(),
        }));
        all.extend(self.missing.iter().map(|part| {
            plain(format!("part {part}"), format!("part {part} is missing: its results are unknown"), String::new())
        }));
        if !self.not_begun.is_empty() {
            let count = self.not_begun.len();
            let message = match &self.interrupted {
                Some(signal) => format!("{count} of the scenarios were not completed: interrupted by {signal}"),
                None => format!("{count} of the scenarios were not played, because another had failed"),
            };
            all.push(plain("every scenario was begun".to_owned(), message, self.not_begun.join("\n")));
        }
        all.extend(
            self.stale()
                .into_iter()
                .map(|why| plain("the ledger".to_owned(), format!("stale ledger entry: {why}"), String::new())),
        );
        all
    }

    /// The document as JSON.
    ///
    /// # Errors
    /// The error of the JSON writer; does not occur in practice.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        sca_judge::mask::mask_texts(&mut value);
        Ok(format!("{value:#}\n"))
    }

    /// Reads a document.
    ///
    /// # Errors
    /// The text is not a valid document, or its version is unknown.
    pub fn from_json(text: &str) -> Result<Self, ReadError> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        super::version::is_of_version(&value, REPORT_VERSION)?;
        Ok(serde_json::from_value(value)?)
    }
}

impl Summary {
    pub(super) fn of(document: &Document) -> Self {
        let files = &document.files;
        let rows = || files.iter().flat_map(|file| &file.rows);
        let of_verdict = |word: &str| rows().filter(|row| row.verdict == word).count();
        Self {
            files: files.len(),
            passed: of_verdict("pass"),
            expected_failures: of_verdict("expected-fail"),
            failed: rows().filter(|row| row.is_bad()).count(),
            inapplicable: of_verdict("inapplicable"),
            invalid: files.iter().filter(|file| !file.problems.is_empty()).count(),
            changed: files.iter().filter(|file| file.snapshot == "differs").count(),
            cannot_run: rows().filter(|row| row.cannot_run).count(),
            unreadable: document.unreadable.len(),
            not_begun: document.not_begun.len(),
            missing: document.missing.len(),
            stale: document.stale().len(),
        }
    }

    /// Whether everything that was to be played was played.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unreadable + self.not_begun + self.missing == 0
    }

    /// Whether the run passed: complete, and without a failure.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.is_complete() && !self.is_bad()
    }

    fn is_bad(&self) -> bool {
        self.failed + self.invalid + self.changed + self.stale > 0
    }

    /// The outcome of the run in a word or two.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        match (self.is_bad(), self.is_complete()) {
            (false, true) if self.files == 0 => "had nothing to play",
            (false, true) => "passed",
            (false, false) => "incomplete",
            (true, true) => "failed",
            (true, false) => "failed, incomplete",
        }
    }
}
