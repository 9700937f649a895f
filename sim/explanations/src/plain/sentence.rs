//! Descriptions of single steps as English sentences.

use sca_protocol::Line;
use sca_protocol::cards::Entry;
use sca_protocol::settings::format_duration;

use sca_model::{
    Action, Awaited, CardholderAct, Demand, Expect, Fields, LinkObservation, Message, NetworkChange, Op, Party,
    Pattern, Relation, Send, Show, Source, Speaker, Step, Suffix, TerminalIndex, Test,
};
use sca_scenario::{count_into, fault_into, tests_into};

/// Describes steps, with the names of the parties they refer to.
pub(super) struct Teller<'a> {
    pub(super) names: &'a [String],
    pub(super) pos: &'a [String],
}

impl Teller<'_> {
    /// Describes a step in a sentence without a full stop.
    pub(super) fn step(&self, step: &Step) -> String {
        match &step.action {
            Action::Send(send) => self.send(send),
            Action::Expect(expect) => self.expect(expect),
            Action::Check(relation, labels) => {
                let how = match relation {
                    Relation::Rising => "have to increase (for moments: the pauses between them)",
                    Relation::Differ => "have to be different",
                    Relation::Same => "have to be the same",
                };
                format!("{} {how}", labels.join(", "))
            }
            Action::Wait(span) => format!("{} pass", format_duration(*span)),
            Action::End => "the run ends".to_owned(),
            Action::Network(act) => network(&act.change),
            Action::Power { on, who } => format!("{} is switched {}", self.name(*who), if *on { "on" } else { "off" }),
            Action::Cardholder { who, act } => format!("the cardholder {} at {}", cardholder(act), self.name(*who)),
            Action::Set(set) => format!("{} of {} becomes {}", set.name, self.party(set.party), set.value),
            Action::File { who, path, name: Some(name) } => format!("{name} is put on {} as {path}", self.name(*who)),
            Action::File { who, path, name: None } => format!("{path} is removed from {}", self.name(*who)),
            Action::Host(act) => format!("from now on, the {}", act.said),
            Action::Fault(fault) => {
                let mut said = String::new();
                fault_into(&mut said, fault);
                let when = if fault.arm.is_some() { "a fault is armed" } else { "a fault occurs now" };
                let label = fault.label.as_ref().map(|label| format!("; its label is `{label}`")).unwrap_or_default();
                let said = said.split("  as ").next().unwrap_or_default().trim_start_matches("fault ");
                let whose = if self.names.len() > 1 { format!(" at {}", self.name(fault.who)) } else { String::new() };
                format!("{when}{whose}: {said}{label}")
            }
            Action::Answers { by_proxy, count, lines } => {
                let mut at = String::new();
                count_into(&mut at, *count);
                let who = if *by_proxy { "the proxy" } else { "the broker" };
                format!("{who} answers {at} with `{}`", lines.first().map_or("", String::as_str))
            }
            Action::AnyOrder(_) => "all of these have to be observed, in any order:".to_owned(),
            Action::InOrder(_) => "these have to be observed in this order, whatever their channel:".to_owned(),
            Action::Together(_) => "these are sent in one segment:".to_owned(),
            Action::Throughout(who, show, covers, _) => {
                let shown = self.shown(*who, show, "has to show");
                format!("{shown} during this whole block{}:", proof(covers))
            }
            Action::Without(source, pattern, covers, _) => {
                format!("{} during this block{}:", self.forbidden(source, pattern), proof(covers))
            }
            Action::Optional(_) => "if the first of these is observed, all of them have to be:".to_owned(),
            Action::Either(..) => "one of these branches is required; the first line of each decides:".to_owned(),
        }
    }

    fn name(&self, who: TerminalIndex) -> String {
        match self.names.get(who) {
            Some(name) if self.names.len() > 1 || name != "terminal" => format!("terminal {name}"),
            _ => "the terminal".to_owned(),
        }
    }

    fn party(&self, party: Party) -> String {
        match party {
            Party::Terminal(who) => self.name(who),
            Party::Broker(0) => "the broker".to_owned(),
            Party::Broker(at) => format!("broker {}", at + 1),
            Party::Host => "the payment host".to_owned(),
            Party::Vhq => "the estate host".to_owned(),
        }
    }

    fn send(&self, send: &Send) -> String {
        let from = match send.by {
            Speaker::Broker => "the broker".to_owned(),
            Speaker::Pos(0) => "the POS".to_owned(),
            Speaker::Pos(which) => format!("POS {}", self.pos.get(which - 1).map_or("", String::as_str)),
        };
        let what = match &send.message {
            Message::Fields(fields) => {
                let tests =
                    if fields.tests.is_empty() { String::new() } else { format!(" with {}", written(&fields.tests)) };
                let how = if fields.encrypted { " encrypted" } else { "" };
                format!("the request {}{how}{tests}", fields.routing.join(" "))
            }
            other => kind(other),
        };
        let label = send.label.as_ref().map(|label| format!("; its label is `{label}`")).unwrap_or_default();
        format!("{from} sends {what} to {}{label}", self.name(send.to))
    }

    fn expect(&self, expect: &Expect) -> String {
        let who = self.name(expect.who);
        let suffix = &expect.suffix;
        let what = match &expect.awaited {
            Awaited::ToPos(message) => match &suffix.re {
                Some((label, _)) => format!("{who} has to answer `{label}`{}", demanded(message)),
                None => format!("{who} has to send the POS {}{}", kind(message), demanded(message)),
            },
            Awaited::ToBroker(message) => format!("{who} has to send the broker {}", kind(message)),
            Awaited::ToHost(line, message) => {
                let host = if *line == Line::Estate { "the estate host" } else { "the payment host" };
                format!("{who} has to send {host} {}{}", kind(message), demanded(message))
            }
            Awaited::ToProxy(message) => format!("{who} has to send the proxy {}", kind(message)),
            Awaited::Link(awaited) => format!("{who} has to {}", link(awaited)),
            Awaited::Show(show) => self.shown(expect.who, show, "has to show"),
        };
        format!("{what}{}", behind(suffix))
    }

    fn shown(&self, who: TerminalIndex, show: &Show, verb: &str) -> String {
        let who = self.name(who);
        match show {
            Show::Icon { connected, file } => {
                let state = if *connected { "connected" } else { "disconnected" };
                let file = file.as_ref().map(|file| format!(", read from {file}")).unwrap_or_default();
                format!("the icon of {who} {verb} {state}{file}")
            }
            Show::Screen { name, text, pattern, tests } => {
                let mut parts = Vec::new();
                parts.extend(name.map(|name| format!("the screen `{name}`")));
                parts.extend(text.as_ref().map(|text| format!("the text “{text}”")));
                parts.extend(pattern.as_ref().map(|regex| format!("a text that matches `{}`", regex.as_str())));
                parts.extend((!tests.is_empty()).then(|| conditions(tests)));
                format!("{who} {verb} {}", parts.join(" and "))
            }
        }
    }

    fn forbidden(&self, source: &Source, Pattern(message): &Pattern) -> String {
        let which = message.as_ref().map_or_else(|| "anything".to_owned(), |m| format!("{}{}", kind(m), demanded(m)));
        match source {
            Source::ToPos(who) => format!("{} must not send the POS {which}", self.name(*who)),
            Source::ToBroker(who) => format!("{} must not send the broker {which}", self.name(*who)),
            Source::ToHost(who, _) => format!("{} must not send a host {which}", self.name(*who)),
            Source::Link(who, awaited) => format!("{} must not {}", self.name(*who), link(awaited)),
        }
    }
}

fn behind(suffix: &Suffix) -> String {
    let mut out = String::new();
    if let Some(within) = &suffix.within {
        let to = format_duration(within.to);
        let of = within.of.as_ref().map(|of| format!(" of `{of}`")).unwrap_or_default();
        out.push_str(&match within.from {
            Some(from) => format!(", not before {} and within {to}{of}", format_duration(from)),
            None => format!(", within {to}{of}"),
        });
    }
    out.push_str(if suffix.exactly { ", with exactly these fields in this order" } else { "" });
    out.push_str(if suffix.bytes { ", byte for byte" } else { "" });
    out.extend(suffix.label.as_ref().map(|label| format!("; its label is `{label}`")));
    out + &proof(&suffix.covers)
}

fn proof(covers: &[String]) -> String {
    if covers.is_empty() { String::new() } else { format!("; this shows {}", covers.join(" and ")) }
}

fn kind(message: &Message) -> String {
    match message {
        Message::Fields(Fields { notice: true, .. }) => "a notice".to_owned(),
        Message::Fields(fields) if fields.routing.is_empty() => "a message".to_owned(),
        Message::Fields(fields) => fields.routing.join(" "),
        Message::Xml(_) => "the document below the line".to_owned(),
        Message::Text(_) => "a text that is not a document".to_owned(),
        Message::Binary(bytes) => format!("a binary message of {} bytes", bytes.len()),
        Message::Http(_) => "an HTTP request".to_owned(),
        Message::Ping(_) => "a ping".to_owned(),
        Message::Pong(_) => "a pong".to_owned(),
        Message::Close(Some(code), _) => format!("a close {code}"),
        Message::Close(None, _) => "a close".to_owned(),
        Message::Frame(_) => "a raw frame".to_owned(),
    }
}

fn demanded(message: &Message) -> String {
    match message {
        Message::Fields(fields) if !fields.tests.is_empty() => format!(", in which {}", conditions(&fields.tests)),
        Message::Xml(_) => " with the document below the line".to_owned(),
        _ => String::new(),
    }
}

fn conditions(tests: &[Test]) -> String {
    tests.iter().map(condition).collect::<Vec<_>>().join(", ")
}

fn condition(test: &Test) -> String {
    let field = &test.field;
    match &test.demand {
        Demand::Absent => format!("there is no {field}"),
        Demand::Any => format!("there is a {field}"),
        Demand::Capture(name) => format!("there is a {field} (captured as `{name}`)"),
        Demand::Matches(regex) => format!("{field} matches `{}`", regex.as_str()),
        Demand::Is(op, value) => {
            let how = match op {
                Op::Equal => "is",
                Op::Unequal => "is not",
                Op::Less => "is less than",
                Op::AtMost => "is at most",
                Op::More => "is more than",
                Op::AtLeast => "is at least",
            };
            format!("{field} {how} {}", if value.is_empty() { "empty" } else { value })
        }
    }
}

fn written(tests: &[Test]) -> String {
    let mut out = String::new();
    tests_into(&mut out, tests);
    out.trim().to_owned()
}

fn link(awaited: &LinkObservation) -> String {
    match awaited {
        LinkObservation::Connects => "connect".to_owned(),
        LinkObservation::Attempts => "try to connect".to_owned(),
        LinkObservation::Loses => "lose the link".to_owned(),
        LinkObservation::FailsSomehow => "fail to connect".to_owned(),
        LinkObservation::Fails(kind, detail) => {
            let detail = detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
            format!("fail to connect, with the reason {kind}{detail}")
        }
    }
}

fn network(change: &NetworkChange) -> String {
    let broker = |at: &usize| if *at == 0 { "the broker".to_owned() } else { format!("broker {}", at + 1) };
    match change {
        NetworkChange::Listens { broker: at, on: true } => format!("{} listens again", broker(at)),
        NetworkChange::Listens { broker: at, on: false } => format!("{} stops listening", broker(at)),
        NetworkChange::Name { name, broker: Some(at) } => {
            format!("the name {name} resolves to {} from now on", broker(at))
        }
        NetworkChange::Name { name, broker: None } => format!("the name {name} does not resolve from now on"),
    }
}

fn cardholder(act: &CardholderAct) -> String {
    match act {
        CardholderAct::Presses(button) => format!("presses {button}"),
        CardholderAct::Enters(_) => "enters the requested input".to_owned(),
        CardholderAct::Presents(card, entry) => {
            let verb = match entry {
                Entry::Tapped => "taps",
                Entry::Inserted => "inserts",
                Entry::Swiped => "swipes",
                _ => "presents",
            };
            format!("{verb} the card `{}`", card.name)
        }
        CardholderAct::Removes => "takes the card out".to_owned(),
        CardholderAct::Signs => "signs".to_owned(),
    }
}
