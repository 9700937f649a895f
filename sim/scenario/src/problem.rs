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
    /// Its stable code; [`CODES`] has them all.
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

/// Every code with what it stands for.
pub const CODES: &[(&str, &str)] = &[
    ("E001", "a line is indented by tabs, or deeper than the language needs"),
    ("E002", "a string or an insert is not closed on its line"),
    ("E003", "a block stands where none can"),
    ("E004", "a block is missing"),
    ("E010", "the file begins neither with `scenario` nor with `library`"),
    ("E011", "a line begins with no word of the language"),
    ("E012", "a word is missing"),
    ("E013", "a word stands where another was expected"),
    ("E014", "something follows the end of a statement"),
    ("E015", "headers, settings and steps are out of order"),
    ("E020", "no such setting"),
    ("E021", "a setting cannot hold this value"),
    ("E022", "a name is used twice"),
    ("E023", "nobody of this name takes part"),
    ("E030", "a duration, number or instant cannot be read"),
    ("E031", "a test cannot be read"),
    ("E032", "a regular expression cannot be read"),
    ("E033", "a document cannot be read"),
    ("E040", "no such label"),
    ("E041", "a label is never used"),
    ("E042", "nothing captures this name"),
    ("E043", "no such story, or another number of arguments"),
    ("E044", "a story is never called"),
    ("E045", "stories call each other in a circle"),
    ("E046", "an `each` has no rows, or a row has too few values"),
    ("E047", "a name of an `each` is never used"),
    ("E050", "the scenario expects nothing"),
    ("E051", "this fault cannot strike there"),
    ("E052", "a `without` proves nothing"),
    ("E053", "no such clause, invariant or reason"),
    ("E054", "this message cannot be sent or seen there"),
    ("E055", "the library cannot be read"),
    ("E056", "a file is larger than the language allows"),
    ("E057", "a file is not UTF-8 text"),
    ("E058", "a table cannot be read"),
    ("E060", "a block of `optional`, `either` or `or` cannot be decided"),
    ("E061", "`covers` stands where nothing is always demanded"),
];
