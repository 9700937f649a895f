//! The line at the cursor: the words before the cursor, the word being typed, and the enclosing block.

/// A line up to the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AtCursor {
    /// The line number, from 0.
    pub(crate) line: usize,
    /// The words before the one being typed, without a time stamp or `NAME:` prefix.
    pub(crate) words: Vec<String>,
    /// The part of the word being typed that is before the cursor.
    pub(crate) typed: String,
    /// The words of the nearest line above that is indented less; none at the top level.
    pub(crate) parent: Option<Vec<String>>,
    /// Whether there is a step above.
    pub(crate) after_steps: bool,
}

impl AtCursor {
    /// Analyses the text at the cursor: `line` from 0, and `before` characters before the cursor in that line.
    pub(crate) fn new(text: &str, line: usize, before: usize) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let whole = lines.get(line).copied().unwrap_or_default();
        let typed_line: String = whole.chars().take(before).collect();
        let mut words = words(&typed_line);
        let typed = if typed_line.ends_with([' ', '\t']) || typed_line.is_empty() {
            String::new()
        } else {
            words.pop().unwrap_or_default()
        };
        if words.first().is_some_and(|word| word.starts_with('+') || word.ends_with(':')) {
            words.remove(0);
        }
        let indent = indent_of(whole);
        let above = lines[..line.min(lines.len())].iter().rev().filter(|text| !text.trim().is_empty());
        let parent = above.clone().find(|text| indent_of(text) < indent).map(|text| self::words(text));
        let is_step = |text: &&&str| {
            let words = self::words(text);
            indent_of(text) == 0 && crate::items::is_step(&words)
        };
        Self { line, words, typed, parent, after_steps: above.clone().any(|text| is_step(&text)) }
    }

    /// The n-th word before the one being typed; 1 is the last.
    pub(crate) fn back(&self, back: usize) -> &str {
        self.words.len().checked_sub(back).map_or("", |at| self.words[at].as_str())
    }

    /// The word at an index.
    pub(crate) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    /// The index of the arrow.
    pub(crate) fn arrow(&self) -> Option<usize> {
        self.words.iter().position(|word| word == "->")
    }
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Splits a line into words; a string is one word, even if it is not closed yet.
pub(crate) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut in_string) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => {
                in_string = !in_string;
                word.push(c);
            }
            '#' if !in_string && word.is_empty() => break,
            c if !in_string && (c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | ',')) => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The word at a character of a line, and where it begins.
pub(crate) fn word_at(line: &str, at: usize) -> Option<(String, usize)> {
    let is_part = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let chars: Vec<char> = line.chars().collect();
    let at = if chars.get(at).is_some_and(&is_part) {
        at
    } else {
        at.checked_sub(1).filter(|at| chars.get(*at).is_some_and(&is_part))?
    };
    let from = chars[..at].iter().rposition(|c| !is_part(c)).map_or(0, |before| before + 1);
    let to = chars[at..].iter().position(|c| !is_part(c)).map_or(chars.len(), |more| at + more);
    Some((chars[from..to].iter().collect(), from))
}

#[cfg(test)]
mod tests {
    use super::{AtCursor, word_at};

    #[test]
    fn a_line_is_known_as_far_as_the_cursor() {
        let text = "scenario \"x\"\n\nterminal M400\n  WEBSOCK\nterminal connects\n+1.0 screen idle  cov";
        let at = AtCursor::new(text, 3, 9);
        assert_eq!((at.typed.as_str(), at.parent.clone().unwrap()[0].as_str()), ("WEBSOCK", "terminal"));
        let at = AtCursor::new(text, 5, 21);
        assert_eq!(
            (at.words.as_slice(), at.typed.as_str(), at.after_steps),
            (["screen".to_owned(), "idle".to_owned()].as_slice(), "cov", true)
        );
    }

    #[test]
    fn a_word_is_found_from_both_its_ends() {
        assert_eq!(word_at("covers REC-01", 7), Some(("REC-01".to_owned(), 7)));
        assert_eq!(word_at("covers REC-01", 13), Some(("REC-01".to_owned(), 7)));
        assert_eq!(word_at("a  b", 2), None);
    }
}
