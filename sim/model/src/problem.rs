//! Problems of a file: a stable code, a position, a message and, if available, advice.

/// A range of characters in one line of a source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// The text: 0 for the scenario itself, then its libraries in the order of their `use` lines.
    pub file: u16,
    /// The line number, from 1.
    pub line: u32,
    /// The first character, from 1.
    pub column: u32,
    /// The number of characters.
    pub length: u32,
}

/// An error or warning about a scenario or library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The stable code; `sca_explanations::lessons` explains all codes.
    pub code: &'static str,
    /// The problem in one sentence, without a full stop.
    pub message: String,
    /// The position in the source.
    pub span: Span,
    /// The text under the caret; may be empty.
    pub label: String,
    /// Advice on how to fix it.
    pub help: Option<String>,
}

impl Problem {
    /// Whether this is a warning: the file is valid, but probably contains a mistake.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.code.starts_with('W')
    }

    /// Creates a problem without a label and without advice.
    #[must_use]
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span, label: String::new(), help: None }
    }

    /// Sets the text under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets the advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests the nearest of `words`, or lists them if none is near and there are at most 20.
    #[must_use]
    pub fn suggest<'a>(self, word: &str, words: impl IntoIterator<Item = &'a str>) -> Self {
        let words: Vec<&str> = words.into_iter().collect();
        match sca_protocol::settings::nearest(word, words.iter().copied()) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None if (1..=20).contains(&words.len()) => self.help(format!("expected one of: {}", words.join(", "))),
            None => self,
        }
    }
}

/// Formats a number with its noun: `1 value`, `2 values`.
pub fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
