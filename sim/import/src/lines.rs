//! Extracts the lines of a log from their wrapping: JSON objects, container log records, syslog prefixes.

use std::borrow::Cow;
use std::ops::Range;

use regex::Regex;
use serde_json::Value;

use super::times;

/// The format of a capture file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Detected from the content.
    #[default]
    Auto,
    /// An HTTP archive.
    Har,
    /// Packets.
    Pcap,
    /// JSON: one object per line, or a single document with objects somewhere in it.
    Json,
    /// A container log (json-file): one object per line, with the logged line in `log`.
    Docker,
    /// syslog and journald: date (RFC 3164 or 5424), host and program before each line.
    Syslog,
    /// Log4j, Logback: date and time, level, logger; days before months in numeric dates.
    Log4j,
    /// .NET: local dates, month first if ambiguous.
    Dotnet,
    /// Plain lines.
    Plain,
}

/// Every format with its keyword.
pub const FORMATS: &[(&str, Format)] = &[
    ("auto", Format::Auto),
    ("har", Format::Har),
    ("pcap", Format::Pcap),
    ("json", Format::Json),
    ("docker", Format::Docker),
    ("syslog", Format::Syslog),
    ("log4j", Format::Log4j),
    ("dotnet", Format::Dotnet),
    ("plain", Format::Plain),
];

/// A line of a log.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    /// The unwrapped text.
    pub(super) text: Cow<'a, str>,
    /// The line as in the file, in which the terminal's name is searched; empty within a single JSON document.
    pub(super) whole: &'a str,
    /// Its time.
    pub(super) when: When,
    /// Its number in the file, and the index of the file.
    pub(super) number: usize,
    pub(super) file: usize,
    /// The writer of the line: a document continues only in lines of the same writer.
    pub(super) writer: usize,
    /// The number of the JSON object it is in, among those with their own time; 0 for none.
    pub(super) record: usize,
    /// The number of the string value it is part of: a document does not continue beyond that. 0 for none.
    pub(super) alone: usize,
}

/// Where the time of a line was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum When {
    /// Nowhere.
    Untold,
    /// In the line, at this range.
    Here(Range<usize>),
    /// Outside of the line: in its wrapping.
    Round(String),
}

/// Maximum depth of JSON within JSON strings.
const PACKED_MAX: usize = 4;

/// Detects the format of a text.
#[must_use]
pub fn looks(text: &str) -> Format {
    let text = text.trim_start();
    let first = text.lines().next().unwrap_or_default();
    if let Ok(Value::Object(object)) = serde_json::from_str::<Value>(first) {
        let is_docker = object.get("log").is_some_and(Value::is_string);
        let is_archive = object.get("log").is_some_and(|log| log.get("entries").is_some());
        return match (is_archive, is_docker) {
            (true, _) => Format::Har,
            (_, true) => Format::Docker,
            _ => Format::Json,
        };
    }
    let begin: String = text.chars().take(4_096).filter(|c| !c.is_whitespace()).collect();
    if begin.starts_with("{\"log\":{") {
        return Format::Har;
    }
    let is_json = begin.starts_with("[{") || begin.starts_with("{\"");
    if is_json && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() { Format::Json } else { Format::Plain }
}

/// The lines of a text. `time` matches the time of a line if it is in an unusual format.
pub(super) fn lines<'a>(text: &'a str, format: Format, time: Option<&Regex>, file: usize) -> Vec<Line<'a>> {
    let mut all = Lines { time, file, count: 0, records: file << 32, record: 0, all: Vec::new(), partial: None };
    if format == Format::Json
        && let Ok(value) = serde_json::from_str::<Value>(text)
        && text.trim_end().contains('\n')
    {
        // A single document, whose objects have no line numbers.
        all.within(&value, "", &When::Untold, 0, 0);
        return all.all;
    }
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let line = line.strip_suffix('\n').unwrap_or(line);
        all.line(line.strip_suffix('\r').unwrap_or(line), number);
    }
    all.all
}

struct Lines<'a, 't> {
    time: Option<&'t Regex>,
    file: usize,
    /// Number of strings with documents so far, number of objects with their own time, and the current object.
    count: usize,
    records: usize,
    record: usize,
    all: Vec<Line<'a>>,
    /// The start of a line that a container log has split.
    partial: Option<String>,
}

impl<'a> Lines<'a, '_> {
    fn line(&mut self, line: &'a str, number: usize) {
        if let Some((time, is_part, rest)) = of_container(line) {
            return self.part(time, is_part, rest, line, number);
        }
        match object(line) {
            Some((object, before)) => self.object(&object, line, before, number),
            None => {
                let when = self.when(line);
                self.push(Cow::Borrowed(line), line, when, number);
            }
        }
    }

    /// A line of a plain container log: time, stream, whether it continues in the next record, and text.
    fn part(&mut self, time: &str, is_part: bool, rest: &str, line: &'a str, number: usize) {
        let text = self.partial.take().unwrap_or_default() + rest;
        if is_part && text.len() < super::document::DOCUMENT_MAX {
            self.partial = Some(text);
            return;
        }
        let when = When::Round(time.to_owned());
        match object(&text) {
            Some((inner, _)) => {
                let when = told(&inner).map_or(when, When::Round);
                if !self.within(&inner, line, &when, number, 0) {
                    self.push(Cow::Owned(text), line, when, number);
                }
            }
            None => self.push(Cow::Owned(text), line, when, number),
        }
    }

    /// A line that is a JSON object, with the text before it.
    fn object(&mut self, object: &Value, line: &'a str, before: &str, number: usize) {
        if let (Some(log), true) = (object.get("log").and_then(Value::as_str), before.trim().is_empty()) {
            return self.record(log, object, line, number);
        }
        let here = self.when(line);
        let round = match (told(object), &here) {
            (Some(time), _) => When::Round(time),
            (None, When::Here(range)) => When::Round(line[range.clone()].to_owned()),
            (None, _) => When::Untold,
        };
        self.begins();
        let is_said = self.within(object, line, &round, number, 0);
        self.record = 0;
        if !is_said {
            // No document; the line may still report the state of the link.
            self.push(Cow::Borrowed(line), line, round, number);
        }
    }

    /// A record of a container log: a complete line, or a part of one.
    fn record(&mut self, log: &str, object: &Value, line: &'a str, number: usize) {
        let text = self.partial.take().unwrap_or_default() + log;
        let Some(text) = text.strip_suffix('\n') else {
            if text.len() < super::document::DOCUMENT_MAX {
                self.partial = Some(text);
            }
            return;
        };
        let when = told(object).map_or(When::Untold, When::Round);
        match self::object(text) {
            Some((inner, _)) => {
                let when = told(&inner).map_or(when, When::Round);
                if !self.within(&inner, line, &when, number, 0) {
                    self.push(Cow::Owned(text.to_owned()), line, when, number);
                }
            }
            None => self.push(Cow::Owned(text.to_owned()), line, when, number),
        }
    }

    /// Adds the lines of every string of a value that holds a document, with the time of the enclosing object. Returns
    /// whether there is one.
    fn within(&mut self, value: &Value, whole: &'a str, when: &When, number: usize, packed: usize) -> bool {
        match value {
            Value::String(text) => {
                if let Some((inner, _)) = object(text).filter(|_| packed < PACKED_MAX) {
                    let when = told(&inner).map_or_else(|| when.clone(), When::Round);
                    return self.within(&inner, whole, &when, number, packed + 1);
                }
                let is_said = super::document::begins(text).is_some();
                if is_said {
                    self.count += 1;
                    // In a single document the strings are numbered, as there are no lines.
                    let number = if whole.is_empty() { self.count } else { number };
                    for line in text.split('\n') {
                        self.push(Cow::Owned(line.to_owned()), whole, when.clone(), number);
                        self.all.iter_mut().next_back().into_iter().for_each(|line| line.alone = self.count);
                    }
                }
                is_said
            }
            // A byte array, as journald writes a text with control characters.
            Value::Array(all)
                if all.len() > 16 && all.iter().all(|byte| byte.as_u64().is_some_and(|byte| byte < 256)) =>
            {
                let bytes: Vec<u8> = all.iter().filter_map(|byte| u8::try_from(byte.as_u64()?).ok()).collect();
                let text = without_escapes(&String::from_utf8_lossy(&bytes));
                self.within(&Value::String(text), whole, when, number, packed)
            }
            // A pair of time and line.
            Value::Array(all) if is_pair(all) => {
                let when = When::Round(all[0].as_str().unwrap_or_default().to_owned());
                self.begins();
                let is_said = self.within(&all[1], whole, &when, number, packed);
                self.record = 0;
                is_said
            }
            Value::Array(all) => {
                all.iter().fold(false, |said, one| self.within(one, whole, when, number, packed) | said)
            }
            Value::Object(all) => {
                let own = told(value);
                let is_outermost = self.record == 0 && own.is_some();
                if is_outermost {
                    self.begins();
                }
                let when = own.map_or_else(|| when.clone(), When::Round);
                let is_said =
                    all.values().fold(false, |said, one| self.within(one, whole, &when, number, packed) | said);
                if is_outermost {
                    self.record = 0;
                }
                is_said
            }
            _ => false,
        }
    }

    /// Starts another object with its own time.
    fn begins(&mut self) {
        self.records += 1;
        self.record = self.records;
    }

    fn when(&self, line: &str) -> When {
        let found = match self.time {
            Some(regex) => {
                regex.captures(line).and_then(|found| found.get(1).or(found.get(0))).map(|found| found.range())
            }
            None => times::place(line),
        };
        found.map_or(When::Untold, When::Here)
    }

    fn push(&mut self, text: Cow<'a, str>, whole: &'a str, when: When, number: usize) {
        self.all.push(Line { text, whole, when, number, file: self.file, writer: 0, record: self.record, alone: 0 });
    }
}

/// Parses a line in the format of container runtimes, `TIME stdout F LINE`: time, whether it is partial, and the rest.
fn of_container(line: &str) -> Option<(&str, bool, &str)> {
    let mut parts = line.splitn(4, ' ');
    let (time, stream, tag) = (parts.next()?, parts.next()?, parts.next()?);
    let is_log = matches!(stream, "stdout" | "stderr") && matches!(tag, "P" | "F");
    (is_log && time.contains('T')).then(|| (time, tag == "P", parts.next().unwrap_or_default()))
}

/// Whether an array is a pair of time and line, as Loki writes them.
fn is_pair(all: &[Value]) -> bool {
    let [Value::String(time), Value::String(_)] = all else { return false };
    times::read(time, times::DateOrder::Unknown).is_some()
}

/// Removes terminal escape sequences, such as colours.
#[must_use]
pub fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\u{1b}') {
        out.push_str(before);
        let sequence = behind
            .strip_prefix('[')
            .map(|inner| inner.trim_start_matches(|c: char| c.is_ascii_digit() || "; ?".contains(c)));
        rest = match sequence {
            Some(inner) => inner.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(inner),
            None => behind,
        };
    }
    out.push_str(rest);
    out
}

/// The JSON object at the end of a line, and the text before it.
fn object(line: &str) -> Option<(Value, &str)> {
    /// Maximum length in bytes of the prefix.
    const BEFORE_MAX: usize = 160;
    if !line.trim_end().ends_with('}') {
        return None;
    }
    let begin = line.find("{\"").filter(|begin| *begin <= BEFORE_MAX)?;
    let value: Value = serde_json::from_str(&line[begin..]).ok()?;
    value.is_object().then_some((value, &line[..begin]))
}

/// The time field of an object, by its usual names.
fn told(object: &Value) -> Option<String> {
    const NAMES: [&str; 23] = [
        "@timestamp",
        "@t",
        "timestamp",
        "Timestamp",
        "time",
        "Time",
        "ts",
        "datetime",
        "dateTime",
        "date",
        "asctime",
        "eventTime",
        "startedDateTime",
        "timeMillis",
        "__REALTIME_TIMESTAMP",
        "_SOURCE_REALTIME_TIMESTAMP",
        "ingestionTime",
        "receiveTimestamp",
        "instant",
        "created",
        "_time",
        "epoch",
        "at",
    ];
    NAMES.iter().find_map(|name| match object.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        // The format of Log4j: seconds and nanoseconds in separate fields.
        Value::Object(parts) => {
            let seconds = parts.get("epochSecond")?.as_u64()?;
            let nanos = parts.get("nanoOfSecond").and_then(Value::as_u64).unwrap_or_default();
            Some(format!("{seconds}.{nanos:09}"))
        }
        _ => None,
    })
}
