//! Imports logs: finds request and response documents in them, line by line, each with the last time seen.
//!
//! A document may span several lines, each with the logger's prefix, and documents of several terminals may be
//! interleaved line by line. The root element shows the direction: requests go to the terminal, responses come from it.

use std::borrow::Cow;
use std::time::Duration;

use regex::Regex;
use sca_protocol::frame::{Frame, opcode};
use sca_protocol::xml::{Split, split};

use super::document::{self, DOCUMENT_MAX, begins, document, is_request};
use super::lines::{Format, Line, When, lines, looks};
use super::order::{Told, sort_by_time};
use super::times::DateOrder;
use crate::Imported;
use crate::imported::since;
use crate::session::{Ending, Event, Session, Side};

/// Options for reading a log.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// The format of the log.
    pub format: Format,
    /// Matches the time of a line: its first group, or the whole match.
    pub time: Option<Regex>,
    /// Matches the terminal's name in a line: its first group, or the whole match.
    pub terminal: Option<Regex>,
    /// Matches lines that report the link as up.
    pub up: Option<Regex>,
    /// Matches lines that report the link as lost.
    pub down: Option<Regex>,
}

/// Search budget in bytes for the ends of unfinished documents: per byte of the log, and in addition.
const IN_VAIN: (usize, usize) = (16, 64 << 20);
/// Maximum number of unfinished documents at one time.
const OPEN_MAX: usize = 64;

/// Reads the files of a log (name and text) as one log.
#[must_use]
pub fn read(files: &[(String, String)], shape: &Shape) -> Imported {
    let size: usize = files.iter().map(|(_, text)| text.len()).sum();
    let mut imported = Imported::default();
    let parted = files.iter().enumerate().map(|(file, (name, text))| {
        let format = if shape.format == Format::Auto { looks(text) } else { shape.format };
        (name.clone(), lines(text, format, shape.time.as_ref(), file))
    });
    let days = match shape.format {
        Format::Log4j => DateOrder::First,
        Format::Dotnet => DateOrder::Second,
        _ => DateOrder::Unknown,
    };
    let told = Told { days, is_asked: shape.time.is_some() };
    let all = sort_by_time(parted.collect(), &told, &mut imported);
    let budget = size.saturating_mul(IN_VAIN.0).saturating_add(IN_VAIN.1);
    let count = all.len();
    let mut reader = Reader {
        names: files.iter().map(|(name, _)| name.as_str()).collect(),
        shape,
        imported,
        first: None,
        now: Duration::ZERO,
        whose: "1".to_owned(),
        open: Vec::new(),
        budget,
        record: 0,
        in_record: Vec::new(),
        marked: None,
        matched: [0; 4],
    };
    for (at, line) in &all {
        if reader.line(*at, line).is_none() {
            break;
        }
    }
    reader.open.drain(..).collect::<Vec<_>>().iter().for_each(|open| reader.is_cut(open));
    let Reader { mut imported, matched, .. } = reader;
    if imported.sessions.iter().all(|session| session.events.is_empty()) {
        imported.unread("the log", "it contains no request and no response");
    } else {
        matched_nothing(&mut imported, shape, matched, count);
    }
    imported
}

/// An unfinished document.
struct Open {
    /// The prefix of its first line: before the time, and after it.
    prefix: (String, String),
    /// Whether its further lines have that prefix; unknown until the second line.
    is_prefixed: Option<bool>,
    whose: String,
    writer: usize,
    at: Duration,
    /// The string value it is part of, by file and number; lines of others do not continue it.
    alone: Option<(usize, usize)>,
    /// The number of events of its terminal when it began.
    behind: usize,
    place: String,
    /// Whether it ends within a CDATA section so far.
    in_section: bool,
    text: String,
}

/// The state of reading a log.
struct Reader<'a> {
    names: Vec<&'a str>,
    shape: &'a Shape,
    imported: Imported,
    first: Option<f64>,
    now: Duration,
    whose: String,
    open: Vec<Open>,
    /// The remaining search budget in bytes, see [`IN_VAIN`].
    budget: usize,
    /// The last record read, and the documents in it.
    record: usize,
    in_record: Vec<String>,
    /// File and number of the line last checked for marks.
    marked: Option<(usize, usize)>,
    /// Number of matches of each pattern: time, terminal, up, down.
    matched: [usize; 4],
}

impl Reader<'_> {
    /// Reads a line. None once the search budget is used up.
    fn line(&mut self, at: Option<f64>, line: &Line<'_>) -> Option<()> {
        if let Some(at) = at {
            let first = *self.first.get_or_insert(at);
            self.now = since(first, at).max(self.now);
        }
        if self.marked.replace((line.file, line.number)) != Some((line.file, line.number)) {
            self.match_patterns(line);
        }
        let alone = alone(line);
        self.cut_where(|open| open.alone.is_some() && open.alone != alone);
        let (before, rest) = match &line.when {
            When::Here(range) => (&line.text[..range.start], &line.text[range.end..]),
            _ => ("", &*line.text),
        };
        let is_timed = matches!(line.when, When::Here(_));
        if is_timed {
            // A line with a prefix ends documents whose lines have none.
            self.cut_where(|open| open.writer == line.writer && open.is_prefixed == Some(false));
        }
        if let Some((which, from)) = self.goes_on(line.writer, is_timed, before, rest) {
            return self.add(which, (rest, from), line, before);
        }
        self.look(rest, 0, before, line)
    }

    /// The unfinished document that continues in this line, and the position where it does.
    fn goes_on(&self, writer: usize, is_timed: bool, before: &str, rest: &str) -> Option<(usize, usize)> {
        if self.open.is_empty() {
            return None;
        }
        let mine = || self.open.iter().enumerate().rev().filter(|(_, open)| open.writer == writer);
        let said = rest.trim_start();
        let begins_so = |open: &Open| open.prefix.0 == before && said.starts_with(open.prefix.1.as_str());
        let has_prefix = |open: &Open| !(open.prefix.0.is_empty() && open.prefix.1.is_empty());
        let exactly =
            mine().find(|(_, open)| open.is_prefixed != Some(false) && !open.prefix.1.is_empty() && begins_so(open));
        if let Some((which, open)) = exactly {
            return Some((which, rest.len() - said.len() + open.prefix.1.len()));
        }
        if !is_timed {
            let (which, open) = mine().find(|(_, open)| open.is_prefixed != Some(true))?;
            // If its first line had another prefix, this line may belong to another document.
            let is_open = open.is_prefixed.is_some() || !has_prefix(open);
            return (is_open || said.starts_with('<')).then_some((which, 0));
        }
        // Its lines have only the time as prefix.
        let bare = mine().find(|(_, open)| open.prefix.1.is_empty() && open.is_prefixed != Some(false));
        bare.filter(|(_, open)| open.prefix.0 == before && said.starts_with('<')).map(|(which, _)| (which, 0))
    }

    /// Adds a line to an unfinished document.
    fn add(&mut self, which: usize, (rest, from): (&str, usize), line: &Line<'_>, before: &str) -> Option<()> {
        let piece = &rest[from..];
        let is_timed = matches!(line.when, When::Here(_));
        let close = format!("</{}", document::root(&self.open[which].text).unwrap_or_default());
        let is_within = self.open[which].in_section;
        // If another document begins before its end, it is truncated.
        let until = piece.find(&close).unwrap_or(piece.len());
        if let Some(begin) = begins(&piece[..until]).filter(|_| !is_within) {
            let open = self.open.remove(which);
            self.is_cut(&open);
            return self.look(rest, from + begin, before, line);
        }
        let open = &mut self.open[which];
        open.is_prefixed.get_or_insert(is_timed || piece.len() < line.text.len());
        open.text.push('\n');
        open.text.push_str(piece.trim_end_matches(['\r', '\n']));
        open.in_section = is_in_section(piece, open.in_section);
        if open.text.len() > DOCUMENT_MAX {
            let open = self.open.remove(which);
            self.is_cut(&open);
            return Some(());
        }
        if until == piece.len() {
            return Some(());
        }
        let size = open.text.len();
        let Split::Whole(end) = split(&open.text) else { return self.charge_search(line, size) };
        let open = self.open.remove(which);
        self.says(&open.whose, open.at, &decode_octal_escapes(&open.text[..end]), line);
        let behind = open.text[end..].to_owned();
        if behind.trim().is_empty() { Some(()) } else { self.look(&behind, 0, before, line) }
    }

    /// Searches a line for documents, from a position on.
    fn look(&mut self, rest: &str, mut from: usize, before: &str, line: &Line<'_>) -> Option<()> {
        while let Some(begin) = begins(&rest[from..]).map(|place| from + place) {
            let is_in_string = rest[..begin].ends_with(['"', '\'']);
            match document(&rest[begin..], is_in_string) {
                Some((document, length)) => {
                    let (whose, now) = (self.whose.clone(), self.now);
                    self.says(&whose, now, &decode_octal_escapes(&document), line);
                    from = begin + length;
                }
                None if begins(&rest[begin + 1..]).is_none() && rest[begin..].starts_with('<') => {
                    self.opens(rest, begin, before, line);
                    return Some(());
                }
                None => {
                    self.unterminated(line, rest.len() - begin)?;
                    from = begin + 1;
                }
            }
        }
        Some(())
    }

    /// Starts a document that does not end on this line.
    fn opens(&mut self, rest: &str, begin: usize, before: &str, line: &Line<'_>) {
        let prefix = (before.to_owned(), rest[..begin].trim().to_owned());
        // The same writer starts another document: its previous one is truncated.
        self.cut_where(|open| open.writer == line.writer && open.prefix == prefix);
        if self.open.len() >= OPEN_MAX {
            let open = self.open.remove(0);
            self.is_cut(&open);
        }
        self.open.push(Open {
            prefix,
            is_prefixed: None,
            behind: self.imported.session(&self.whose, true).events.len(),
            whose: self.whose.clone(),
            writer: line.writer,
            at: self.now,
            alone: alone(line),
            place: self.place(line),
            in_section: is_in_section(&rest[begin..], false),
            text: document::bounded(&rest[begin..]).to_owned(),
        });
    }

    /// Adds a complete document. A duplicate within a record is ignored.
    fn says(&mut self, whose: &str, at: Duration, document: &str, line: &Line<'_>) {
        if line.record != 0 {
            if self.record != line.record {
                (self.record, self.in_record) = (line.record, Vec::new());
            }
            if self.in_record.iter().any(|said| said == document) {
                return;
            }
            self.in_record.push(document.to_owned());
        }
        say(self.imported.session(whose, true), at, document);
    }

    fn cut_where(&mut self, is_meant: impl Fn(&Open) -> bool) {
        let (cut, rest) = std::mem::take(&mut self.open).into_iter().partition(|open| is_meant(open));
        self.open = rest;
        let cut: Vec<Open> = cut;
        cut.iter().for_each(|open| self.is_cut(open));
    }

    fn is_cut(&mut self, open: &Open) {
        self.imported.unread(open.place.clone(), "unterminated or malformed document");
        let side = if is_request(&open.text) { Side::Broker } else { Side::Terminal };
        let what = format!("{}: unterminated document", open.place);
        self.imported.session(&open.whose, true).insert(open.behind, Event::Lost { side, what });
        for other in self.open.iter_mut().filter(|other| other.whose == open.whose && other.behind >= open.behind) {
            other.behind += 1;
        }
    }

    fn place(&self, line: &Line<'_>) -> String {
        let what = if line.whole.is_empty() { "message" } else { "line" };
        match self.names.as_slice() {
            [_] => format!("{what} {}", line.number),
            names => format!("{}, {what} {}", names.get(line.file).copied().unwrap_or_default(), line.number),
        }
    }

    /// Evaluates the patterns of a line: the terminal it belongs to, and the state of the link.
    fn match_patterns(&mut self, line: &Line<'_>) {
        let shape = self.shape;
        self.matched[0] += usize::from(line.when != When::Untold);
        if let Some(found) = group(shape.terminal.as_ref(), line.whole) {
            self.whose = found.chars().take(64).collect();
            self.matched[1] += 1;
        }
        let ways = [(&shape.down, 3, Event::Ended(Side::Broker, Ending::Reset)), (&shape.up, 2, Event::Up)];
        for (pattern, which, event) in ways {
            if pattern.as_ref().is_some_and(|pattern| pattern.is_match(line.whole)) {
                self.matched[which] += 1;
                self.imported.session(&self.whose, true).push(self.now, event);
            }
        }
    }

    /// Reports an unterminated document. None once the search budget is used up.
    fn unterminated(&mut self, line: &Line<'_>, size: usize) -> Option<()> {
        self.imported.unread(self.place(line), "unterminated or malformed document");
        self.charge_search(line, size)
    }

    /// Charges bytes to the search budget. None once it is used up.
    fn charge_search(&mut self, line: &Line<'_>, size: usize) -> Option<()> {
        let left = self.budget.checked_sub(size.min(DOCUMENT_MAX));
        match left {
            Some(left) => self.budget = left,
            None => self.imported.unread(self.place(line), "too many unterminated documents; reading stops here"),
        }
        left.map(drop)
    }
}

/// The string value a line is part of, by file and number.
fn alone(line: &Line<'_>) -> Option<(usize, usize)> {
    (line.alone != 0).then_some((line.file, line.alone))
}

/// Whether the text after this piece is within a CDATA section, where markup does not count.
fn is_in_section(piece: &str, before: bool) -> bool {
    match (piece.rfind("<![CDATA["), piece.rfind("]]>")) {
        (Some(begin), Some(end)) => begin > end,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        (None, None) => before,
    }
}

/// Reports each pattern that never matched.
fn matched_nothing(imported: &mut Imported, shape: &Shape, matched: [usize; 4], lines: usize) {
    let patterns = [&shape.time, &shape.terminal, &shape.up, &shape.down];
    for ((name, pattern), count) in ["--time", "--terminal", "--up", "--down"].iter().zip(patterns).zip(matched) {
        if pattern.is_some() && count == 0 {
            imported.unread(*name, format!("no match in {lines} lines"));
        }
    }
}

fn say(session: &mut Session, at: Duration, document: &str) {
    if session.events.is_empty() {
        session.push(at, Event::Up);
    }
    let side = if is_request(document) { Side::Broker } else { Side::Terminal };
    let mut frame = Frame::whole(opcode::TEXT, document);
    frame.mask = (side == Side::Terminal).then_some([0; 4]);
    session.push(at, Event::Frame(side, frame));
}

/// Decodes line breaks and tabs that syslog writes as octal escapes, such as `#012` or `\012`.
fn decode_octal_escapes(text: &str) -> Cow<'_, str> {
    let Some(sign) = ['#', '\\'].into_iter().find(|sign| text.contains(&format!(">{sign}012"))) else {
        return Cow::Borrowed(text);
    };
    let octets = [("012", "\n"), ("011", "\t"), ("015", "\r")];
    Cow::Owned(
        octets.iter().fold(text.to_owned(), |text, (octet, plain)| text.replace(&format!("{sign}{octet}"), plain)),
    )
}

fn group<'a>(regex: Option<&Regex>, line: &'a str) -> Option<&'a str> {
    let captures = regex?.captures(line)?;
    captures.get(1).or_else(|| captures.get(0)).map(|found| found.as_str())
}

#[cfg(test)]
mod tests;
