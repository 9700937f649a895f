//! Printers of the parts of a statement: messages, observations, suffixes, faults.

use std::fmt::Write;

use sca_protocol::frame::LengthForm;
use sca_protocol::settings::format_duration;

use crate::tree::{quote, quote_into};
use sca_model::fault_table::{Argument, Toward};
use sca_model::{
    Bytes, Carrier, Count, Demand, Fault, Fields, LinkObservation, Message, Place, Point, RawFrame, Show, Suffix, Test,
    Trigger,
};

pub(crate) fn verbatim(out: &mut String, lines: &[String], depth: usize) {
    for line in lines {
        if !line.is_empty() {
            indent(out, depth + 1);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// Appends a space and a message, its suffixes and its verbatim text.
pub(crate) fn message(out: &mut String, message: &Message, suffix: &Suffix, depth: usize) {
    let payload = |out: &mut String, word: &str, text: Option<&String>| {
        out.extend([" ", word]);
        out.extend(text.map(|t| format!(" {}", quote_many(t))));
    };
    let mut below: Vec<String> = Vec::new();
    match message {
        Message::Fields(f) => fields(out, f),
        Message::Xml(text) => below = text.split('\n').map(str::to_owned).collect(),
        Message::Text(text) => payload(out, "text", Some(text)),
        Message::Binary(bytes) if bytes.is_empty() => out.push_str(" binary \"\""),
        Message::Binary(bytes) => out.extend([" binary ", &hex(bytes)]),
        Message::Http(lines) => {
            out.push_str(" http");
            below.clone_from(lines);
        }
        Message::Ping(text) => payload(out, "ping", text.as_ref()),
        Message::Pong(text) => payload(out, "pong", text.as_ref()),
        Message::Close(code, reason) => {
            out.push_str(" close");
            out.extend(code.map(|c| format!(" {c}")));
            out.extend(reason.as_ref().map(|r| format!(" {}", quote(r))));
        }
        Message::Frame(frame) => raw_frame(out, frame),
    }
    suffixes(out, suffix);
    out.push('\n');
    verbatim(out, &below, depth);
}

/// Quotes a text; a long text that repeats a short part is written as the part and the count.
fn quote_many(text: &str) -> String {
    const LONG: usize = 1_000;
    const PART_MAX: usize = 64;
    let repeats = |part: &&str| text.as_bytes().chunks(part.len()).all(|chunk| chunk == part.as_bytes());
    let parts = (1..=PART_MAX).filter(|n| text.len().is_multiple_of(*n)).filter_map(|n| text.get(..n));
    match Some(text).filter(|text| text.len() >= LONG).and_then(|_| parts.into_iter().find(repeats)) {
        Some(part) => format!("{} *{}", quote(part), text.len() / part.len()),
        None => quote(text),
    }
}

/// Formats bytes as pairs of hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn raw_frame(out: &mut String, frame: &RawFrame) {
    let last = if frame.last { "last" } else { "more" };
    let _ = write!(out, " frame {} {last}", frame.opcode);
    out.push_str(if frame.masked { " masked" } else { "" });
    if frame.reserved > 0 {
        let _ = write!(out, " rsv {}", frame.reserved);
    }
    if let Some(length) = frame.length {
        let _ = write!(out, " length {length}");
    }
    if let Some(bytes) = frame.length_form.map(LengthForm::bytes) {
        let _ = write!(out, " in {bytes} bytes");
    }
    if frame.payload.is_empty() {
        return;
    }
    match std::str::from_utf8(&frame.payload) {
        // A payload without inserts must not be printed as text that looks like one.
        Ok(text) if !text.chars().any(char::is_control) && (frame.has_inserts || !text.contains("{{")) => {
            out.extend([" ", &quote_many(text)]);
        }
        _ => out.extend([" ", &hex(&frame.payload)]),
    }
}

fn fields(out: &mut String, fields: &Fields) {
    let is_empty = !fields.notice && !fields.encrypted && fields.routing.is_empty() && fields.tests.is_empty();
    out.push_str(if is_empty { "" } else { " " });
    out.push_str(if fields.notice { " notice" } else { "" });
    out.push_str(if fields.encrypted { " encrypted" } else { "" });
    for word in &fields.routing {
        out.extend([" ", word]);
    }
    tests(out, &fields.tests);
}

/// Appends tests of fields as a scenario writes them.
pub fn tests(out: &mut String, tests: &[Test]) {
    for test in tests {
        out.push(' ');
        match &test.demand {
            Demand::Absent => out.extend(["!", &test.field]),
            Demand::Any => out.extend([&test.field, "=*"]),
            Demand::Capture(name) => out.extend([&test.field, "=?", name]),
            Demand::Matches(regex) => out.extend([&test.field, "~", &quote(regex.as_str())]),
            Demand::Is(op, value) => {
                out.extend([&test.field, op.sign()]);
                bare_into(out, value);
            }
        }
    }
}

pub(crate) fn link(out: &mut String, awaited: &LinkObservation) {
    match awaited {
        LinkObservation::Connects => out.push_str("connects"),
        LinkObservation::Attempts => out.push_str("attempts"),
        LinkObservation::Loses => out.push_str("loses"),
        LinkObservation::FailsSomehow => out.push_str("fails"),
        LinkObservation::Fails(kind, detail) => {
            out.extend(["fails ", kind]);
            out.extend(detail.as_ref().map(|d| format!(" {d}")));
        }
    }
}

pub(crate) fn show(out: &mut String, state: &Show) {
    match state {
        Show::Icon { connected, file } => {
            out.push_str(if *connected { "icon connected" } else { "icon disconnected" });
            match file.as_deref() {
                None => {}
                Some("default") => out.push_str(" default"),
                Some(name) => out.extend([" ", &quote(name)]),
            }
        }
        Show::Screen { name, text, pattern, tests: demanded } => {
            out.push_str("screen");
            out.extend(name.map(|n| format!(" {n}")));
            out.extend(text.as_ref().map(|t| format!(" {}", quote(t))));
            out.extend(pattern.as_ref().map(|p| format!(" ~{}", quote(p.as_str()))));
            tests(out, demanded);
        }
    }
}

pub(crate) fn suffixes(out: &mut String, suffix: &Suffix) {
    out.push_str(if suffix.after_failures { "  after failures" } else { "" });
    if let Some(within) = &suffix.within {
        out.push_str("  within ");
        out.extend(within.from.map(|from| format!("{}..", format_duration(from))));
        out.push_str(&format_duration(within.to));
        out.extend(within.of.as_ref().map(|of| format!(" of {of}")));
    }
    out.push_str(if suffix.exactly { "  exactly" } else { "" });
    out.push_str(if suffix.bytes { "  bytes" } else { "" });
    out.extend(suffix.label.as_ref().map(|label| format!("  as {label}")));
    out.extend(suffix.re.as_ref().map(|(label, _)| format!("  re {label}")));
    if !suffix.covers.is_empty() {
        out.extend(["  covers ", &suffix.covers.join(" ")]);
    }
}

/// Appends a count as a scenario writes it: `attempt 1..3`.
pub fn count(out: &mut String, count: Count) {
    out.push_str(if count.of_connections { "connection " } else { "attempt " });
    let _ = write!(out, "{}", count.from);
    if count.to != count.from {
        let _ = write!(out, "..{}", count.to);
    }
}

/// Appends a fault as a scenario writes it.
pub fn fault(out: &mut String, fault: &Fault) {
    out.push_str("fault ");
    let (row, values) = (fault.kind.row(), fault.kind.values());
    out.push_str(row.word);
    for argument in row.takes {
        match argument {
            Argument::Keyword(word) => out.extend([" ", word]),
            Argument::Choice(..) => out.extend([" ", values.choice]),
            Argument::Time { .. } => out.extend([" ", &format_duration(values.time)]),
            Argument::Number { .. } => out.extend([" ", &values.number.to_string()]),
            Argument::Direction => out.push_str(match values.toward {
                None => "",
                Some(Toward::Terminal) => " to terminal",
                Some(Toward::Broker) => " from terminal",
            }),
        }
    }
    match &fault.arm {
        None => {}
        Some(Trigger::On(c)) => {
            out.push_str(" on ");
            count(out, *c);
        }
        Some(Trigger::At(place, p)) => {
            out.push_str(match place {
                Place::Before => " before ",
                Place::After => " after ",
                Place::At => " at ",
            });
            point(out, p);
        }
    }
    out.extend(fault.lasting.map(|d| format!(" for {}", format_duration(d))));
    out.extend(fault.label.as_ref().map(|label| format!("  as {label}")));
}

fn point(out: &mut String, point: &Point) {
    match point.bytes {
        Some(Bytes::Each) => out.push_str("each byte of "),
        Some(Bytes::Count(n)) => {
            let _ = write!(out, "{n} {} of ", if n == 1 { "byte" } else { "bytes" });
        }
        None => {}
    }
    match &point.carrier {
        Carrier::Request(label) => out.push_str(label),
        Carrier::Reply(label) => out.extend(["reply to ", label]),
        Carrier::Upgrade => out.push_str("request"),
        Carrier::Answer => out.push_str("answer"),
        Carrier::Tls(word) => out.push_str(word),
    }
}

pub(crate) fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Appends a value, with quotes only if it needs them.
pub(crate) fn bare_into(out: &mut String, text: &str) {
    let plain = |c: char| c.is_alphanumeric() || "-_.:/+|".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        out.push_str(text);
    } else {
        quote_into(out, text);
    }
}
