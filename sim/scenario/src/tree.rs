//! A text as a tree of lines: words with their places, comments, and blocks of deeper-indented lines. It knows no
//! statement; only which lines are followed by text that is kept as it stands.

use crate::problem::{Problem, Span};

/// Bytes of one file.
pub const FILE_BYTES_MAX: usize = 1 << 20;
const DEPTH_MAX: usize = 12;

/// One word, quoted string or mark, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// The text, quotes included.
    pub(crate) text: String,
    /// Where.
    pub(crate) span: Span,
}

/// One line with its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its words; never empty.
    pub(crate) words: Vec<Word>,
    /// The comment behind it, `#` included.
    pub(crate) comment: Option<String>,
    /// The deeper-indented lines below it.
    pub(crate) block: Vec<Item>,
    /// The text below it that is kept as it stands, without the common indentation.
    pub(crate) verbatim: Option<Verbatim>,
}

/// Text that is kept as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verbatim {
    /// The lines.
    pub(crate) lines: Vec<String>,
    /// Where the first one begins.
    pub(crate) span: Span,
}

/// One thing in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// A statement.
    Line(Line),
    /// A comment on a line of its own.
    Comment(String),
    /// An empty line.
    Blank,
}

impl Word {
    /// Whether the word is quoted.
    #[must_use]
    pub(crate) fn is_string(&self) -> bool {
        self.text.starts_with('"')
    }

    /// The word without its quotes and escapes.
    #[must_use]
    pub(crate) fn plain(&self) -> String {
        unquote(&self.text)
    }
}

impl Line {
    /// The place of the whole line.
    #[must_use]
    pub(crate) fn span(&self) -> Span {
        let (first, last) = (self.words[0].span, self.words[self.words.len() - 1].span);
        Span { length: (last.column + last.length).saturating_sub(first.column), ..first }
    }

    /// How many lines it is, with all below it.
    pub(crate) fn count(&self) -> usize {
        let verbatim = self.verbatim.as_ref().map_or(0, |verbatim| verbatim.lines.len());
        1 + verbatim + self.lines().map(Self::count).sum::<usize>()
    }

    /// The lines of its block.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &Line> {
        lines(&self.block)
    }
}

/// Says that nothing can stand below a line.
pub(crate) fn no_block(line: &Line) -> Result<(), Problem> {
    match line.lines().next() {
        None => Ok(()),
        Some(inner) => Err(Problem::new("E003", inner.span(), "nothing can be indented below the line before")
            .help("begin it in the same column")),
    }
}

/// The statements among some items.
pub(crate) fn lines(items: &[Item]) -> impl Iterator<Item = &Line> {
    items.iter().filter_map(|item| match item {
        Item::Line(line) => Some(line),
        Item::Comment(_) | Item::Blank => None,
    })
}

/// Takes quotes and escapes off.
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
                // A backslash before any other character is kept: regular expressions are full of them.
                Some(other) if other != '"' && other != '\\' => out.extend(['\\', other]),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            other => out.push(other),
        }
    }
    out
}

/// Puts quotes and escapes on.
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

/// Reads a text: what could be read of it, and every [`Problem`] of its lines.
pub(crate) fn read(text: &str, file: u16) -> (Vec<Item>, Vec<Problem>) {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("the file has more than {FILE_BYTES_MAX} bytes");
        return (Vec::new(), vec![Problem::new("E056", Span { file, line: 1, column: 1, length: 1 }, message)]);
    }
    // Some editors put a byte order mark before the text; it says nothing.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let raw: Vec<Raw<'_>> = (1..)
        .zip(text.lines())
        .map(|(number, line)| {
            let body = line.trim_start_matches([' ', '\t']);
            // A tab counts as the two blanks that it was to be.
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

    /// The blanks before it, and all that stands behind them.
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
    /// For each line, the indentation of the next statement from there on.
    following: &'a [usize],
    /// For each line, the indentation of the next line that is not empty.
    visible: &'a [usize],
    at: usize,
    file: u16,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// The items from here on that are indented by at least `indent`, all of them alike.
    fn block(&mut self, indent: usize, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        let mut level = (depth == 0).then_some(0);
        while let Some(raw) = self.raw.get(self.at) {
            // An empty line or a comment belongs to the statement that follows it, and a comment to where it stands.
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
                    (true, _) => "this line is indented by a tab",
                    (_, true) => "this line is indented too deep",
                    _ => "this line is indented unlike its neighbours",
                };
                let problem = Problem::new("E001", span, why);
                let help = "indent by two blanks for each level, all lines of a block alike, twelve levels at most";
                // One tab is mostly one of many.
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

    /// Whether what follows this line is kept as it stands: an HTTP head, or a document.
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

/// Splits a line into words and the comment behind them.
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
                        let message = format!("`{glued}` stands right behind a closing quote");
                        let problem = Problem::new("E002", span(at, to), message);
                        return Err(problem.label("a blank is missing before this").help(
                            "a blank stands behind a string: `\"ab\" *3` repeats it; a quote within one is written `\\\"`",
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
