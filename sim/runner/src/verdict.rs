//! What a run comes to.

use sca_scenario::Span;

/// Why a scenario failed, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The line, or the part of it.
    pub span: Span,
    /// The call that brought the line in, where a story did.
    pub called: Option<Span>,
    /// What went wrong, in one sentence without a full stop.
    pub headline: String,
    /// What stands under the caret.
    pub label: String,
    /// What else is known.
    pub notes: Vec<String>,
    /// What came instead: its place in the order of all that can be read.
    pub seen: Option<u64>,
    /// What the line would say if it were to demand what came.
    pub fix: Option<Fix>,
}

/// In the place of a word: a line more below this one.
pub(crate) const BELOW: &str = "\n";
/// In the place of a word: a line more above this one.
pub(crate) const ABOVE: &str = "\r";

/// A change of a file's text that makes an expectation demand what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Where.
    pub span: Span,
    /// The word there that is to be another; nothing for all of it; a line feed for a line more below this one, a
    /// carriage return for one above.
    pub from: String,
    /// The other text.
    pub text: String,
}

impl Failure {
    /// A failure at a place.
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
        }
    }

    /// The same failure with these words under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same failure with one more note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// The verdict on one row of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything demanded was seen, nothing forbidden.
    Pass,
    /// Something was not as demanded.
    Fail(Box<Failure>),
    /// It failed, as its header says it would.
    ExpectedFail(Box<Failure>),
    /// It passed, though its header says that it fails.
    UnexpectedPass,
    /// It cannot be played in this world.
    Inapplicable(Box<Failure>),
    /// A limit of the world was met.
    Error(String),
    /// The harness could not play it: a port, a device or a broker was missing.
    CannotRun(String),
}

impl Verdict {
    /// The word in reports: `pass`, `fail`, `expected-fail`, `unexpected-pass`, `inapplicable` or `error`.
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

    /// Whether a suite with this verdict is not good.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Fail(_) | Self::UnexpectedPass | Self::Error(_) | Self::CannotRun(_))
    }
}
