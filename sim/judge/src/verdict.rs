//! Verdicts and failures.

use sca_model::Span;

/// A failure of a scenario, with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The line or the part of it.
    pub span: Span,
    /// The call that expanded to the line, if it belongs to a story.
    pub called: Option<Span>,
    /// The problem, in one sentence without a full stop.
    pub headline: String,
    /// The text under the caret.
    pub label: String,
    /// Additional notes.
    pub notes: Vec<String>,
    /// The observation that came instead: its place in the order of observations.
    pub seen: Option<u64>,
    /// The change that would make the line match what was observed.
    pub fix: Option<Fix>,
    /// What failed: a line, or something that no line says.
    pub kind: FailureKind,
}

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailureKind {
    /// A line: what it wants did not come, or came otherwise.
    #[default]
    Line,
    /// A law that holds of every run, or a waiver of one.
    Law,
    /// An observation came that a line has to list, and none does.
    Unlisted,
    /// The run itself: a limit was exceeded, or a core failed.
    Run,
}

/// Value of [`Fix::from`]: insert a line below this one.
pub const BELOW: &str = "\n";
/// Value of [`Fix::from`]: insert a line above this one.
pub const ABOVE: &str = "\r";

/// A change of a file's text that makes an expectation match what was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The place of the change.
    pub span: Span,
    /// The word at that place to replace; empty to replace all of it; a line feed to insert a line below, a carriage
    /// return to insert one above.
    pub from: String,
    /// The new text.
    pub text: String,
}

impl Failure {
    /// A failure at a place, with a headline.
    #[must_use]
    pub fn at(span: Span, headline: impl Into<String>) -> Self {
        Self {
            span,
            called: None,
            headline: headline.into(),
            label: String::new(),
            notes: Vec::new(),
            seen: None,
            fix: None,
            kind: FailureKind::Line,
        }
    }

    /// A run that ended with an error: its first line, with the others as notes.
    #[must_use]
    pub fn of_run(span: Span, why: &str) -> Self {
        let mut lines = why.lines().map(|line| line.trim().to_owned());
        let headline = lines.next().unwrap_or_default();
        Self { notes: lines.collect(), ..Self::at(span, headline).of(FailureKind::Run) }
    }

    /// Sets what failed.
    #[must_use]
    pub fn of(mut self, kind: FailureKind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets the text under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// The verdict on one row of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything expected was observed, and nothing forbidden.
    Pass,
    /// An expectation or an invariant was violated.
    Fail(Box<Failure>),
    /// It failed, as its header expects.
    ExpectedFail(Box<Failure>),
    /// It passed, although its header expects it to fail.
    UnexpectedPass,
    /// It cannot be played in the requested world.
    Inapplicable(Box<Failure>),
    /// A limit of the world was exceeded.
    Error(String),
    /// The harness could not play it, for example because a port, device or broker was missing.
    CannotRun(String),
}

impl Verdict {
    /// The verdict's word in reports: `pass`, `fail`, `expected-fail`, `unexpected-pass`, `inapplicable` or `error`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
            Self::ExpectedFail(_) => "expected-fail",
            Self::UnexpectedPass => "unexpected-pass",
            Self::Inapplicable(_) => "inapplicable",
            Self::Error(_) | Self::CannotRun(_) => "error",
        }
    }

    /// Whether a suite with this verdict fails.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Fail(_) | Self::UnexpectedPass | Self::Error(_) | Self::CannotRun(_))
    }
}

impl Failure {
    /// The reason without what differs from run to run: the name of an invariant with its note, or the headline and
    /// label of a line; without digits and text in backquotes. Two failures with the same reason are the same kind.
    #[must_use]
    pub fn reason(&self) -> String {
        let told = if self.kind == FailureKind::Law {
            self.notes.iter().find(|note| !note.starts_with("in the row "))
        } else {
            Some(&self.label)
        };
        let mut quoted = false;
        let plain = told.into_iter().flat_map(|text| text.chars()).filter(|c| {
            quoted ^= *c == '`';
            !quoted && !c.is_ascii_digit()
        });
        format!("{}: {}", self.headline, plain.collect::<String>())
    }
}
