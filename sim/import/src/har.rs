//! HTTP archives with WebSocket messages, as browsers and mitmproxy write them (`_webSocketMessages`).
//!
//! The archive was captured at a client: a terminal, or a POS. The messages show which.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sca_protocol::frame::{Frame, opcode};
use serde_json::Value;

use crate::Imported;
use crate::document::is_request;
use crate::imported::since;
use crate::session::{Event, Side};

/// Maximum number of messages in an archive.
const MESSAGES_MAX: usize = 200_000;

/// Reads an HTTP archive.
#[must_use]
pub fn read(text: &str) -> Imported {
    let mut imported = Imported::default();
    let archive: Value = match serde_json::from_str(text) {
        Ok(archive) => archive,
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            match salvaged(text, &error) {
                Some(archive) => {
                    imported.unread(place, format!("the archive is damaged from here on ({error})"));
                    archive
                }
                None => {
                    imported.unread(place, format!("not an HTTP archive ({error})"));
                    return imported;
                }
            }
        }
    };
    let Some(entries) = archive.pointer("/log/entries").and_then(Value::as_array) else {
        imported.unread("the archive", "it has no log.entries");
        return imported;
    };
    let mut found: Vec<(f64, usize, &Value)> = Vec::new();
    for (number, entry) in (1..).zip(entries) {
        let url = entry.pointer("/request/url").and_then(Value::as_str).unwrap_or_default();
        let is_upgrade = header(entry, "request", "Upgrade").is_some_and(|v| v.eq_ignore_ascii_case("websocket"));
        if url.starts_with("ws") || is_upgrade || entry.get("_webSocketMessages").is_some() {
            let given = entry.get("startedDateTime").and_then(Value::as_str);
            let at = given.and_then(instant);
            if let (Some(given), None) = (given, at) {
                let given: String = given.chars().take(40).collect();
                imported.unread(format!("entry {number}"), format!("startedDateTime {given:?} is not a date and time"));
            }
            let first = messages(entry).first().and_then(time_of);
            found.push((at.or(first).unwrap_or_default(), number, entry));
        }
    }
    if found.is_empty() {
        imported.unread("the archive", "none of its entries is a WebSocket connection");
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let start = found.first().map_or(0.0, |(at, ..)| *at);
    for (at, number, entry) in found {
        connection(&mut imported, (at, start), number, entry);
    }
    imported
}

fn messages(entry: &Value) -> &[Value] {
    entry.get("_webSocketMessages").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The time of a message in seconds since 1970. Some tools write milliseconds.
fn time_of(message: &Value) -> Option<f64> {
    let time = message.get("time")?.as_f64()?;
    Some(if time > 1e11 { time / 1_000.0 } else { time })
}

fn header<'a>(entry: &'a Value, of: &str, name: &str) -> Option<&'a str> {
    let headers = entry.get(of)?.get("headers")?.as_array()?;
    let field = |header: &'a Value, field| header.get(field).and_then(Value::as_str);
    headers
        .iter()
        .find(|h| field(h, "name").is_some_and(|n| n.eq_ignore_ascii_case(name)))
        .and_then(|h| field(h, "value"))
}

/// Converts one entry: a connection with its messages.
fn connection(imported: &mut Imported, (at, start): (f64, f64), number: usize, entry: &Value) {
    let text = |path: &str| entry.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let secure = text("/request/url").starts_with("wss") || text("/request/url").starts_with("https");
    let said: Vec<(f64, Side, Frame)> = said(imported, number, entry);
    let pinpad_id = header(entry, "request", "x-vfi-pinpad-id").map(str::trim);
    let name = pinpad_id.filter(|id| !id.is_empty()).unwrap_or("1");
    let session = imported.session(name, secure);
    let is_open = |event: &Event| !matches!(event, Event::Ended(..) | Event::Failed(_) | Event::Vanished);
    let is_closed = |event: &Event| matches!(event, Event::Frame(_, frame) if frame.opcode == opcode::CLOSE);
    // An archive does not show how a connection ended, except by a close frame.
    if session.events.last().is_some_and(|(_, event)| is_open(event) && !is_closed(event)) {
        session.push(since(start, at), Event::Vanished);
    }
    let heads = (head(entry, "request"), head(entry, "response"));
    match heads {
        // The upgrade request of a POS differs from that of its terminal, so it is not used.
        (Some(asked), Some(answered)) if pinpad_id.is_some() => {
            session.push(since(start, at), Event::Opened);
            session.push(since(start, at), Event::Asked(asked));
            let took = entry.get("time").and_then(Value::as_f64).unwrap_or_default().clamp(0.0, 60_000.0);
            let first = said.first().map_or(f64::MAX, |(at, ..)| *at);
            session.push(since(start, (at + took / 1_000.0).min(first)), Event::Answered(answered));
        }
        _ => session.push(since(start, at), Event::Up),
    }
    for (at, side, frame) in said {
        session.push(since(start, at), Event::Frame(side, frame));
    }
}

/// The messages of an entry, in the order of their times.
fn said(imported: &mut Imported, number: usize, entry: &Value) -> Vec<(f64, Side, Frame)> {
    let all = messages(entry);
    // A client that sends requests is a POS: its messages go to the terminal.
    let data = |message: &Value| message.get("data").and_then(Value::as_str).unwrap_or_default().to_owned();
    let sends = |message: &&Value| message.get("type").and_then(Value::as_str) == Some("send");
    // A client that receives responses is a POS, too.
    let hears = |message: &&Value| message.get("type").and_then(Value::as_str) == Some("receive");
    let is_answer =
        |text: &str| text.trim_start().starts_with("<RESPONSE") || text.trim_start().starts_with("<ERESPONSE");
    let is_pos = all.iter().filter(sends).any(|message| is_request(&data(message)))
        || all.iter().filter(hears).any(|message| is_answer(&data(message)));
    let mut said = Vec::new();
    let mut last = 0.0;
    for (nth, message) in (1..).zip(all.iter().take(MESSAGES_MAX)) {
        let place = || format!("entry {number}, message {nth}");
        let from_client = match message.get("type").and_then(Value::as_str) {
            Some("send") => true,
            Some("receive") => false,
            other => {
                imported.unread(place(), format!("expected type send or receive, found {}", other.unwrap_or("none")));
                continue;
            }
        };
        let Some(text) = message.get("data").and_then(Value::as_str) else {
            imported.unread(place(), "it has no data");
            continue;
        };
        let at = time_of(message).unwrap_or(last);
        last = at;
        let given = message.get("opcode").filter(|code| !code.is_null());
        let code = given.and_then(Value::as_u64).and_then(|code| u8::try_from(code).ok()).filter(|code| *code <= 15);
        if let (Some(given), None) = (given, code) {
            imported.unread(place(), format!("invalid opcode {given}"));
            continue;
        }
        let payload = match code.unwrap_or(opcode::TEXT) {
            opcode::TEXT | opcode::CLOSE => text.as_bytes().to_vec(),
            _ => match STANDARD.decode(text) {
                Ok(bytes) => bytes,
                Err(error) => {
                    imported.unread(place(), format!("its data is not base64 ({error})"));
                    continue;
                }
            },
        };
        let side = if from_client == is_pos { Side::Broker } else { Side::Terminal };
        let mut frame = Frame::whole(code.unwrap_or(opcode::TEXT), payload);
        frame.mask = (side == Side::Terminal).then_some([0; 4]);
        said.push((at, side, frame));
    }
    said
}

/// Rebuilds the HTTP head of an entry; none if it has no headers.
fn head(entry: &Value, of: &str) -> Option<String> {
    let part = entry.get(of)?;
    let headers = part.get("headers")?.as_array().filter(|headers| !headers.is_empty())?;
    let first = match of {
        "request" => {
            let url = part.get("url")?.as_str()?;
            let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
            let path = rest.find('/').map_or("/", |at| &rest[at..]);
            format!("GET {path} HTTP/1.1")
        }
        _ => {
            let status = part.get("status")?.as_u64()?;
            format!("HTTP/1.1 {status} {}", part.get("statusText").and_then(Value::as_str).unwrap_or_default())
        }
    };
    let mut text = first.trim_end().to_owned();
    for header in headers {
        let field = |name| header.get(name).and_then(Value::as_str);
        if let (Some(name), Some(value)) = (field("name"), field("value")) {
            // Pseudo-headers of HTTP/2 are not part of an HTTP/1.1 head.
            if !name.starts_with(':') && !value.contains(['\r', '\n']) {
                text.push_str(&format!("\r\n{name}: {value}"));
            }
        }
    }
    text.push_str("\r\n\r\n");
    let body = part.pointer("/content/text").and_then(Value::as_str).filter(|_| of == "response");
    text.push_str(body.unwrap_or_default());
    Some(text)
}

/// Seconds since 1970 of a date and time such as `2026-01-15T09:00:00.123Z`.
pub(super) fn instant(text: &str) -> Option<f64> {
    let format = &time::format_description::well_known::Rfc3339;
    let text = text.trim();
    // Some tools write the offset without its colon.
    let with_colon = || {
        let (head, offset) = text.split_at_checked(text.len().checked_sub(5)?)?;
        let is_offset = offset.starts_with(['+', '-']) && offset[1..].bytes().all(|byte| byte.is_ascii_digit());
        is_offset.then(|| format!("{head}{}:{}", &offset[..3], &offset[3..]))
    };
    let parse = |text: &str| time::OffsetDateTime::parse(text, format).ok();
    let at = parse(text).or_else(|| parse(&with_colon()?))?;
    Some(at.unix_timestamp_nanos() as f64 / 1e9)
}

/// Repairs a damaged archive: keeps everything up to the last complete value before the damage, and closes its open
/// brackets.
fn salvaged(text: &str, error: &serde_json::Error) -> Option<Value> {
    let line = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let until = (line + error.column()).min(text.len());
    let (mut open, mut in_string, mut escaped) = (Vec::new(), false, false);
    let mut whole: Option<(usize, Vec<u8>)> = None;
    for (at, byte) in text.bytes().enumerate().take(until) {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' if open.last() == Some(&byte) => {
                open.pop();
                whole = Some((at + 1, open.clone()));
            }
            _ => {}
        }
    }
    let (end, open) = whole?;
    let closing: String = open.iter().rev().map(|byte| char::from(*byte)).collect();
    serde_json::from_str(&format!("{}{closing}", &text[..end])).ok()
}
