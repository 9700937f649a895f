//! Lines for WebSocket messages: requests paired with their responses, values that differ in every run as captures and
//! inserts, control frames, and frames that form no valid message.

use std::time::Duration;

use sca_model::{Action, Awaited, Demand, Fields, Message, Op, RawFrame, Send, Speaker};
use sca_protocol::Request;
use sca_protocol::frame::{Frame, opcode};
use sca_protocol::message::Layout;
use sca_protocol::xml::Limits;

use super::lines::{MESSAGE_MAX, expect, request_in, safe_text, test};
use super::state::{Asked, ScenarioGenerator};
use crate::fields::{self, BROUGHT_BACK, REFERENCE};
use crate::frames::Assembled;
use sca_import::Side;

/// Maximum size in bytes of an invalid frame that is kept.
const ODD_MAX: usize = 4_096;

impl ScenarioGenerator {
    pub(super) fn frame(&mut self, at: Duration, side: Side, frame: &Frame) {
        let came = self.frames.take(side, frame);
        let idle = at.saturating_sub(self.link.moved);
        self.link.moved = at;
        match came {
            Assembled::Part => {}
            Assembled::Message { payload, .. } if self.is_left_out(at, side, &payload) => {}
            Assembled::Message { opcode, payload, fragments } => {
                self.flush_ping_count();
                self.speech.last_ping = None;
                match (side, fragments.is_empty()) {
                    (Side::Broker, true) => self.request(at, opcode, &payload),
                    (Side::Broker, false) => self.in_fragments(at, &payload, &fragments),
                    (Side::Terminal, _) => self.answer(at, opcode, &payload),
                }
            }
            Assembled::Control(frame) => self.control(at, side, &frame, idle),
            Assembled::Odd(frame) => self.invalid_frame(at, side, &frame),
        }
    }

    /// Whether a message is too long for a scenario; if so, adds a comment.
    fn is_left_out(&mut self, at: Duration, side: Side, payload: &[u8]) -> bool {
        let is_long = payload.len() > MESSAGE_MAX;
        if is_long {
            let who = if side == Side::Broker { "broker" } else { "terminal" };
            self.comment(&format!("a message of the {who} is left out: {} bytes", payload.len()));
            let text = String::from_utf8_lossy(payload);
            match side {
                // Its response has no request in this file.
                Side::Broker => {
                    let request = request_in(&text);
                    let asked = Asked { at, is_elsewhere: true, request: request.clone(), ..Asked::default() };
                    self.speech.pairing.asked(request.as_ref(), asked);
                }
                Side::Terminal => {
                    let gap = self.body.len();
                    if let (_, Some(asked)) = self.speech.pairing.answered(&text)
                        && !asked.is_elsewhere
                    {
                        let line = format!("terminal -> pos  RESULT=*  re {}\n", asked.label);
                        self.insert(gap, &line);
                    }
                }
            }
        }
        is_long
    }

    fn label(&mut self) -> String {
        self.speech.number += 1;
        format!("q{}", self.speech.number)
    }

    fn send(&mut self, at: Duration, by: Speaker, message: Message, label: Option<String>) {
        self.step(Some(at), Action::Send(Send { by, to: 0, message, label }));
    }

    /// Adds a message that the broker passes on from a POS.
    fn request(&mut self, at: Duration, opcode: u8, payload: &[u8]) {
        let said = crate::redact::redacted_bytes(payload);
        let text = String::from_utf8_lossy(&said).into_owned();
        self.repeat_producing_exchange(&text);
        let label = self.label();
        self.asks(at, &text, label.clone());
        let message = match (opcode, std::str::from_utf8(&said)) {
            // A literal `{{` is not an insert, which only a raw frame can express.
            (opcode::TEXT, Ok(text)) if text.contains("{{") => {
                let frame = Frame::whole(opcode::TEXT, text);
                Message::Frame(raw(&frame))
            }
            (opcode::TEXT, Ok(text)) => self.request_of(text),
            _ => Message::Binary(said.into_owned()),
        };
        let by = if matches!(message, Message::Frame(_)) { Speaker::Broker } else { Speaker::Pos(0) };
        self.send(at, by, message, Some(label));
        self.end_request();
    }

    /// Adds a fragmented message, with the same fragments.
    fn in_fragments(&mut self, at: Duration, payload: &[u8], fragments: &[Frame]) {
        let said = crate::redact::redacted_bytes(payload).into_owned();
        let text = String::from_utf8_lossy(&said).into_owned();
        let label = self.label();
        self.asks(at, &text, label.clone());
        let request = request_in(&text).filter(|_| !text.contains("{{"));
        if let Some(request) = &request {
            self.counts(request, None);
        }
        // An insert must not be split between fragments.
        let counter = request.as_ref().and_then(|request| request.get("COUNTER")).and_then(|counter| {
            let element = format!("<COUNTER>{counter}</COUNTER>");
            text.find(&element).map(|begin| begin..begin + element.len())
        });
        let is_same = said == payload;
        let (mut rest, count) = (said.as_slice(), fragments.len());
        for (nth, fragment) in fragments.iter().enumerate() {
            // After redaction the fragments may be shorter than recorded.
            let length = match (is_same, nth + 1 == count) {
                (_, true) => rest.len(),
                (true, false) => fragment.payload.len(),
                (false, false) => rest.len().min(fragment.payload.len()),
            };
            let begin = said.len() - rest.len();
            let cut = begin + length.min(rest.len());
            let cut = counter.as_ref().filter(|range| range.contains(&cut)).map_or(cut, |range| range.start.max(begin));
            let cut = if nth + 1 == count { said.len() } else { cut };
            let (piece, behind) = rest.split_at(cut - begin);
            rest = behind;
            let label = (nth + 1 == count).then(|| label.clone());
            let payload = self.counted(piece, request.as_ref());
            let has_inserts = payload.len() != piece.len();
            let raw = RawFrame { payload, has_inserts, ..raw(fragment) };
            self.send(at, Speaker::Broker, Message::Frame(raw), label);
        }
        self.end_request();
    }

    fn invalid_frame(&mut self, at: Duration, side: Side, frame: &Frame) {
        // Compressed data and fragments may hide card data, so they are not kept.
        let is_hidden = frame.reserved != 0 && std::str::from_utf8(&frame.payload).is_err();
        let is_piece = frame.opcode == opcode::CONTINUE || !frame.last;
        if side == Side::Broker && (is_hidden || is_piece || frame.payload.len() > ODD_MAX) {
            let (opcode, length) = (frame.opcode, frame.payload.len());
            return self.comment(&format!("the broker sent an invalid frame: opcode {opcode}, {length} bytes"));
        }
        if side == Side::Broker {
            let payload = crate::redact::redacted_bytes(&frame.payload).into_owned();
            self.send(at, Speaker::Broker, Message::Frame(RawFrame { payload, ..raw(frame) }), None);
        } else {
            let what = format!("the terminal sent an invalid frame: opcode {}", frame.opcode);
            self.comment(&what);
        }
    }

    fn control(&mut self, at: Duration, side: Side, frame: &Frame, idle: Duration) {
        let text = String::from_utf8(frame.payload.clone()).ok().filter(|text| !text.chars().any(char::is_control));
        let text = text.map(|text| safe_text(&text));
        let payload = text.filter(|text| !text.is_empty());
        match (side, frame.opcode) {
            (Side::Broker, opcode::PING) => {
                self.flush_ping_count();
                self.send(at, Speaker::Broker, Message::Ping(payload), None);
            }
            (Side::Broker, opcode::PONG) => self.link.unanswered = None,
            (Side::Broker, _) => {
                self.flush_ping_count();
                let (code, reason) = closes(frame);
                self.send(at, Speaker::Broker, Message::Close(code, reason), None);
                self.link.closed.get_or_insert(Side::Broker);
            }
            (Side::Terminal, opcode::PING) => self.pings(at, idle),
            (Side::Terminal, opcode::PONG) => self.sees(at, Awaited::ToBroker(Message::Pong(payload))),
            (Side::Terminal, _) => {
                self.flush_ping_count();
                if self.link.closed.is_none() {
                    self.add_silence_before_close(at);
                    let (code, _) = closes(frame);
                    self.sees(at, Awaited::ToBroker(Message::Close(code, None)));
                    self.link.closed = Some(Side::Terminal);
                }
            }
        }
    }

    /// Adds a ping of the terminal: sets its interval, and writes a line for the first of several in a row.
    fn pings(&mut self, at: Duration, idle: Duration) {
        let since = self.speech.last_ping.map_or(idle, |last| at.saturating_sub(last));
        let seconds = (since + Duration::from_millis(500)).as_secs().clamp(1, 3_600);
        if seconds != 45 && !self.terminal.contains_key("WEBSOCKETPINGINTERVAL") {
            self.set_terminal("WEBSOCKETPINGINTERVAL", seconds.to_string());
        }
        if self.speech.last_ping.is_none() {
            self.sees(at, Awaited::ToBroker(Message::Ping(None)));
        } else {
            self.speech.pings += 1;
        }
        self.speech.last_ping = Some(at);
        self.link.unanswered.get_or_insert(at);
    }

    /// Adds a comment with the number of pings not written out.
    pub(super) fn flush_ping_count(&mut self) {
        let pings = std::mem::take(&mut self.speech.pings);
        if pings > 0 {
            self.comment(&format!("repeated {pings} times"));
        }
    }

    /// A request as a message of the POS: by its fields, if they express it completely.
    fn request_of(&mut self, text: &str) -> Message {
        let decodes_to_card = |request: &Request| {
            let mut fields = request.fields().iter().filter(|field| !fields::holds(REFERENCE, &field.name));
            fields.any(|field| !sca_masking::pan::find(field.text.as_bytes()).is_empty() || field.text.contains("{{"))
        };
        let Some(request) = plain_request(text).filter(|request| !decodes_to_card(request)) else {
            return self.document_of(text);
        };
        self.counts(&request, None);
        self.insert_registration(&request);
        let is_register = request.function_type() == "SECURITY";
        let is_known = request.get("MAC_LABEL").is_some_and(|label| self.speech.registered.iter().any(|l| l == label));
        let mut tests = Vec::new();
        for field in &request.fields()[2..] {
            let value = match field.name.as_str() {
                "KEY" if is_register => "{{pos.key}}".to_owned(),
                "MAC" if is_known => "{{mac}}".to_owned(),
                // The MAC of a registration before the capture cannot be reproduced; with SKIPPOSAUTH none is needed.
                "MAC" | "MAC_LABEL" if !is_known && !is_register => continue,
                "COUNTER" => self.counter_of(&field.text),
                _ => self.inserted(&field.text),
            };
            tests.push(test(&field.name, Demand::Is(Op::Equal, value)));
        }
        if is_register && request.command().starts_with("REGISTER") {
            self.set_terminal("SKIPPOSAUTH", "0".to_owned());
        }
        let routing = request.fields()[..2].iter().map(|field| field.text.clone()).collect();
        Message::Fields(Fields { routing, tests, ..Fields::default() })
    }

    /// A message that its fields do not express completely: as a document or a text.
    fn document_of(&mut self, text: &str) -> Message {
        let request = request_in(text);
        if let Some(request) = &request {
            self.counts(request, None);
        }
        let mut text = text.to_owned();
        for (value, name) in &self.speech.captured {
            for field in BROUGHT_BACK {
                let element = |inside: &str| format!("<{field}>{inside}</{field}>");
                text = text.replace(&element(value), &element(&format!("{{{{{name}}}}}")));
            }
        }
        if let Some(counter) = request.as_ref().and_then(|request| request.get("COUNTER")) {
            let element = |inside: &str| format!("<COUNTER>{inside}</COUNTER>");
            text = text.replace(&element(counter), &element(&self.counter_of(counter)));
        }
        sca_judge::verbatim(&text)
    }

    /// A fragment of a request, its COUNTER relative to the terminal's initial one.
    fn counted(&self, piece: &[u8], request: Option<&Request>) -> Vec<u8> {
        let counter = request.and_then(|request| request.get("COUNTER"));
        match (counter, std::str::from_utf8(piece)) {
            (Some(counter), Ok(text)) => {
                let element = |inside: &str| format!("<COUNTER>{inside}</COUNTER>");
                text.replace(&element(counter), &element(&self.counter_of(counter))).into_bytes()
            }
            _ => piece.to_vec(),
        }
    }

    /// A value, or the insert that replaces it.
    pub(super) fn inserted(&self, value: &str) -> String {
        self.speech.captured.get(value).map_or_else(|| value.to_owned(), |name| format!("{{{{{name}}}}}"))
    }

    /// A COUNTER, as an insert relative to the terminal's initial one.
    pub(super) fn counter_of(&self, value: &str) -> String {
        match (self.speech.counter, value.parse::<u64>().ok()) {
            (Some(from), Some(now)) if now == from => "{{counter}}".to_owned(),
            (Some(from), Some(now)) if now > from => format!("{{{{counter+{}}}}}", now - from),
            _ => value.to_owned(),
        }
    }

    /// Notes a COUNTER in a request or in a response to GET COUNTER. Returns whether it has to be captured.
    pub(super) fn counts(&mut self, request: &Request, answered: Option<&str>) -> bool {
        let is_first = !self.speech.has_counted;
        match answered.and_then(|value| value.parse().ok()) {
            Some(1) if is_first => self.speech.has_counted = true,
            Some(now) if is_first => {
                (self.speech.has_counted, self.speech.counter) = (true, Some(now));
                return true;
            }
            _ => self.speech.has_counted |= answered.is_none() && request.get("COUNTER").is_some(),
        }
        false
    }

    /// Adds an expectation of a screen.
    pub(super) fn screen(&mut self, name: sca_protocol::screens::ScreenName) {
        let show = sca_model::Show::Screen { name: Some(name), text: None, pattern: None, tests: Vec::new() };
        self.step(None, expect(Awaited::Show(show)));
    }
}

fn raw(frame: &Frame) -> RawFrame {
    RawFrame {
        opcode: frame.opcode,
        last: frame.last,
        masked: frame.mask.is_some(),
        reserved: frame.reserved,
        length: frame.declared,
        length_form: frame.length_form,
        payload: frame.payload.clone(),
        has_inserts: false,
    }
}

/// The code and the reason of a close frame.
fn closes(frame: &Frame) -> (Option<u16>, Option<String>) {
    let (code, reason) = frame.close_parts();
    (code, Some(safe_text(&reason)).filter(|reason| !reason.is_empty()))
}

/// A request whose fields express it completely, apart from whitespace between elements.
fn plain_request(text: &str) -> Option<Request> {
    let request = Request::parse(text, Limits { bytes_max: usize::MAX, ..Limits::default() }).ok()?;
    let names: Vec<&str> = request.fields().iter().map(|field| field.name.as_str()).collect();
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let is_flat = request.fields().iter().all(|field| field.children.is_empty() && is_word(&field.name));
    let is_routed = names.starts_with(&["FUNCTION_TYPE", "COMMAND"])
        && is_word(request.function_type())
        && is_word(request.command());
    (is_flat && is_routed && without_blanks(text) == request.to_xml(Layout::Compact)).then_some(request)
}

/// A document without whitespace between its elements.
fn without_blanks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.trim().split_inclusive('>') {
        match piece.trim_start() {
            tag if tag.starts_with('<') => out.push_str(tag),
            _ => out.push_str(piece),
        }
    }
    out
}
