//! The trace of a run: every event with sender, receiver and frames, and the lines of the scenario that read it.

use std::fmt::Write;
use std::time::Duration;

use sca_model::Span;
use sca_model::{Action, Message, Party, Row, Send, Speaker, Step};
use sca_protocol::frame::{Frame, opcode};
use sca_protocol::message::Layout;
use sca_protocol::xml::Element;
use sca_protocol::{Line, Request, Response};

use crate::mask::{discreet, mask_bytes, masked, masked_field, withheld};
use crate::record::{Entry, Kept};
use crate::script::Reading;
use crate::transcript::TranscriptWriter;

/// A participant of a run: a lifeline of the sequence diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// A POS by its number; the one called `pos` is 0.
    Pos(usize),
    /// The broker.
    Broker,
    /// A terminal by its index in the cast.
    Terminal(usize),
    /// The payment host.
    Host,
    /// The estate host.
    Estate,
    /// The proxy in front of the broker.
    Proxy,
}

/// The kind of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A document from one participant to another.
    Message,
    /// A control frame or an HTTP head from one participant to another.
    Control,
    /// A link event.
    Link,
    /// A change of the screen or the icon.
    Display,
    /// A fault, or switching the power.
    Fault,
    /// An action of a cardholder or host, or a change of a setting.
    Act,
    /// A comment.
    Remark,
}

/// A frame as it was sent, with card numbers masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Opcode, payload length, finality and mask, in words.
    pub about: String,
    /// Its first bytes as a hex dump, sixteen per row.
    pub dump: String,
}

/// A line of the scenario that read a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadBy {
    /// The line.
    pub span: Span,
    /// Its label, or that of the request whose answer it read.
    pub label: Option<String>,
}

/// One action or observation of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Scenario time.
    pub at: Duration,
    /// Its place in the order of observations; 0 for moments that no line reads.
    pub sequence: u64,
    /// The kind of the moment.
    pub kind: Kind,
    /// The sender, or the participant at which it is observed.
    pub from: End,
    /// The receiver, if there is one.
    pub to: Option<End>,
    /// The line of the transcript, without its time stamp.
    pub text: String,
    /// The document that it carries, without secrets.
    pub document: Option<String>,
    /// The document's fields.
    pub fields: Vec<(String, String)>,
    /// The frames that carried it.
    pub frames: Vec<Shown>,
    /// The line that caused it, for actions of the script.
    pub line: Option<Span>,
    /// The label of a request.
    pub label: Option<String>,
    /// The lines that read it.
    pub read_by: Vec<ReadBy>,
}

/// The trace of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The names of the terminals.
    pub terminals: Vec<String>,
    /// The models of the terminals, where they are set.
    pub models: Vec<Option<String>>,
    /// The names of the POS, `pos` first.
    pub pos: Vec<String>,
    /// All moments, in order.
    pub moments: Vec<Moment>,
    /// Scenario time from start to end.
    pub lasted: Duration,
}

impl Trace {
    /// The trace of one run from what was kept of it.
    pub fn new(row: &Row, kept: &[Kept], readings: &[Reading], lasted: Duration) -> Self {
        let terminals: Vec<String> = row.cast.terminals.iter().map(|t| t.name.clone()).collect();
        let entries: Vec<(Duration, Entry)> = kept.iter().map(|kept| (kept.at, kept.entry.clone())).collect();
        let brokers = row.cast.broker_names();
        let telling = TranscriptWriter::new(&terminals, &row.cast.pos, &brokers, &entries);
        let moments = kept.iter().map(|kept| moment(kept, &telling, readings)).collect();
        let pos = std::iter::once("pos".to_owned()).chain(row.cast.pos.iter().cloned()).collect();
        let models = row.cast.terminals.iter().map(|t| t.settings.get("model").cloned()).collect();
        Self { moments, pos, lasted, models, terminals }
    }
}

fn moment(kept: &Kept, telling: &TranscriptWriter<'_>, readings: &[Reading]) -> Moment {
    let mut text = String::new();
    telling.entry(&mut text, kept.at, &kept.entry, false);
    let mut lines = text.trim_end().lines();
    let first = lines.next().unwrap_or_default();
    // The time stamp is shown beside the moment anyway.
    let said = first.split_once(' ').filter(|(stamp, _)| stamp.starts_with('+')).map_or(first, |(_, said)| said);
    let (kind, from, to) = ends(&kept.entry);
    let (document, fields) = document(&kept.entry);
    let read = readings.iter().filter(|reading| kept.sequence != 0 && reading.sequence == kept.sequence);
    Moment {
        at: kept.at,
        sequence: kept.sequence,
        kind,
        from,
        to,
        text: bounded(&masked(said)),
        document: document.map(|text| bounded(&discreet(&text))),
        fields: fields.into_iter().take(FIELDS_MAX).map(|(name, value)| (name, bounded(&masked(&value)))).collect(),
        frames: kept.frames.iter().take(FRAMES_MAX).map(shown).collect(),
        line: match &kept.entry {
            Entry::Played(step) => Some(step.span),
            Entry::Asked { span, .. } => Some(*span),
            _ => None,
        },
        label: match &kept.entry {
            Entry::Asked { label, .. } => label.clone(),
            _ => None,
        },
        read_by: read.map(|reading| ReadBy { span: reading.span, label: reading.label.clone() }).collect(),
    }
}

/// The most characters of one document or field that are kept.
const TEXT_MAX: usize = 32_768;
const FIELDS_MAX: usize = 1_000;
/// The most frames of one message that are kept.
const FRAMES_MAX: usize = 64;

fn bounded(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((at, _)) => format!("{}\n… and {} bytes more", &text[..at], text.len() - at),
        None => text.to_owned(),
    }
}

fn ends(entry: &Entry) -> (Kind, End, Option<End>) {
    match entry {
        Entry::Played(step) => played(step),
        Entry::Asked { by, to, .. } => (Kind::Message, End::Pos(*by), Some(End::Terminal(*to))),
        Entry::Link(who, _) => (Kind::Link, End::Terminal(*who), Some(End::Broker)),
        Entry::Screen(who, _) | Entry::Icon(who, _) => (Kind::Display, End::Terminal(*who), None),
        Entry::Data(who, _) => (Kind::Message, End::Terminal(*who), Some(End::Pos(0))),
        Entry::Http(who, _) | Entry::Ping(who) | Entry::Pong(who, _) | Entry::Close(who, _) => {
            (Kind::Control, End::Terminal(*who), Some(End::Broker))
        }
        Entry::Proxied(who, _) => (Kind::Control, End::Terminal(*who), Some(End::Proxy)),
        Entry::ToHost(who, line, _) => {
            let host = if *line == Line::Estate { End::Estate } else { End::Host };
            (Kind::Message, End::Terminal(*who), Some(host))
        }
        Entry::Comment(_) | Entry::Folded { .. } => (Kind::Remark, End::Broker, None),
    }
}

fn played(step: &Step) -> (Kind, End, Option<End>) {
    match &step.action {
        Action::Send(Send { by, to, message, .. }) => {
            let from = match by {
                Speaker::Broker => End::Broker,
                Speaker::Pos(which) => End::Pos(*which),
            };
            let is_control = matches!(message, Message::Ping(_) | Message::Pong(_) | Message::Close(..));
            let kind = if is_control { Kind::Control } else { Kind::Message };
            (kind, from, Some(End::Terminal(*to)))
        }
        Action::Fault(_) => (Kind::Fault, End::Broker, None),
        Action::Power { who, .. } => (Kind::Fault, End::Terminal(*who), None),
        Action::Network(_) => (Kind::Fault, End::Broker, None),
        Action::Cardholder { who, .. } | Action::File { who, .. } => (Kind::Act, End::Terminal(*who), None),
        Action::Host(act) => (Kind::Act, party(act.party), None),
        Action::Set(set) => (Kind::Act, party(set.party), None),
        Action::Answers { by_proxy: true, .. } => (Kind::Act, End::Proxy, None),
        _ => (Kind::Act, End::Broker, None),
    }
}

fn party(party: Party) -> End {
    match party {
        Party::Terminal(who) => End::Terminal(who),
        Party::Broker(_) => End::Broker,
        Party::Host => End::Host,
        Party::Vhq => End::Estate,
    }
}

type Document = (Option<String>, Vec<(String, String)>);

/// The document of an entry, and its fields; of a request that was sent encrypted, the plaintext.
fn document(entry: &Entry) -> Document {
    match entry {
        Entry::Data(_, data) => {
            let fields = data.response.as_ref().map(Response::fields).unwrap_or_default();
            (Some(data.text.clone()), flat(fields))
        }
        Entry::ToHost(_, _, request) => (Some(request.to_xml(Layout::Indented)), flat(request.fields())),
        Entry::Asked { message, .. } => sent(message),
        Entry::Http(_, text) | Entry::Proxied(_, text) => (Some(text.replace("\r\n", "\n")), Vec::new()),
        Entry::Played(step) => match &step.action {
            Action::Send(send) => sent(&send.message),
            Action::Answers { lines, .. } => (Some(lines.join("\n")), Vec::new()),
            _ => (None, Vec::new()),
        },
        _ => (None, Vec::new()),
    }
}

fn sent(message: &Message) -> Document {
    match message {
        Message::Fields(fields) => {
            let names = ["FUNCTION_TYPE", "COMMAND"].into_iter().zip(&fields.routing);
            let mut all: Vec<(String, String)> = names.map(|(name, value)| (name.to_owned(), value.clone())).collect();
            all.extend(fields.tests.iter().map(|test| (test.field.clone(), test.value().to_owned())));
            let request = Request::new(all);
            (Some(request.to_xml(Layout::Indented)), flat(request.fields()))
        }
        Message::Xml(text) | Message::Text(text) => (Some(text.clone()), Vec::new()),
        Message::Http(lines) => (Some(lines.join("\n")), Vec::new()),
        _ => (None, Vec::new()),
    }
}

/// The leaf fields of a document, each with its path.
fn flat(fields: &[Element]) -> Vec<(String, String)> {
    fn walk(out: &mut Vec<(String, String)>, path: &str, field: &Element) {
        let path = if path.is_empty() { field.name.clone() } else { format!("{path}/{}", field.name) };
        field.children.iter().for_each(|inner| walk(out, &path, inner));
        if field.children.is_empty() {
            out.push((path, field.text.clone()));
        }
    }
    let mut out = Vec::new();
    fields.iter().cloned().map(masked_field).for_each(|field| walk(&mut out, "", &field));
    out
}

/// The most bytes of a frame that are dumped.
const DUMPED_MAX: usize = 2_048;

fn shown(frame: &Frame) -> Shown {
    let kind = match frame.opcode {
        opcode::CONTINUE => "continuation",
        opcode::TEXT => "text",
        opcode::BINARY => "binary",
        opcode::CLOSE => "close",
        opcode::PING => "ping",
        opcode::PONG => "pong",
        _ => "reserved",
    };
    let mut about = format!("{kind} frame (opcode {}), {} bytes of payload", frame.opcode, frame.payload.len());
    about.push_str(if frame.last { ", last of its message" } else { ", more follow" });
    if frame.reserved != 0 {
        let _ = write!(about, ", reserved bits {:03b}", frame.reserved);
    }
    about.push_str(if frame.mask.is_some() { ", masked (shown without its mask)" } else { "" });
    // The payload is shown unmasked, so that secrets in it can be found and withheld.
    let plain = match std::str::from_utf8(&frame.payload) {
        Ok(text) => withheld(text).into_owned().into_bytes(),
        Err(_) => frame.payload.clone(),
    };
    let plain = mask_bytes(&plain).unwrap_or(plain);
    let mut head = Frame { payload: Vec::new(), declared: Some(frame.payload.len() as u64), ..frame.clone() }.encode();
    // The transport draws masks without a seed: with them a page would differ from run to run.
    head.truncate(head.len() - frame.mask.map_or(0, |mask| mask.len()));
    Shown { about, dump: dump(&[head, plain].concat()) }
}

/// A hex dump: offset, sixteen bytes as hex, and as text.
fn dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (row, part) in bytes[..bytes.len().min(DUMPED_MAX)].chunks(16).enumerate() {
        let hex: Vec<String> = part.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String =
            part.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' }).collect();
        let _ = writeln!(out, "{:06x}  {:<47}  {text}", row * 16, hex.join(" "));
    }
    if bytes.len() > DUMPED_MAX {
        let _ = writeln!(out, "… and {} bytes more", bytes.len() - DUMPED_MAX);
    }
    out
}
