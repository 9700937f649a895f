//! What can be wrong with a file: a stable code, a place, what was expected and, where one is near, a suggestion.

/// A place in a source text: which text, which line, which characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// 0 for the scenario itself, then its libraries in the order of their `use` lines.
    pub file: u16,
    /// The line, from 1.
    pub line: u32,
    /// The first character, from 1.
    pub column: u32,
    /// How many characters.
    pub length: u32,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its stable code; [`lessons`](crate::lessons()) has them all.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What stands under the caret.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// Whether the file is valid all the same, and hardly meant.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.code.starts_with('W')
    }

    /// A problem whose caret repeats nothing.
    #[must_use]
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span, label: String::new(), help: None }
    }

    /// The same problem with these words under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same problem with this advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same problem, suggesting the nearest of `words`, or listing them when none is near and they are few.
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

/// A number and its noun: `1 value`, `2 values`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
