//! Plain logs of requests and answers: documents found wherever they stand, with the time that was last seen before them.
//!
//! Who says a document, its root tells: requests go to the terminal, responses come from it.

use std::time::Duration;

use regex::Regex;
use sca_protocol::frame::{Frame, opcode};
use sca_protocol::xml::{Split, split};

use super::har::instant;
use super::{Imported, is_request};
use crate::session::{Ending, Event, Session, Side};

/// How a log is written, where it is not written as most are.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Finds the time of a line: its first group, or all of it.
    pub time: Option<Regex>,
    /// Finds whose line it is: its first group, or all of it.
    pub terminal: Option<Regex>,
    /// A line that says that the link is up.
    pub up: Option<Regex>,
    /// A line that says that the link is lost.
    pub down: Option<Regex>,
}

/// Roots of the documents that travel.
const ROOTS: &[&str] = &["TRANSACTION", "RESPONSE", "ETRANSACTION", "ERESPONSE"];
/// Bytes within which a document has to end.
const DOCUMENT_MAX: usize = 1 << 20;
/// Bytes that are looked through in vain for the ends of documents, for each byte of the log and beside.
const IN_VAIN: (usize, usize) = (16, 64 << 20);

/// Reads a log.
#[must_use]
pub fn read(text: &str, shape: &Shape) -> Imported {
    let budget = text.len().saturating_mul(IN_VAIN.0).saturating_add(IN_VAIN.1);
    let imported = Imported::default();
    let (clock, usual) = (Clock::default(), usual_time());
    let mut reader =
        Reader { text, shape, usual, imported, clock, whose: "1".to_owned(), line: 0, budget, matched: [0; 4] };
    let mut at = 0;
    while at < text.len() {
        match reader.line(at) {
            Some(next) => at = next,
            None => return reader.imported,
        }
    }
    let Reader { mut imported, matched, line, .. } = reader;
    if imported.sessions.iter().all(|session| session.events.is_empty()) {
        imported.unread("the log", "no request and no answer stands in it");
    } else {
        matched_nothing(&mut imported, shape, matched, line);
    }
    imported
}

/// A log that is being read.
struct Reader<'a> {
    text: &'a str,
    shape: &'a Shape,
    usual: Option<Regex>,
    imported: Imported,
    clock: Clock,
    whose: String,
    line: usize,
    /// Bytes that may still be looked through in vain.
    budget: usize,
    /// How often each pattern has found something: time, terminal, up, down.
    matched: [usize; 4],
}

impl Reader<'_> {
    /// Reads the line that begins here. Where the next one begins; nothing where no more is to be read.
    fn line(&mut self, at: usize) -> Option<usize> {
        let text = self.text;
        self.line += 1;
        let end = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
        self.marks(&text[at..end]);
        let now = self.clock.now();
        // A document may end many lines below the one on which it begins.
        let (mut from, mut next) = (at, end);
        while let Some(begin) = begins(&text[from..end]).map(|place| from + place) {
            match document(&text[begin..]) {
                Some((document, length)) => {
                    say(self.imported.session(&self.whose, true), now, &document);
                    from = begin + length;
                    next = next.max(from);
                    if from >= end {
                        break;
                    }
                }
                None => {
                    self.in_vain(begin)?;
                    from = begin + 1;
                }
            }
        }
        if next > end {
            // The rest of the line on which the document ends is looked at like any other.
            self.line += text[end..next].matches('\n').count();
            self.line -= usize::from(text[..next].ends_with('\n'));
        }
        Some(next)
    }

    /// What a line says beside documents: when, whose, and how the link is.
    fn marks(&mut self, line: &str) {
        let shape = self.shape;
        if let Some(found) = group(shape.time.as_ref().or(self.usual.as_ref()), line) {
            self.matched[0] += usize::from(self.clock.reads(found));
        }
        if let Some(found) = group(shape.terminal.as_ref(), line) {
            self.whose = found.chars().take(64).collect();
            self.matched[1] += 1;
        }
        let now = self.clock.now();
        let ways = [(&shape.down, 3, Event::Ended(Side::Broker, Ending::Reset)), (&shape.up, 2, Event::Up)];
        for (pattern, which, event) in ways {
            if pattern.as_ref().is_some_and(|pattern| pattern.is_match(line)) {
                self.matched[which] += 1;
                self.imported.session(&self.whose, true).push(now, event);
            }
        }
    }

    /// A document begins here and does not end. Nothing, once too much has been looked through for ends.
    fn in_vain(&mut self, begin: usize) -> Option<()> {
        let place = format!("line {}", self.line);
        self.imported.unread(place.clone(), "a document that does not end, or is none");
        let left = self.budget.checked_sub((self.text.len() - begin).min(DOCUMENT_MAX));
        match left {
            Some(left) => self.budget = left,
            None => self.imported.unread(place, "too many documents do not end; nothing below is read"),
        }
        left.map(drop)
    }
}

/// Says of each pattern that has matched nothing; without times all is at once.
fn matched_nothing(imported: &mut Imported, shape: &Shape, matched: [usize; 4], lines: usize) {
    let patterns = [&shape.time, &shape.terminal, &shape.up, &shape.down];
    for ((name, pattern), count) in ["--time", "--terminal", "--up", "--down"].iter().zip(patterns).zip(matched) {
        if pattern.is_some() && count == 0 {
            imported.unread(*name, format!("it finds nothing in {lines} lines"));
        } else if *name == "--time" && count == 0 {
            imported.unread("the log", "no line begins with a time that can be read; --time says where it stands");
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

/// Where the first document of a text begins, in whichever way its signs are written.
fn begins(text: &str) -> Option<usize> {
    let starts = |rest: &str| {
        ["<", "&lt;", "\\u003c", "\\u003C"].iter().any(|sign| {
            rest.strip_prefix(sign).is_some_and(|rest| {
                ROOTS.iter().any(|root| {
                    rest.strip_prefix(root)
                        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
                })
            })
        })
    };
    text.char_indices()
        .filter(|(_, c)| matches!(c, '<' | '&' | '\\'))
        .find(|(at, _)| starts(&text[*at..]))
        .map(|(at, _)| at)
}

/// The document with which a text begins, and how many bytes of the text it takes.
fn document(text: &str) -> Option<(String, usize)> {
    let text = bounded(text);
    if text.starts_with('<') {
        if let Split::Whole(end) = split(text) {
            let document = &text[..end];
            // A string of JSON or of a program: its line ends and quotes are escaped.
            let is_escaped = document.contains("\\n") || document.contains("\\\"");
            return Some((if is_escaped { unescaped(document) } else { document.to_owned() }, end));
        }
        return None;
    }
    let is_markup = text.starts_with('&');
    let (open, close) = if is_markup { ("&lt;/", "&gt;") } else { ("\\u003c/", "\\u003e") };
    let root = ROOTS.iter().find(|root| {
        text.trim_start_matches("&lt;").starts_with(**root) || text[6.min(text.len())..].starts_with(**root)
    })?;
    let lower = text.to_ascii_lowercase();
    let end =
        lower.find(&format!("{open}{}{close}", root.to_ascii_lowercase()))? + open.len() + root.len() + close.len();
    let raw = &text[..end];
    let plain = match is_markup {
        true => raw.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"),
        false => unescaped(raw),
    };
    matches!(split(&plain), Split::Whole(_)).then_some((plain, end))
}

fn bounded(text: &str) -> &str {
    let mut end = text.len().min(DOCUMENT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A text without the escapes of JSON.
fn unescaped(text: &str) -> String {
    let quoted = format!("\"{}\"", text.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t"));
    serde_json::from_str(&quoted).unwrap_or_else(|_| text.replace("\\n", "\n").replace("\\\"", "\""))
}

fn group<'a>(regex: Option<&Regex>, line: &'a str) -> Option<&'a str> {
    let captures = regex?.captures(line)?;
    captures.get(1).or_else(|| captures.get(0)).map(|found| found.as_str())
}

/// A date and time, or a time alone, or seconds since 1970, at the beginning of a line or in brackets.
fn usual_time() -> Option<Regex> {
    Regex::new(
        r"(?x)^[\[\(\s]*(
            \d{4}-\d\d-\d\d[T\ ]\d\d:\d\d:\d\d([.,]\d{1,9})?(Z|[+-]\d\d:?\d\d)?
            | \d\d:\d\d:\d\d([.,]\d{1,9})?
            | \d{10}(\.\d{1,9})?\b
            | \d{13}\b
        )",
    )
    .ok()
}

/// The times of a log, as they are written, since the first.
#[derive(Default)]
struct Clock {
    first: Option<f64>,
    now: f64,
}

impl Clock {
    /// Reads a time. Whether it is one.
    fn reads(&mut self, text: &str) -> bool {
        let Some(mut at) = seconds(text) else { return false };
        let first = *self.first.get_or_insert(at);
        // A time without a date begins anew at midnight.
        while first < 86_400.0 && at + 43_200.0 < first + self.now && at < 86_400.0 * 30.0 {
            at += 86_400.0;
        }
        self.now = (at - first).max(self.now);
        true
    }

    fn now(&self) -> Duration {
        Duration::try_from_secs_f64(self.now).unwrap_or_default()
    }
}

fn seconds(text: &str) -> Option<f64> {
    let text = text.trim().replace(',', ".");
    if let Some((date, rest)) = text.split_once(['T', ' ']) {
        let has_zone = rest.ends_with('Z') || rest.contains(['+', '-']);
        return instant(&format!("{date}T{rest}{}", if has_zone { "" } else { "Z" }));
    }
    let parts: Vec<&str> = text.split(':').collect();
    if let [hours, minutes, rest] = parts.as_slice() {
        let number = |part: &str| part.parse::<f64>().ok();
        return Some(number(hours)? * 3_600.0 + number(minutes)? * 60.0 + number(rest)?);
    }
    let number: f64 = text.parse().ok()?;
    Some(if number > 1e11 { number / 1_000.0 } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<(u128, Side, String)> {
        let imported = read(text, &Shape::default());
        let events = imported.sessions.into_iter().flat_map(|session| session.events);
        let frames = events.filter_map(|(at, event)| match event {
            Event::Frame(side, frame) => {
                Some((at.as_millis(), side, String::from_utf8_lossy(&frame.payload).into_owned()))
            }
            _ => None,
        });
        frames.collect()
    }

    #[test]
    fn documents_are_found_wherever_they_stand() {
        let text = "2026-01-15 09:00:00,100 INFO pos> <TRANSACTION><A>1</A></TRANSACTION> sent\n\
             2026-01-15 09:00:01,350 INFO got {\"xml\":\"<RESPONSE>\\n <A>\\\"</A></RESPONSE>\"}\n\
             2026-01-15 09:00:02,000 INFO html &lt;RESPONSE&gt;&lt;A&gt;2&lt;/A&gt;&lt;/RESPONSE&gt;\n\
             [2026-01-15 09:00:03.5] <TRANSACTION>\n  <A>3</A>\n</TRANSACTION> <RESPONSE/>\n";
        let plain: Vec<(u128, Side, &str)> = vec![
            (0, Side::Broker, "<TRANSACTION><A>1</A></TRANSACTION>"),
            (1_250, Side::Terminal, "<RESPONSE>\n <A>\"</A></RESPONSE>"),
            (1_900, Side::Terminal, "<RESPONSE><A>2</A></RESPONSE>"),
            (3_400, Side::Broker, "<TRANSACTION>\n  <A>3</A>\n</TRANSACTION>"),
            (3_400, Side::Terminal, "<RESPONSE/>"),
        ];
        let plain: Vec<_> = plain.into_iter().map(|(at, side, text)| (at, side, text.to_owned())).collect();
        assert_eq!(said(text), plain);
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_line() {
        let text = "10:00:00 <TRANSACTION><A>1</A></TRANSACTION>\n10:00:01 <RESPONSE><A>cut\n10:00:02 nothing\n";
        let imported = read(text, &Shape::default());
        assert_eq!(imported.sessions.len(), 1);
        assert_eq!(imported.unread.len(), 1);
        assert!(imported.unread[0].place == "line 2", "{}", imported.unread[0]);
    }

    #[test]
    fn midnight_passes() {
        let text = "23:59:59.5 <TRANSACTION/>\n00:00:01.0 <RESPONSE/>\n";
        assert_eq!(said(text).iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [0, 1_500]);
    }
}
