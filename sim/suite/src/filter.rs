//! Filter expressions that select scenarios by path, tag, clause and verdict of the last run.
//!
//! The predicates `path(GLOB)`, `tag(GLOB)`, `clause(GLOB)` and `verdict(WORD)` are combined by `not`, `and`, `or` and
//! parentheses; `not` binds tightest, `or` loosest. In a glob `*` matches any text, `?` one character.

use std::collections::BTreeSet;
use std::path::Path;

use sca_protocol::settings::nearest;

/// A filter expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// The path matches the glob, as a whole or after a `/`.
    Path(String),
    /// One of its tags matches the glob.
    Tag(String),
    /// It covers a clause whose id matches the glob.
    Clause(String),
    /// It had this verdict in the last run; `none` if it was not played.
    Verdict(String),
    /// The operand does not hold.
    Not(Box<Self>),
    /// Both operands hold.
    And(Box<Self>, Box<Self>),
    /// At least one operand holds.
    Or(Box<Self>, Box<Self>),
}

/// The properties of a scenario that an expression tests.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its path.
    pub path: &'a Path,
    /// Its tags.
    pub tags: &'a [String],
    /// The clauses it covers.
    pub clauses: &'a BTreeSet<String>,
    /// Its verdict in the last run; `None` if it was not played.
    pub verdict: Option<&'a str>,
}

/// A syntax error in a filter, with its position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {at} of the filter)")]
pub struct FilterError {
    /// What is wrong.
    pub message: String,
    /// The character at which it was found, from 1.
    pub at: usize,
}

/// The verdicts that an expression can name.
const VERDICTS: &[&str] =
    &["pass", "fail", "expected-fail", "unexpected-pass", "inapplicable", "error", "invalid", "changed", "none"];
const NAMES: &[&str] = &["path", "tag", "clause", "verdict"];
/// The deepest nesting of parentheses and `not`.
const DEPTH_MAX: usize = 32;

impl Filter {
    /// Parses an expression.
    ///
    /// # Errors
    /// [`FilterError`], with the position.
    ///
    /// ```
    /// use sca_suite::filter::Filter;
    /// assert!(Filter::read("clause(REC-*) and not tag(slow)").is_ok());
    /// let error = Filter::read("tagg(slow)").unwrap_err().to_string();
    /// assert_eq!(error, "unknown predicate `tagg`; did you mean `tag`? (at character 1 of the filter)");
    /// ```
    pub fn read(text: &str) -> Result<Self, FilterError> {
        let mut reader = Reader { text: text.chars().collect(), at: 0, depth: 0 };
        let filter = reader.or()?;
        reader.blanks();
        if reader.at < reader.text.len() {
            return Err(reader.wrong("expected `and` or `or`"));
        }
        Ok(filter)
    }

    /// Whether it tests the verdict of the last run.
    #[must_use]
    pub fn asks_verdict(&self) -> bool {
        match self {
            Self::Verdict(_) => true,
            Self::Path(_) | Self::Tag(_) | Self::Clause(_) => false,
            Self::Not(one) => one.asks_verdict(),
            Self::And(one, other) | Self::Or(one, other) => one.asks_verdict() || other.asks_verdict(),
        }
    }

    /// Whether it selects a scenario.
    #[must_use]
    pub fn takes(&self, subject: Subject<'_>) -> bool {
        match self {
            Self::Path(glob) => {
                let path = subject.path.to_string_lossy().replace('\\', "/");
                fits(glob, &path) || fits(&format!("*/{glob}"), &path)
            }
            Self::Tag(word) => subject.tags.iter().any(|tag| fits(word, tag)),
            Self::Clause(glob) => subject.clauses.iter().any(|id| fits(glob, id)),
            Self::Verdict(word) => subject.verdict.unwrap_or("none") == word,
            Self::Not(one) => !one.takes(subject),
            Self::And(one, other) => one.takes(subject) && other.takes(subject),
            Self::Or(one, other) => one.takes(subject) || other.takes(subject),
        }
    }
}

/// Whether a glob matches a text as a whole. Backtracks to the last `*` only, so a hostile glob cannot take exponential
/// time.
fn fits(glob: &str, text: &str) -> bool {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let (mut g, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match glob.get(g) {
            Some('*') => {
                star = Some((g, t));
                g += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => (g, t) = (g + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    (g, t) = (at + 1, from + 1);
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

struct Reader {
    text: Vec<char>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn wrong(&self, message: impl Into<String>) -> FilterError {
        FilterError { message: message.into(), at: self.at + 1 }
    }

    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> String {
        self.blanks();
        let word = self.text[self.at..].iter().take_while(|c| !c.is_whitespace() && !matches!(**c, '(' | ')'));
        word.collect()
    }

    fn take(&mut self, word: &str) -> bool {
        let is = self.peek() == word;
        self.at += if is { word.chars().count() } else { 0 };
        is
    }

    fn or(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.and()?;
        while self.take("or") {
            left = Filter::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.one()?;
        while self.take("and") {
            left = Filter::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Filter, FilterError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.wrong("nested too deeply"));
        }
        let one = self.atom();
        self.depth -= 1;
        one
    }

    fn atom(&mut self) -> Result<Filter, FilterError> {
        if self.take("not") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        let name = self.peek();
        if name.is_empty() && self.text.get(self.at) == Some(&'(') {
            self.at += 1;
            let inner = self.or()?;
            self.blanks();
            return self.close().map(|()| inner);
        }
        if !NAMES.contains(&name.as_str()) {
            let near = nearest(&name, NAMES.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
            let names = || format!("; expected {}(…) or `not`", NAMES.join("(…), "));
            let what =
                if name.is_empty() { "operand missing".to_owned() } else { format!("unknown predicate `{name}`") };
            return Err(self.wrong(format!("{what}{}", near.unwrap_or_else(names))));
        }
        self.at += name.chars().count();
        self.blanks();
        if self.text.get(self.at) != Some(&'(') {
            return Err(self.wrong(format!("expected `(` after `{name}`")));
        }
        self.at += 1;
        let from = self.at;
        while self.text.get(self.at).is_some_and(|c| *c != ')') {
            self.at += 1;
        }
        let value: String = self.text[from..self.at].iter().collect::<String>().trim().to_owned();
        self.close()?;
        self.made(&name, value, from)
    }

    fn close(&mut self) -> Result<(), FilterError> {
        if self.text.get(self.at) != Some(&')') {
            return Err(self.wrong("expected `)`"));
        }
        self.at += 1;
        Ok(())
    }

    fn made(&self, name: &str, value: String, from: usize) -> Result<Filter, FilterError> {
        if value.is_empty() {
            return Err(FilterError { message: format!("the argument of `{name}` is empty"), at: from + 1 });
        }
        Ok(match name {
            "path" => Filter::Path(value),
            "tag" => Filter::Tag(value),
            "clause" => Filter::Clause(value),
            _ if VERDICTS.contains(&value.as_str()) => Filter::Verdict(value),
            _ => {
                let message = format!("unknown verdict `{value}`; expected one of {}", VERDICTS.join(", "));
                return Err(FilterError { message, at: from + 1 });
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, Subject, fits};
    use std::collections::BTreeSet;
    use std::path::Path;

    fn takes(text: &str) -> bool {
        let clauses = BTreeSet::from(["REC-01".to_owned(), "CNT-02".to_owned()]);
        let tags = ["slow".to_owned()];
        let path = Path::new("scenarios/counter/lower.sca");
        let subject = Subject { path, tags: &tags, clauses: &clauses, verdict: Some("fail") };
        Filter::read(text).expect("the filter can be read").takes(subject)
    }

    #[test]
    fn operators_bind_as_they_say() {
        assert!(takes("clause(REC-*) and tag(slow)"));
        assert!(takes("tag(none) and tag(none) or verdict(fail)"));
        assert!(!takes("tag(none) and (tag(none) or verdict(fail))"));
        assert!(takes("not tag(none) and path(counter/*)"));
        assert!(!takes("not (clause(CNT-02))"));
        assert!(takes("path(scenarios/*/lower.sca)"));
    }

    #[test]
    fn a_syntax_error_has_its_position() {
        for (text, at) in [("", 1), ("tag", 4), ("tag(x", 6), ("tag()", 5), ("tag(x) tag(y)", 8), ("verdict(bad)", 9)] {
            assert_eq!(Filter::read(text).expect_err(text).at, at, "{text}");
        }
        assert!(Filter::read(&"(".repeat(100)).is_err());
        assert!(Filter::read(&"not ".repeat(100)).is_err());
    }

    #[test]
    fn globs_fit_as_a_whole() {
        assert!(fits("a*b?d*", "aXXbcdYY"));
        assert!(!fits("a*b", "abc"));
        assert!(fits("*", ""));
        assert!(!fits("?", ""));
    }
}
