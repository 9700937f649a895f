//! Steps as text: the one spelling in which transcripts are written and which the parser reads back.

use std::fmt::Write;
use std::time::Duration;

use sca_protocol::Line;
use sca_protocol::cards::Entry;
use sca_protocol::settings::show_span;

use crate::model::{
    Action, Arm, Bytes, CardholderAct, Carrier, Count, Demand, Expect, Fault, FaultKind, Fields, LinkSight, Message,
    Op, Party, Pattern, Place, Point, RawFrame, Relation, Show, Sight, Source, Step, Suffix, Test, Toward, Who,
};
use crate::tree::{quote, quote_into};

/// Writes steps for a cast with these terminals.
#[derive(Debug)]
pub struct Printer<'a> {
    names: &'a [String],
}

impl<'a> Printer<'a> {
    /// A printer that calls the terminals by these names.
    #[must_use]
    pub fn new(names: &'a [String]) -> Self {
        Self { names }
    }

    /// Appends a step, its block included, indented by `depth` levels.
    pub fn step(&self, out: &mut String, step: &Step, depth: usize) {
        indent(out, depth);
        if let Some(stamp) = step.stamp {
            stamp_into(out, stamp);
        }
        self.action(out, &step.action, depth);
    }

    fn name(&self, who: Who) -> &str {
        self.names.get(who).map_or("terminal", String::as_str)
    }

    fn party(&self, party: Party) -> &str {
        match party {
            Party::Broker => "broker",
            Party::Host => "host",
            Party::Vhq => "vhq",
            Party::Terminal(who) => self.name(who),
        }
    }

    fn prefix(&self, out: &mut String, who: Who) {
        if self.names.len() > 1 {
            out.extend([self.name(who), ": "]);
        }
    }

    fn action(&self, out: &mut String, action: &Action, depth: usize) {
        match action {
            Action::Send(send) => {
                let from = if send.from_pos { "pos" } else { "broker" };
                out.extend([from, " -> ", self.name(send.to)]);
                let suffix = Suffix { label: send.label.clone(), ..Suffix::default() };
                return message(out, &send.message, &suffix, depth);
            }
            Action::Expect(expect) => return self.expect(out, expect, depth),
            Action::Check(relation, labels) => {
                let word = match relation {
                    Relation::Rising => "rising",
                    Relation::Differ => "differ",
                    Relation::Same => "same",
                };
                out.extend(["check ", word, " ", &labels.join(" ")]);
            }
            Action::Wait(span) => out.extend(["wait ", &show_span(*span)]),
            Action::End => out.push_str("end"),
            Action::Power { on, who } => {
                out.push_str(if *on { "power on" } else { "power off" });
                if self.names.len() > 1 {
                    out.extend([" ", self.name(*who)]);
                }
            }
            Action::Cardholder { who, act } => {
                self.prefix(out, *who);
                cardholder(out, act);
            }
            Action::Set(set) => {
                out.extend(["set ", self.party(set.party), " ", &set.name, " "]);
                bare_into(out, &set.value);
            }
            Action::File { who, path, name } => {
                out.extend(["set ", self.name(*who), " file ", &quote(path), " "]);
                out.push_str(&name.as_ref().map_or_else(|| "none".to_owned(), |name| quote(name)));
            }
            Action::Host(act) => out.push_str(&act.said),
            Action::Fault(f) => {
                self.prefix(out, f.who);
                fault(out, f);
            }
            Action::Answers { by_proxy, count: c, lines } => {
                out.push_str(if *by_proxy { "proxy answers " } else { "broker answers " });
                count(out, *c);
                out.push('\n');
                return verbatim(out, lines, depth);
            }
            Action::AnyOrder(block) => return self.block(out, "any order", block, depth),
            Action::InOrder(block) => return self.block(out, "in order", block, depth),
            Action::Together(block) => return self.block(out, "together", block, depth),
            Action::Throughout(who, state, covers, block) => {
                self.prefix(out, *who);
                let mut head = String::from("throughout ");
                show(&mut head, state);
                suffixes(&mut head, &Suffix { covers: covers.clone(), ..Suffix::default() });
                return self.block(out, &head, block, depth);
            }
            Action::Without(source, pattern, covers, block) => {
                let head = self.without(source, pattern, covers, depth);
                return self.block(out, &head, block, depth);
            }
        }
        out.push('\n');
    }

    fn without(&self, source: &Source, pattern: &Pattern, covers: &[String], depth: usize) -> String {
        let mut head = String::from("without ");
        match source {
            Source::ToPos(who) => head.extend([self.name(*who), " -> pos"]),
            Source::ToBroker(who) => head.extend([self.name(*who), " -> broker"]),
            Source::ToHost(who, line) => head.extend([self.name(*who), " -> ", host(*line)]),
            Source::Link(who, sight) => {
                head.extend([self.name(*who), " "]);
                link(&mut head, sight);
            }
        }
        if let Some(pattern) = &pattern.0 {
            let mut text = String::new();
            message(&mut text, pattern, &Suffix::default(), depth);
            head.push_str(text.trim_end());
        }
        suffixes(&mut head, &Suffix { covers: covers.to_vec(), ..Suffix::default() });
        head
    }

    fn block(&self, out: &mut String, head: &str, block: &[Step], depth: usize) {
        out.extend([head, "\n"]);
        block.iter().for_each(|inner| self.step(out, inner, depth + 1));
    }

    fn expect(&self, out: &mut String, expect: &Expect, depth: usize) {
        match &expect.sight {
            Sight::ToPos(m) => {
                out.extend([self.name(expect.who), " -> pos"]);
                return message(out, m, &expect.suffix, depth);
            }
            Sight::ToBroker(m) => {
                out.extend([self.name(expect.who), " -> broker"]);
                return message(out, m, &expect.suffix, depth);
            }
            Sight::ToProxy(m) => {
                out.extend([self.name(expect.who), " -> proxy"]);
                return message(out, m, &expect.suffix, depth);
            }
            Sight::ToHost(line, m) => {
                out.extend([self.name(expect.who), " -> ", host(*line)]);
                return message(out, m, &expect.suffix, depth);
            }
            Sight::Link(sight) => {
                out.extend([self.name(expect.who), " "]);
                link(out, sight);
            }
            Sight::Show(state) => {
                self.prefix(out, expect.who);
                show(out, state);
            }
        }
        suffixes(out, &expect.suffix);
        out.push('\n');
    }
}

/// Appends ` FIELD=VALUE` for each field, as messages and screens have them.
pub fn fields_into<'a>(out: &mut String, fields: impl IntoIterator<Item = (&'a str, &'a str)>) {
    for (name, value) in fields {
        out.extend([" ", name, "="]);
        bare_into(out, value);
    }
}

fn cardholder(out: &mut String, act: &CardholderAct) {
    out.push_str("cardholder ");
    match act {
        CardholderAct::Presses(key) => {
            out.push_str("presses ");
            bare_into(out, key);
        }
        CardholderAct::Enters(text) => {
            out.push_str("enters ");
            quote_into(out, text);
        }
        CardholderAct::Presents(card, entry) => {
            let word = match entry {
                Entry::Tapped => "taps ",
                Entry::Inserted => "inserts ",
                Entry::Swiped | Entry::Manual => "swipes ",
            };
            out.extend([word, card.name]);
        }
        CardholderAct::Removes => out.push_str("removes"),
        CardholderAct::Signs => out.push_str("signs"),
    }
}

fn host(line: Line) -> &'static str {
    if line == Line::Estate { "vhq" } else { "host" }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Appends a stamp and a blank.
pub fn stamp_into(out: &mut String, stamp: Duration) {
    let _ = write!(out, "+{}.{:03} ", stamp.as_secs(), stamp.subsec_millis());
}

/// Appends a value, without quotes where it can stand so.
fn bare_into(out: &mut String, text: &str) {
    let plain = |c: char| c.is_alphanumeric() || "-_.:/+|".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        out.push_str(text);
    } else {
        quote_into(out, text);
    }
}

fn verbatim(out: &mut String, lines: &[String], depth: usize) {
    for line in lines {
        if !line.is_empty() {
            indent(out, depth + 1);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// Appends a blank and a message, its suffixes and its verbatim part.
fn message(out: &mut String, message: &Message, suffix: &Suffix, depth: usize) {
    let payload = |out: &mut String, word: &str, text: Option<&String>| {
        out.extend([" ", word]);
        out.extend(text.map(|t| format!(" {}", quote(t))));
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

fn hex(bytes: &[u8]) -> String {
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
    if frame.payload.is_empty() {
        return;
    }
    match std::str::from_utf8(&frame.payload) {
        Ok(text) if !text.chars().any(char::is_control) => out.extend([" ", &quote(text)]),
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

fn tests(out: &mut String, tests: &[Test]) {
    for test in tests {
        out.push(' ');
        match &test.demand {
            Demand::Absent => out.extend(["!", &test.field]),
            Demand::Any => out.extend([&test.field, "=*"]),
            Demand::Capture(name) => out.extend([&test.field, "=?", name]),
            Demand::Matches(regex) => out.extend([&test.field, "~", &quote(regex.as_str())]),
            Demand::Is(op, value) => {
                let sign = match op {
                    Op::Equal => "=",
                    Op::Unequal => "!=",
                    Op::Less => "<",
                    Op::AtMost => "<=",
                    Op::More => ">",
                    Op::AtLeast => ">=",
                };
                out.extend([&test.field, sign]);
                bare_into(out, value);
            }
        }
    }
}

fn link(out: &mut String, sight: &LinkSight) {
    match sight {
        LinkSight::Connects => out.push_str("connects"),
        LinkSight::Attempts => out.push_str("attempts"),
        LinkSight::Loses => out.push_str("loses"),
        LinkSight::Fails(kind, detail) => {
            out.extend(["fails ", kind]);
            out.extend(detail.as_ref().map(|d| format!(" {d}")));
        }
    }
}

fn show(out: &mut String, state: &Show) {
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

fn suffixes(out: &mut String, suffix: &Suffix) {
    if let Some(within) = &suffix.within {
        out.push_str("  within ");
        out.extend(within.from.map(|from| format!("{}..", show_span(from))));
        out.push_str(&show_span(within.to));
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

fn count(out: &mut String, count: Count) {
    out.push_str(if count.of_connections { "connection " } else { "attempt " });
    let _ = write!(out, "{}", count.from);
    if count.to != count.from {
        let _ = write!(out, "..{}", count.to);
    }
}

fn fault(out: &mut String, fault: &Fault) {
    out.push_str("fault ");
    let toward = |way: &Option<Toward>| match way {
        None => "",
        Some(Toward::Terminal) => " to terminal",
        Some(Toward::Broker) => " from terminal",
    };
    match &fault.kind {
        FaultKind::Refuse => out.push_str("refuse"),
        FaultKind::Dns => out.push_str("dns unknown"),
        FaultKind::Reset => out.push_str("reset"),
        FaultKind::Fin => out.push_str("fin"),
        FaultKind::Silence(way) => out.extend(["silence", toward(way)]),
        FaultKind::Latency(by, way) => out.extend(["latency ", &show_span(*by), toward(way)]),
        FaultKind::Throttle(rate, way) => out.extend(["throttle ", &rate.to_string(), toward(way)]),
        FaultKind::Lose => out.push_str("lose"),
        FaultKind::Duplicate => out.push_str("duplicate"),
        FaultKind::Swap => out.push_str("swap"),
        FaultKind::Corrupt => out.push_str("corrupt"),
        FaultKind::Tls(word) => out.extend(["tls ", word]),
    }
    match &fault.arm {
        None => {}
        Some(Arm::On(c)) => {
            out.push_str(" on ");
            count(out, *c);
        }
        Some(Arm::At(place, p)) => {
            out.push_str(match place {
                Place::Before => " before ",
                Place::After => " after ",
                Place::At => " at ",
            });
            point(out, p);
        }
    }
    out.extend(fault.lasting.map(|d| format!(" for {}", show_span(d))));
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
