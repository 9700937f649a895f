//! Reader of the line structure of a text: words with their positions, comments, and indented blocks. It knows no
//! statements, only which lines are followed by verbatim text.

use sca_model::{Problem, Span};

/// The maximum size of a file, in bytes.
pub const FILE_BYTES_MAX: usize = 1 << 20;
const DEPTH_MAX: usize = 12;

/// A word, quoted string or punctuation mark, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// The text, including quotes.
    pub(crate) text: String,
    /// Its position in the source.
    pub(crate) span: Span,
}

/// A statement line with its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The words of the line; never empty.
    pub(crate) words: Vec<Word>,
    /// The comment at its end, including `#`.
    pub(crate) comment: Option<String>,
    /// The lines indented below it.
    pub(crate) block: Vec<Item>,
    /// The verbatim text below it, without the common indentation.
    pub(crate) verbatim: Option<Verbatim>,
}

/// Verbatim text below a line: an HTTP head or a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verbatim {
    /// Its lines.
    pub(crate) lines: Vec<String>,
    /// The position of the first line.
    pub(crate) span: Span,
}

/// An element of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// A statement line with its block.
    Line(Line),
    /// A comment on a line of its own.
    Comment(String),
    /// An empty line.
    Blank,
}

impl Word {
    /// Whether the word is a quoted string.
    #[must_use]
    pub(crate) fn is_string(&self) -> bool {
        self.text.starts_with('"')
    }

    /// The word without quotes and escapes.
    #[must_use]
    pub(crate) fn plain(&self) -> String {
        unquote(&self.text)
    }
}

impl Line {
    /// The position of the whole line, without comment and block.
    #[must_use]
    pub(crate) fn span(&self) -> Span {
        let (first, last) = (self.words[0].span, self.words[self.words.len() - 1].span);
        Span { length: (last.column + last.length).saturating_sub(first.column), ..first }
    }

    /// The number of lines, including everything below it.
    pub(crate) fn count(&self) -> usize {
        let verbatim = self.verbatim.as_ref().map_or(0, |verbatim| verbatim.lines.len());
        1 + verbatim + self.lines().map(Self::count).sum::<usize>()
    }

    /// The statement lines of its block.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &Line> {
        lines(&self.block)
    }
}

/// Reports a problem if the line has a block.
pub(crate) fn reject_block(line: &Line) -> Result<(), Problem> {
    match line.lines().next() {
        None => Ok(()),
        Some(inner) => Err(Problem::new("E003", inner.span(), "the line before cannot have a block")
            .help("indent it like the line before")),
    }
}

/// The statement lines among these items.
pub(crate) fn lines(items: &[Item]) -> impl Iterator<Item = &Line> {
    items.iter().filter_map(|item| match item {
        Item::Line(line) => Some(line),
        Item::Comment(_) | Item::Blank => None,
    })
}

/// Removes the quotes and escapes of a quoted string; returns other text unchanged.
#[must_use]
pub fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) else { return text.to_owned() };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                // Keep a backslash before any other character: regular expressions are full of them.
                Some(other) if other != '"' && other != '\\' => out.extend(['\\', other]),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            other => out.push(other),
        }
    }
    out
}

/// Adds quotes and escapes to a text.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote_into(&mut out, text);
    out
}

/// Appends a text with quotes and escapes.
pub(crate) fn quote_into(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('"');
}

struct Raw<'a> {
    number: u32,
    indent: usize,
    lead: &'a str,
    text: &'a str,
}

/// Reads the line structure of a text. Returns the items that could be read and a [`Problem`] for each line that could
/// not.
pub(crate) fn read(text: &str, file: u16) -> (Vec<Item>, Vec<Problem>) {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("the file has more than {FILE_BYTES_MAX} bytes");
        return (Vec::new(), vec![Problem::new("E056", Span { file, line: 1, column: 1, length: 1 }, message)]);
    }
    // Skip the byte order mark that some editors write.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let raw: Vec<Raw<'_>> = (1..)
        .zip(text.lines())
        .map(|(number, line)| {
            let body = line.trim_start_matches([' ', '\t']);
            // A tab counts as the two spaces it was probably meant to be.
            let lead = &line[..line.len() - body.len()];
            let tabs = lead.bytes().filter(|byte| *byte == b'\t').count();
            Raw { number, indent: lead.len() + tabs, lead, text: body.trim_end() }
        })
        .collect();
    let mut following = vec![0; raw.len() + 1];
    let mut visible = vec![0; raw.len() + 1];
    for (at, line) in raw.iter().enumerate().rev() {
        visible[at] = if line.text.is_empty() { visible[at + 1] } else { line.indent };
        following[at] = if line.is_statement() { line.indent } else { following[at + 1] };
    }
    let mut reader = Reader { raw: &raw, following: &following, visible: &visible, at: 0, file, problems: Vec::new() };
    let items = reader.block(0, 0);
    (items, reader.problems)
}

impl Raw<'_> {
    fn has_tabs(&self) -> bool {
        self.lead.contains('\t')
    }

    /// The number of leading spaces, and everything after them.
    fn as_it_stands(&self) -> (usize, String) {
        let blanks = self.lead.len() - self.lead.trim_start_matches(' ').len();
        (blanks, format!("{}{}", &self.lead[blanks..], self.text))
    }

    fn is_statement(&self) -> bool {
        !self.text.is_empty() && !self.text.starts_with('#')
    }
}

struct Reader<'a> {
    raw: &'a [Raw<'a>],
    /// For each line, the indentation of the first statement at or after it.
    following: &'a [usize],
    /// For each line, the indentation of the first non-empty line at or after it.
    visible: &'a [usize],
    at: usize,
    file: u16,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// Reads the items of a block from the current line on: lines indented by at least `indent`, all to the same
    /// column.
    fn block(&mut self, indent: usize, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        let mut level = (depth == 0).then_some(0);
        while let Some(raw) = self.raw.get(self.at) {
            // An empty line or a comment belongs to the statement after it; a comment indented like this block also
            // belongs here.
            let inside = self.following[self.at] >= indent || (!raw.text.is_empty() && raw.indent >= indent);
            if !inside {
                break;
            }
            if !raw.is_statement() {
                items.push(if raw.text.is_empty() { Item::Blank } else { Item::Comment(raw.text.to_owned()) });
                self.at += 1;
                continue;
            }
            if raw.indent < indent {
                break;
            }
            let uneven = *level.get_or_insert(raw.indent) != raw.indent;
            let is_too_deep = depth > DEPTH_MAX;
            if is_too_deep || raw.has_tabs() || uneven {
                let length = u32::try_from(raw.indent.max(1)).unwrap_or(1);
                let span = Span { file: self.file, line: raw.number, column: 1, length };
                let why = match (raw.has_tabs(), is_too_deep) {
                    (true, _) => "this line is indented with a tab",
                    (_, true) => "this line is indented too deeply",
                    _ => "this line is indented differently from the rest of its block",
                };
                let problem = Problem::new("E001", span, why);
                let help = "indent by two spaces per level, the same for all lines of a block, at most twelve levels";
                // Report only the first tab: a file with one tab usually has many.
                if !raw.has_tabs() || !self.problems.iter().any(|problem| problem.code == "E001") {
                    self.problems.push(problem.help(help));
                }
                if is_too_deep {
                    self.at += 1;
                    continue;
                }
            }
            let line = self.line(raw.indent, depth);
            items.extend(line.map(Item::Line));
        }
        items
    }

    fn line(&mut self, indent: usize, depth: usize) -> Option<Line> {
        let raw = &self.raw[self.at];
        self.at += 1;
        let split = split(raw.text, self.file, raw.number, raw.lead.len());
        let (words, comment) = match split {
            Ok(split) => split,
            Err(problem) => {
                self.problems.push(problem);
                self.block(indent + 1, depth + 1);
                return None;
            }
        };
        let mut line = Line { words, comment, block: Vec::new(), verbatim: None };
        if self.is_verbatim(&line) && self.visible[self.at] > indent {
            line.verbatim = Some(self.verbatim(indent));
        } else if self.following[self.at] > indent {
            line.block = self.block(indent + 1, depth + 1);
        }
        Some(line)
    }

    /// Whether the text below this line is verbatim: an HTTP head or a document.
    fn is_verbatim(&self, line: &Line) -> bool {
        let is = |at: usize, word: &str| line.words.get(at).is_some_and(|w| w.text == word);
        let arrow = line.words.iter().position(|w| w.text == "->");
        let http = arrow.is_some_and(|at| is(at + 2, "http"));
        let answers = is(1, "answers") || (is(2, "answers") && line.words[0].text.starts_with('+'));
        let next = self.raw[self.at..].iter().find(|r| !r.text.is_empty());
        let message = arrow.is_some() && !matches!(line.words[0].text.as_str(), "without" | "ignore");
        let document = message && next.is_some_and(|r| !r.text.starts_with('#'));
        http || answers || document
    }

    fn verbatim(&mut self, indent: usize) -> Verbatim {
        let first = self.at;
        let base = self.raw[first..].iter().find(|raw| !raw.text.is_empty()).map_or(0, |raw| raw.as_it_stands().0);
        let mut lines = Vec::new();
        while let Some(raw) = self.raw.get(self.at) {
            if self.visible[self.at] <= indent {
                break;
            }
            let (blanks, text) = raw.as_it_stands();
            let extra = " ".repeat(blanks.saturating_sub(base));
            lines.push(if raw.text.is_empty() { String::new() } else { extra + &text });
            self.at += 1;
        }
        let column = u32::try_from(base).unwrap_or(0) + 1;
        let length = lines.first().map_or(1, |l| u32::try_from(l.chars().count()).unwrap_or(1));
        Verbatim { lines, span: Span { file: self.file, line: self.raw[first].number, column, length } }
    }
}

type Split = (Vec<Word>, Option<String>);

/// Splits a line into its words and the comment at its end.
pub(crate) fn split(text: &str, file: u16, line: u32, indent: usize) -> Result<Split, Problem> {
    let chars: Vec<char> = text.chars().collect();
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let span = |from: usize, to: usize| Span { file, line, column: small(indent + from) + 1, length: small(to - from) };
    let mut words = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let from = at;
        match chars[at] {
            ' ' => {
                at += 1;
                continue;
            }
            '#' => return Ok((words, Some(chars[at..].iter().collect()))),
            '(' | ')' | '[' | ']' | ',' => at += 1,
            _ => {
                while at < chars.len() && !matches!(chars[at], ' ' | '(' | ')' | '[' | ']' | ',') {
                    let opens = chars[at] == '"';
                    at = match chars[at] {
                        '"' => end_of_string(&chars, at),
                        '{' if chars.get(at + 1) == Some(&'{') => end_of_insert(&chars, at),
                        _ => Some(at + 1),
                    }
                    .ok_or_else(|| {
                        Problem::new("E002", span(at, chars.len()), "this string or insert is not closed")
                            .help("close it with `\"` or `}}` on the same line")
                    })?;
                    let is_mark = |c: &char| matches!(c, ' ' | '(' | ')' | '[' | ']' | ',');
                    if opens && let Some(glued) = chars.get(at).filter(|c| !is_mark(c)) {
                        let to = (at..chars.len()).find(|to| is_mark(&chars[*to])).unwrap_or(chars.len());
                        let message = format!("`{glued}` directly follows a closing quote");
                        let problem = Problem::new("E002", span(at, to), message);
                        return Err(problem.label("a space is missing before this").help(
                            "write a space after a string, as in `\"ab\" *3`; write a quote within a string as `\\\"`",
                        ));
                    }
                }
            }
        }
        words.push(Word { text: chars[from..at].iter().collect(), span: span(from, at) });
    }
    Ok((words, None))
}

fn end_of_string(chars: &[char], from: usize) -> Option<usize> {
    let mut at = from + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

fn end_of_insert(chars: &[char], from: usize) -> Option<usize> {
    (from + 2..chars.len().saturating_sub(1)).find(|&at| chars[at] == '}' && chars[at + 1] == '}').map(|at| at + 2)
}
