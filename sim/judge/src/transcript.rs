//! The transcript of a record: a text that is itself a scenario.

mod head;

use crate::lanes::Data;
use crate::mask::is_left_out;
use crate::record::Entry;
use sca_core::{LinkReport, Screen};
use sca_model::Span;
use sca_model::{
    Action, Awaited, Carrier, Demand, Expect, Fields, Header, LinkObservation, Message, Op, Row, Send, Show, Speaker,
    Step, Suffix, Test, Trigger,
};
use sca_peers::RequestId;
use sca_protocol::message::Layout;
use sca_protocol::xml::{Element, Limits};
use sca_protocol::{Request, Response};
use sca_scenario::{Printer, fields_into, quote, stamp_into};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use head::head;
pub use head::scenario;

/// The transcript of one row: title, settings, then all entries with their time stamps.
pub fn transcript(
    title: &str,
    header: &Header,
    row: &Row,
    entries: &[(Duration, Entry)],
    lasted: Duration,
    remarks: &[String],
) -> String {
    let names: Vec<String> = row.cast.terminals.iter().map(|t| t.name.clone()).collect();
    let mut out = String::with_capacity(256 + entries.len() * 64);
    head(&mut out, title, header, row);
    let brokers = row.cast.broker_names();
    let telling = TranscriptWriter::new(&names, &row.cast.pos, &brokers, entries);
    let passed = after_folded_failures(entries);
    for (index, (at, entry)) in entries.iter().enumerate() {
        telling.entry(&mut out, *at, entry, passed.contains(&index));
    }
    stamp_into(&mut out, lasted);
    out.push_str("end\n");
    for remark in remarks {
        let _ = writeln!(out, "# {remark}");
    }
    out
}

/// Writes entries of a record as lines of a transcript.
pub struct TranscriptWriter<'a> {
    names: &'a [String],
    printer: Printer<'a>,
    entries: &'a [(Duration, Entry)],
    labels: Labels,
}

impl<'a> TranscriptWriter<'a> {
    /// A writer for the entries of one run, with the names of terminals, POS and brokers in the order of the cast.
    pub fn new(
        names: &'a [String],
        pos: &'a [String],
        brokers: &'a [String],
        entries: &'a [(Duration, Entry)],
    ) -> Self {
        Self { names, printer: Printer::new(names, pos).with_brokers(brokers), entries, labels: labels(entries) }
    }

    /// Appends an entry; `after_failures` adds that suffix, because failed attempts before it were folded away.
    pub fn entry(&self, out: &mut String, at: Duration, entry: &Entry, after_failures: bool) {
        match entry {
            Entry::Comment(text) => {
                let _ = writeln!(out, "# {text}");
            }
            Entry::Folded { lines, times, until } => {
                let what = if *lines == 1 { "this line".to_owned() } else { format!("these {lines} lines") };
                let times = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
                let _ = writeln!(out, "# {what} {times} more, until +{}.{:03}", until.as_secs(), until.subsec_millis());
            }
            Entry::Screen(who, screen) => {
                stamp_into(out, at);
                screen_into(out, self.names, *who, screen);
            }
            Entry::Data(who, data) if is_flat(data) => {
                stamp_into(out, at);
                let answers = data.answers.and_then(|id| self.labels.get(&(*who, id)));
                data_into(out, &self.names[*who], data, answers);
            }
            entry => {
                // A fault whose message was never sent would be invalid in a replay, so it becomes a comment.
                out.push_str(if was_never_sent(entry, self.entries) { "# " } else { "" });
                let mut step = step(at, entry, &self.labels);
                if let (Action::Expect(expect), true) = (&mut step.action, after_failures) {
                    expect.suffix.after_failures = true;
                }
                self.printer.step(out, &step, 0);
            }
        }
    }
}

/// The indexes of link events that follow folded failed attempts, up to the next connect.
fn after_folded_failures(entries: &[(Duration, Entry)]) -> BTreeSet<usize> {
    let mut failed = BTreeSet::new();
    let mut places = BTreeSet::new();
    for (index, (_, entry)) in entries.iter().enumerate() {
        match entry {
            Entry::Folded { lines, .. } => {
                let folded = &entries[index.saturating_sub(*lines)..index];
                failed.extend(folded.iter().filter_map(|(_, entry)| match entry {
                    Entry::Link(who, LinkReport::Fails(_)) => Some(*who),
                    _ => None,
                }));
            }
            Entry::Link(who, seen) if failed.contains(who) => {
                places.insert(index);
                if *seen == LinkReport::Connects {
                    failed.remove(who);
                }
            }
            _ => {}
        }
    }
    places
}

/// Whether an entry is a fault for a message that was never sent.
fn was_never_sent(entry: &Entry, entries: &[(Duration, Entry)]) -> bool {
    let Entry::Played(step) = entry else { return false };
    let Action::Fault(fault) = &step.action else { return false };
    let Some(Trigger::At(_, point)) = &fault.arm else { return false };
    let (Carrier::Request(wanted) | Carrier::Reply(wanted)) = &point.carrier else { return false };
    !entries.iter().any(|(_, entry)| match entry {
        Entry::Asked { label, .. } => label.as_ref() == Some(wanted),
        Entry::Played(step) => matches!(&step.action, Action::Send(send) if send.label.as_ref() == Some(wanted)),
        _ => false,
    })
}

/// The labels of requests that something refers to; requests without a label get a new one.
fn labels(entries: &[(Duration, Entry)]) -> BTreeMap<(usize, RequestId), String> {
    let mut used: Vec<(usize, RequestId)> = Vec::new();
    let mut named: Vec<&str> = Vec::new();
    for (_, entry) in entries {
        match entry {
            Entry::Data(who, data) => used.extend(data.answers.map(|id| (*who, id))),
            Entry::Played(step) => {
                if let Action::Fault(fault) = &step.action
                    && let Some(Trigger::At(_, point)) = &fault.arm
                    && let Carrier::Request(label) | Carrier::Reply(label) = &point.carrier
                {
                    named.push(label);
                }
            }
            _ => {}
        }
    }
    let asked = entries.iter().filter_map(|(_, entry)| match entry {
        Entry::Asked { to, id, label, .. } => Some(((*to, *id), label)),
        _ => None,
    });
    let asked: Vec<_> = asked.collect();
    let taken: Vec<&str> = asked.iter().filter_map(|(_, label)| label.as_deref()).collect();
    let mut fresh = (1..).map(|number| format!("q{number}")).filter(|name| !taken.contains(&name.as_str()));
    let mut labels = BTreeMap::new();
    for (request, label) in &asked {
        let is_named = label.as_deref().is_some_and(|label| named.contains(&label));
        if used.contains(request) || is_named {
            labels.extend((*label).clone().or_else(|| fresh.next()).map(|label| (*request, label)));
        }
    }
    labels
}

type Labels = BTreeMap<(usize, RequestId), String>;

fn step(at: Duration, entry: &Entry, labels: &Labels) -> Step {
    let expect = |who: usize, awaited: Awaited| expectation(who, awaited, Suffix::default());
    let action = match entry {
        Entry::Played(step) => played(&step.action),
        Entry::Asked { by, to, message, id, label, .. } => {
            let label =
                labels.get(&(*to, *id)).cloned().or_else(|| label.clone().filter(|l| labels.values().any(|v| v == l)));
            Action::Send(Send { by: Speaker::Pos(*by), to: *to, message: message.clone(), label })
        }
        Entry::Link(who, seen) => expect(*who, Awaited::Link(link(*seen))),
        Entry::Icon(who, connected) => expect(*who, Awaited::Show(Show::Icon { connected: *connected, file: None })),
        Entry::Data(who, data) => {
            let re = data.answers.and_then(|id| labels.get(&(*who, id))).map(|label| (label.clone(), Span::default()));
            let message = verbatim(&data.text);
            let suffix = Suffix { bytes: matches!(message, Message::Xml(_)), re, ..Suffix::default() };
            expectation(*who, Awaited::ToPos(message), suffix)
        }
        Entry::Http(who, text) => {
            let lines = text.trim_end().split("\r\n").map(|line| match line.strip_prefix("Sec-WebSocket-Key: ") {
                // The key is derived from the seed, so a replay has the same one; the header only has to be present.
                Some(_) => "Sec-WebSocket-Key: *".to_owned(),
                None => line.to_owned(),
            });
            let suffix = Suffix { exactly: true, ..Suffix::default() };
            expectation(*who, Awaited::ToBroker(Message::Http(lines.collect())), suffix)
        }
        Entry::Proxied(who, text) => {
            let lines = text.trim_end().split("\r\n").map(str::to_owned).collect();
            let suffix = Suffix { exactly: true, ..Suffix::default() };
            expectation(*who, Awaited::ToProxy(Message::Http(lines)), suffix)
        }
        Entry::ToHost(who, line, request) => expect(*who, Awaited::ToHost(*line, to_host(request))),
        Entry::Ping(who) => expect(*who, Awaited::ToBroker(Message::Ping(None))),
        Entry::Pong(who, payload) => {
            let payload = String::from_utf8(payload.clone()).ok().filter(|text| !text.is_empty());
            expect(*who, Awaited::ToBroker(Message::Pong(payload)))
        }
        Entry::Close(who, code) => expect(*who, Awaited::ToBroker(Message::Close(*code, None))),
        // The caller handles these.
        Entry::Screen(..) | Entry::Comment(_) | Entry::Folded { .. } => Action::End,
    };
    Step { span: Span::default(), called: None, stamp: Some(at), action }
}

/// A played step as written in a transcript, without its label.
fn played(action: &Action) -> Action {
    let mut action = action.clone();
    match &mut action {
        Action::Fault(fault) => fault.label = None,
        Action::Send(send) => send.label = None,
        _ => {}
    }
    action
}

fn expectation(who: usize, awaited: Awaited, suffix: Suffix) -> Action {
    Action::Expect(Expect { who, awaited, suffix })
}

/// A link event as the expectation that a line states.
pub fn link(seen: LinkReport) -> LinkObservation {
    match seen {
        LinkReport::Attempts => LinkObservation::Attempts,
        LinkReport::Connects => LinkObservation::Connects,
        LinkReport::Loses => LinkObservation::Loses,
        LinkReport::Fails(reason) => LinkObservation::Fails(reason.kind().to_owned(), reason.detail()),
    }
}

fn equals(field: &str, value: &str) -> Test {
    Test { field: field.to_owned(), demand: Demand::Is(Op::Equal, value.to_owned()), span: Span::default() }
}

/// Writes a screen as a line, with the terminal's name if there are several.
fn screen_into(out: &mut String, names: &[String], who: usize, screen: &Screen) {
    if names.len() > 1 {
        out.extend([&names[who], ": "]);
    }
    out.push_str(&screen_line(screen));
    out.push('\n');
}

/// A screen as a line, without the terminal's name.
pub fn screen_line(screen: &Screen) -> String {
    let mut out = format!("screen {}", screen.name);
    if !screen.text.is_empty() {
        out.extend([" ", &quote(&screen.text)]);
    }
    fields_into(&mut out, screen.fields.iter().map(|(name, value)| (name.as_ref(), value.as_str())));
    out
}

/// Writes a response as a line with all its fields in order.
fn data_into(out: &mut String, name: &str, data: &Data, answers: Option<&String>) {
    out.extend([name, " -> pos "]);
    out.push_str(if data.answers.is_none() { " notice" } else { "" });
    out.push_str(if data.encrypted { " encrypted" } else { "" });
    for field in data.response.iter().flat_map(Response::fields) {
        if field.name == "MAC" || is_left_out(&field.name) {
            out.extend([" ", &field.name, "=*"]);
        } else {
            fields_into(out, [(field.name.as_str(), field.text.as_str())]);
        }
    }
    out.push_str("  exactly");
    out.extend(answers.map(|label| format!("  re {label}")));
    out.push('\n');
}

/// Whether the fields of a response reproduce it completely.
fn is_flat(data: &Data) -> bool {
    let same =
        |r: &Response| data.encrypted || [Layout::Indented, Layout::Compact].iter().any(|l| r.to_xml(*l) == data.text);
    let flat = |r: &Response| r.fields().iter().all(|f| f.children.is_empty() && is_word(&f.name));
    data.response.as_ref().is_some_and(|r| flat(r) && same(r))
}

const NO_LIMITS: Limits = Limits { bytes_max: usize::MAX, depth_max: 64, elements_max: 10_000 };

/// A request in field form if that form gives the same bytes again, else as verbatim text.
pub fn request(text: &str) -> Message {
    let parsed = Request::parse(text, NO_LIMITS).ok().filter(|request| request.to_xml(Layout::Indented) == text);
    let flat = parsed.as_ref().map(Request::fields).filter(|fields| {
        let names: Vec<&str> = fields.iter().take(2).map(|f| f.name.as_str()).collect();
        let words = fields.iter().take(2).all(|f| is_word(&f.text));
        names == ["FUNCTION_TYPE", "COMMAND"]
            && words
            && fields.iter().all(|f| f.children.is_empty() && is_word(&f.name))
    });
    match flat {
        Some(fields) => Message::Fields(Fields {
            routing: fields[..2].iter().map(|f| f.text.clone()).collect(),
            tests: fields[2..].iter().map(|f| equals(&f.name, &f.text)).collect(),
            ..Fields::default()
        }),
        None => verbatim(text),
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// A document to a host in field form.
fn to_host(request: &Request) -> Message {
    let routing = vec![request.function_type().to_owned(), request.command().to_owned()];
    let in_words = routing.iter().all(|word| is_word(word));
    let fields = request.fields().iter().skip(if in_words { 2 } else { 0 }).filter(|f| is_word(&f.name));
    let shown = |f: &Element| match f.name == "MAC" || is_left_out(&f.name) {
        true => Test { field: f.name.clone(), demand: Demand::Any, span: Span::default() },
        false => equals(&f.name, &f.text),
    };
    let tests = fields.map(shown).collect();
    Message::Fields(Fields { routing: if in_words { routing } else { Vec::new() }, tests, ..Fields::default() })
}

/// A text as a document block if that preserves it exactly, else as a quoted text.
#[must_use]
pub fn verbatim(text: &str) -> Message {
    let survives = text.starts_with('<')
        && !text.ends_with('\n')
        && !text.contains(['\r', '\t'])
        && text.len() < 4_096
        && text.split('\n').all(|line| line.trim_end() == line);
    if survives { Message::Xml(text.to_owned()) } else { Message::Text(text.to_owned()) }
}
