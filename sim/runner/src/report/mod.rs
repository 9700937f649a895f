//! What a run tells: to people, with a caret under the word, and to machines.

mod document;
mod explained;
mod junit;
mod lines;
mod markdown;
mod merge;
mod show;
mod sides;
mod trace;

pub use document::{About, Document, File, REPORT_VERSION, Reported, Row, Summary, Unread};
pub use explained::explained;
pub use junit::junit;
pub use lines::{github, json_lines, json_lines_begin, json_lines_of, tap};
pub use markdown::markdown;
pub use show::{Painter, failure, problem};
pub use sides::sides;
pub use trace::trace_page;

use sca_protocol::plain::shown;
use sca_scenario::Span;

use crate::files::Loaded;
use crate::suite::FileResult;

/// The kinds of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// JUnit XML.
    Junit,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    JsonLines,
    /// Annotations of GitHub.
    Github,
    /// A page of Markdown.
    Markdown,
    /// The Test Anything Protocol.
    Tap,
}

/// Every kind with its word.
pub const KINDS: &[(&str, Kind)] = &[
    ("junit", Kind::Junit),
    ("json", Kind::Json),
    ("jsonl", Kind::JsonLines),
    ("github", Kind::Github),
    ("markdown", Kind::Markdown),
    ("tap", Kind::Tap),
];

/// A report of a run.
///
/// # Errors
/// What the writer of its format says; in practice nothing.
pub fn report(document: &Document, kind: Kind) -> Result<String, String> {
    match kind {
        Kind::Junit => junit(document).map_err(|error| error.to_string()),
        Kind::Json => document.to_json().map_err(|error| error.to_string()),
        Kind::JsonLines => Ok(json_lines(document)),
        Kind::Github => Ok(github(document)),
        Kind::Markdown => Ok(shown(&markdown(document)).into_owned()),
        Kind::Tap => Ok(shown(&tap(document)).into_owned()),
    }
}

/// A place as `line 5`, or with its file where that is a library.
pub(crate) fn where_is(loaded: &Loaded, span: Span) -> String {
    match loaded.texts.get(usize::from(span.file)) {
        Some((path, _)) if span.file > 0 => {
            format!("{} line {}", path.file_name().unwrap_or_default().to_string_lossy(), span.line)
        }
        _ => format!("line {}", span.line),
    }
}

/// Says of a document that it is of another version than the one that is known.
pub(crate) fn is_of_version(value: &serde_json::Value, known: u32) -> Result<(), String> {
    match value.get("version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(known) => Ok(()),
        Some(other) => Err(format!("it is of version {other}, and {known} is known")),
        None => Err("it has no version".to_owned()),
    }
}

/// A page of HTML with its title, style, data and script in their places.
pub(crate) fn filled(page: &str, title: &str, style: &str, script: &str, json: &str) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    // In a script element nothing but these can end it or begin a comment.
    let json = json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    let parts = [("{title}", title.as_str()), ("{style}", style), ("{data}", &json), ("{script}", script)];
    let (mut out, mut rest) = (String::with_capacity(page.len() + script.len() + json.len()), page);
    // The places stand in this order, so what is filled in is never looked at again.
    for (place, text) in parts {
        let (before, after) = rest.split_once(place).unwrap_or((rest, ""));
        out.extend([before, text]);
        rest = after;
    }
    out + rest
}

/// How many files and rows came to which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files that were played.
    pub files: usize,
    /// Rows that were played.
    pub rows: usize,
    /// Rows that passed.
    pub passed: usize,
    /// Rows that failed as was expected.
    pub expected_failures: usize,
    /// Rows that failed, passed unexpectedly or met an error.
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
    /// Counts.
    #[must_use]
    pub fn of<'a>(results: impl IntoIterator<Item = &'a FileResult>) -> Self {
        let mut tally = Self::default();
        for result in results {
            use crate::suite::Snapshot;
            use crate::verdict::Verdict;
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
