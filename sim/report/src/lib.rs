//! Reports of a run: for people, with a caret under the word, and for machines.

pub mod conformance;
mod diagnostics;
mod document;
mod error;
mod explained;
mod junit;
mod line_formats;
mod markdown;
mod merge;
mod page;
mod side_by_side;
mod trace;
mod version;

pub use diagnostics::{Painter, failure, problem};
pub use document::{Document, File, REPORT_VERSION, ReportedFailure, Row, RunInfo, Summary, Unread};
pub use error::{MergeError, ReadError, WriteError};
pub use explained::explained;
pub use junit::junit;
pub use line_formats::{github, json_lines, json_lines_begin, json_lines_of, tap};
pub use markdown::markdown;
pub(crate) use page::fill_page;
pub use side_by_side::sides;
pub use trace::trace_page;
pub(crate) use version::is_of_version;

use sca_protocol::plain::shown;

use sca_suite::FileResult;

/// The report formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// JUnit XML.
    Junit,
    /// One JSON document.
    Json,
    /// One JSON object per line.
    JsonLines,
    /// GitHub annotations.
    Github,
    /// A page of Markdown.
    Markdown,
    /// The Test Anything Protocol.
    Tap,
}

/// The name of each format on the command line.
pub const KINDS: &[(&str, Kind)] = &[
    ("junit", Kind::Junit),
    ("json", Kind::Json),
    ("jsonl", Kind::JsonLines),
    ("github", Kind::Github),
    ("markdown", Kind::Markdown),
    ("tap", Kind::Tap),
];

/// The report of a run in one format.
///
/// # Errors
/// The error of the format's writer; does not occur in practice.
pub fn report(document: &Document, kind: Kind) -> Result<String, WriteError> {
    match kind {
        Kind::Junit => Ok(junit(document)?),
        Kind::Json => Ok(document.to_json()?),
        Kind::JsonLines => Ok(json_lines(document)),
        Kind::Github => Ok(github(document)),
        Kind::Markdown => Ok(shown(&markdown(document)).into_owned()),
        Kind::Tap => Ok(shown(&tap(document)).into_owned()),
    }
}

/// Counts of files and rows by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files that were played.
    pub files: usize,
    /// Rows that were played.
    pub rows: usize,
    /// Rows that passed.
    pub passed: usize,
    /// Rows that failed as expected.
    pub expected_failures: usize,
    /// Rows that failed, passed unexpectedly or ended in an error.
    pub failed: usize,
    /// Rows that cannot be played in this world.
    pub inapplicable: usize,
    /// Files that are not valid.
    pub invalid: usize,
    /// Files whose transcript differs from their snapshot.
    pub changed: usize,
    /// Snapshots that were written.
    pub updated: usize,
    /// Files without a snapshot.
    pub without_snapshot: usize,
}

impl Tally {
    /// Counts the results.
    #[must_use]
    pub fn of<'a>(results: impl IntoIterator<Item = &'a FileResult>) -> Self {
        let mut tally = Self::default();
        for result in results {
            use sca_judge::verdict::Verdict;
            use sca_suite::Snapshot;
            tally.files += usize::from(!result.rows.is_empty());
            tally.invalid += usize::from(result.loaded.scenario.is_err());
            tally.changed += usize::from(matches!(result.snapshot, Snapshot::Differs { .. }));
            tally.updated += usize::from(result.snapshot == Snapshot::Updated);
            tally.without_snapshot += usize::from(result.snapshot == Snapshot::Missing);
            tally.rows += result.rows.len();
            for row in &result.rows {
                match row.verdict {
                    Verdict::Pass => tally.passed += 1,
                    Verdict::ExpectedFail(_) => tally.expected_failures += 1,
                    Verdict::Inapplicable(_) => tally.inapplicable += 1,
                    Verdict::Fail(_) | Verdict::UnexpectedPass | Verdict::Error(_) | Verdict::CannotRun(_) => {
                        tally.failed += 1;
                    }
                }
            }
        }
        tally
    }
}
