//! Cursor over the words of a line; its readers report which word was expected where.

use std::time::Duration;

use sca_protocol::UnixTime;
use sca_protocol::settings::{nearest, span as read_span};

use crate::tree::{Line, Word};
use sca_model::{Problem, Span};

/// The words that begin a suffix of a statement.
pub(crate) const SUFFIXES: &[&str] = &["after", "within", "exactly", "bytes", "as", "re", "covers"];

/// A position between the words of a line.
pub(crate) struct Cursor<'a> {
    words: &'a [Word],
    at: usize,
    whole: Span,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(line: &'a Line) -> Self {
        Self { words: &line.words, at: 0, whole: line.span() }
    }

    /// The next word.
    pub(crate) fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).map(|w| w.text.as_str())
    }

    /// The word `ahead` words after the next one.
    pub(crate) fn peek_at(&self, ahead: usize) -> Option<&'a str> {
        self.words.get(self.at + ahead).map(|w| w.text.as_str())
    }

    /// The next word with its position.
    pub(crate) fn peek_word(&self) -> Option<&'a Word> {
        self.words.get(self.at)
    }

    /// The position of the first of the remaining words that equals `word`.
    pub(crate) fn span_of(&self, word: &str) -> Option<Span> {
        self.words[self.at.min(self.words.len())..].iter().find(|w| w.text == word).map(|w| w.span)
    }

    /// The position of the next word, or of the end of the line.
    pub(crate) fn next_span(&self) -> Span {
        let behind = Span { column: self.whole.column + self.whole.length, length: 1, ..self.whole };
        self.words.get(self.at).map_or(behind, |w| w.span)
    }

    /// The position of the whole line.
    pub(crate) fn whole(&self) -> Span {
        self.whole
    }

    /// Consumes the next word if it equals `word`, and returns whether it did.
    pub(crate) fn take(&mut self, word: &str) -> bool {
        let is = self.peek() == Some(word);
        self.at += usize::from(is);
        is
    }

    /// Consumes and returns the next word. Reports E012 with `expected` at the end of the line.
    pub(crate) fn word(&mut self, expected: &str) -> Result<&'a Word, Problem> {
        let word = self.words.get(self.at).ok_or_else(|| {
            Problem::new("E012", self.next_span(), format!("{expected} is missing")).label("expected here")
        })?;
        self.at += 1;
        Ok(word)
    }

    /// Consumes the next word, which has to equal `word`.
    pub(crate) fn demand(&mut self, word: &str) -> Result<(), Problem> {
        let got = self.word(&format!("`{word}`"))?;
        if got.text == word {
            return Ok(());
        }
        Err(Problem::new("E013", got.span, format!("expected `{word}`, got `{}`", got.text)).label("here"))
    }

    /// Consumes the next word and converts it with `read`. Reports E030 with `expected` if `read` returns none.
    pub(crate) fn value<T>(&mut self, expected: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Problem> {
        let word = self.word(expected)?;
        read(&word.plain()).ok_or_else(|| {
            Problem::new("E030", word.span, format!("expected {expected}, got `{}`", word.text)).label("invalid value")
        })
    }

    pub(crate) fn duration(&mut self) -> Result<Duration, Problem> {
        self.time("a duration such as 250ms, 5s or 2m", read_span)
    }

    /// Whether the word read last is a whole number with a unit, so that it can only be too large.
    fn is_too_large(&self, number: &str) -> bool {
        let word = self.at.checked_sub(1).and_then(|at| self.words.get(at)).map_or("", |word| word.text.as_str());
        let unit = word.strip_prefix(number).unwrap_or_default();
        !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && ["ms", "s", "m", "h", "d"].contains(&unit)
    }

    /// Consumes the next word as a time. For a number without a unit, the problem suggests one.
    pub(crate) fn time<T>(&mut self, expected: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Problem> {
        let number = self.peek().map(|word| word.trim_end_matches(|c: char| c.is_ascii_alphabetic()).to_owned());
        self.value(expected, read).map_err(|problem| match number {
            Some(number) if self.is_too_large(&number) => problem.help("a run may last one year at most"),
            Some(number) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.') => problem
                .help(format!(
                    "did you mean `{number}s` or `{number}ms`? The units are ms, s, m, h and d, without a space"
                )),
            _ => problem,
        })
    }

    pub(crate) fn instant(&mut self) -> Result<UnixTime, Problem> {
        self.value("an instant such as 2026-01-15T09:00:00Z", |text| UnixTime::parse(text).ok())
    }

    pub(crate) fn string(&mut self, expected: &str) -> Result<String, Problem> {
        let word = self.word(expected)?;
        if word.is_string() {
            return Ok(word.plain());
        }
        let problem = Problem::new("E013", word.span, format!("expected {expected} in quotes, got `{}`", word.text));
        let is_curly =
            word.text.starts_with(['\u{201c}', '\u{201d}', '\u{201e}', '\u{ab}', '\'', '\u{2018}', '\u{2019}']);
        Err(if is_curly { problem.help("use straight double quotes: \"…\"") } else { problem })
    }

    /// Consumes and returns all remaining words.
    pub(crate) fn rest(&mut self) -> &'a [Word] {
        let rest = &self.words[self.at.min(self.words.len())..];
        self.at = self.words.len();
        rest
    }

    /// Reports a problem if any words are left.
    pub(crate) fn end(&self) -> Result<(), Problem> {
        match self.words.get(self.at) {
            None => Ok(()),
            Some(word) => {
                let problem =
                    Problem::new("E014", word.span, format!("unexpected `{}` after a complete statement", word.text));
                let problem = problem.label("not expected here");
                let near = || nearest(&word.text, SUFFIXES.iter().copied());
                Err(match word.text.as_str() {
                    "in" | "after" | "before" => {
                        problem.help("a time limit is `within 5s`, or `within 1s..5s of LABEL`")
                    }
                    text if SUFFIXES.contains(&text) => problem,
                    _ => match near() {
                        Some(near) => problem.help(format!("did you mean `{near}`?")),
                        None => problem,
                    },
                })
            }
        }
    }
}

/// Parses `A..B`, or `A` as the range `A..A`, with `read` for both ends.
pub(crate) fn range<T: Copy>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<(T, T)> {
    match text.split_once("..") {
        Some((from, to)) => Some((read(from)?, read(to)?)),
        None => read(text).map(|one| (one, one)),
    }
}
