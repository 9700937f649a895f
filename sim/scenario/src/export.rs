//! Export of a scenario as a versioned, documented JSON document, with all rows and stories expanded.

use sca_masking::secret;
use sca_protocol::frame::LengthForm;
use serde_json::{Map, Value, json};

use crate::print::Printer;
use crate::print_parts::hex;
use sca_model::Span;
use sca_model::{
    Action, Awaited, Bytes, CardholderAct, Carrier, Cast, Demand, Expect, Fault, Fields, LinkObservation, Message,
    Party, Pattern, Place, Row, Scenario, Send, Show, Source, Speaker, Step, Suffix, Test, Trigger,
};

/// The version of the document. It changes if a field changes its meaning or is removed; fields may be added.
pub const EXPORT_VERSION: u32 = 1;

/// Exports the scenario as a JSON document, which `sim/docs/json.md` describes.
///
/// ```
/// let scenario = sca_scenario::parse("scenario \"It connects\"\n\nterminal connects\n").unwrap();
/// let document = sca_scenario::export(&scenario);
/// assert_eq!(document["rows"][0]["steps"][0]["link"], "connects");
/// ```
#[must_use]
pub fn export(scenario: &Scenario) -> Value {
    let header = &scenario.header;
    let waives = header.waives.iter().map(|waive| json!({ "invariant": waive.invariant, "reason": waive.reason }));
    let expect_fail =
        header.expect_fail.as_ref().map(|known| json!({ "reason": known.reason, "until": known.until.to_string() }));
    let names = |row: &Row| row.cast.terminals.iter().map(|t| t.name.clone()).collect::<Vec<_>>();
    let ignores = scenario.rows.first().map_or_else(Vec::new, |row| {
        let (names, pos) = (names(row), &row.cast.pos);
        let printer = Printer::new(&names, pos);
        let line = |(source, pattern): &(Source, Pattern)| printer.ignored(source, pattern);
        header.ignores.iter().map(line).collect::<Vec<_>>()
    });
    json!({
        "version": EXPORT_VERSION,
        "title": scenario.title,
        "tags": header.tags,
        "seed": header.seed,
        "clock": header.clock.map(|clock| clock.to_string()),
        "waives": waives.collect::<Vec<_>>(),
        "ignores": ignores,
        "expect_fail": expect_fail,
        "clauses": scenario.covers(),
        "rows": scenario.rows.iter().map(|row| self::row(row, &names(row))).collect::<Vec<_>>(),
    })
}

fn row(row: &Row, names: &[String]) -> Value {
    let brokers = row.cast.broker_names();
    let printer = Printer::new(names, &row.cast.pos).with_brokers(&brokers);
    let teller = Teller { names, pos: &row.cast.pos, brokers: &brokers, printer };
    json!({
        "values": row.values.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "cast": cast(&row.cast),
        "steps": teller.steps(&row.steps),
    })
}

fn cast(cast: &Cast) -> Value {
    let terminals = cast
        .terminals
        .iter()
        .map(|terminal| json!({ "name": terminal.name, "settings": terminal.settings, "files": terminal.files }));
    let certificates = cast.certificates.iter().map(|(name, certificate)| {
        let valid = certificate.valid.map(|(from, to)| [from.to_string(), to.to_string()]);
        let (flaw, names, intermediate) = (&certificate.flaw, &certificate.names, certificate.by_intermediate);
        let one = json!({ "valid": valid, "flaw": flaw, "names": names, "intermediate": intermediate });
        (name.clone(), one)
    });
    json!({
        "terminals": terminals.collect::<Vec<_>>(),
        "broker": cast.broker,
        "other_brokers": cast.other_brokers.iter()
            .map(|broker| json!({ "name": broker.name, "settings": broker.settings })).collect::<Vec<_>>(),
        "pos": cast.pos,
        "host": cast.host,
        "vhq": cast.vhq,
        "certificates": certificates.collect::<Map<_, _>>(),
    })
}

struct Teller<'a> {
    names: &'a [String],
    pos: &'a [String],
    brokers: &'a [String],
    printer: Printer<'a>,
}

impl Teller<'_> {
    fn steps(&self, steps: &[Step]) -> Vec<Value> {
        steps.iter().map(|step| self.step(step)).collect()
    }

    fn step(&self, step: &Step) -> Value {
        let mut text = String::new();
        self.printer.step(&mut text, step, 0);
        let mut out = Map::new();
        out.insert("text".to_owned(), json!(text.trim_end()));
        out.insert("at".to_owned(), place(step.span));
        if let Some(called) = step.called {
            out.insert("called".to_owned(), place(called));
        }
        if let Some(stamp) = step.stamp {
            out.insert("stamp_ms".to_owned(), json!(stamp.as_millis()));
        }
        if let Value::Object(parts) = self.action(&step.action) {
            out.extend(parts);
        }
        Value::Object(out)
    }

    fn name(&self, who: usize) -> &str {
        self.names.get(who).map_or("terminal", String::as_str)
    }

    fn party(&self, party: Party) -> &str {
        match party {
            Party::Terminal(who) => self.name(who),
            Party::Broker(0) => "broker",
            Party::Broker(which) => self.brokers.get(which - 1).map_or("broker", String::as_str),
            Party::Host => "host",
            Party::Vhq => "vhq",
        }
    }

    fn action(&self, action: &Action) -> Value {
        match action {
            Action::Send(send) => self.send(send),
            Action::Expect(expect) => self.expect(expect),
            Action::Check(relation, labels) => {
                json!({ "kind": "check", "relation": relation.word(), "labels": labels })
            }
            Action::Wait(span) => json!({ "kind": "wait", "ms": span.as_millis() }),
            Action::End => json!({ "kind": "end" }),
            Action::Network(act) => json!({ "kind": "network", "said": act.said }),
            Action::Power { on, who } => json!({ "kind": "power", "terminal": self.name(*who), "on": on }),
            Action::Cardholder { who, act } => {
                json!({ "kind": "cardholder", "terminal": self.name(*who), "act": cardholder(act) })
            }
            Action::Set(set) => {
                json!({ "kind": "set", "party": self.party(set.party), "name": set.name, "value": set.value })
            }
            Action::File { who, path, name } => {
                json!({ "kind": "file", "terminal": self.name(*who), "path": path, "file": name })
            }
            Action::Host(act) => json!({ "kind": "host", "party": self.party(act.party), "sets": act.sets }),
            Action::Fault(fault) => self.fault(fault),
            Action::Answers { by_proxy, count, lines } => {
                let by = if *by_proxy { "proxy" } else { "broker" };
                json!({ "kind": "answers", "by": by, "of": counted(*count), "lines": lines })
            }
            Action::AnyOrder(block) => json!({ "kind": "any-order", "block": self.steps(block) }),
            Action::InOrder(block) => json!({ "kind": "in-order", "block": self.steps(block) }),
            Action::Together(block) => json!({ "kind": "together", "block": self.steps(block) }),
            Action::Optional(block) => json!({ "kind": "optional", "block": self.steps(block) }),
            Action::Either(covers, branches) => {
                let branches: Vec<Vec<Value>> = branches.iter().map(|branch| self.steps(branch)).collect();
                json!({ "kind": "either", "covers": covers, "branches": branches })
            }
            Action::Throughout(who, show, covers, block) => json!({
                "kind": "throughout", "terminal": self.name(*who), "shows": shows(show), "covers": covers,
                "block": self.steps(block),
            }),
            Action::Without(source, pattern, covers, block) => json!({
                "kind": "without", "what": self.printer.ignored(source, pattern), "covers": covers,
                "block": self.steps(block),
            }),
        }
    }

    fn send(&self, send: &Send) -> Value {
        let from = match send.by {
            Speaker::Broker => "broker",
            Speaker::Pos(0) => "pos",
            Speaker::Pos(which) => self.pos.get(which - 1).map_or("pos", String::as_str),
        };
        let (to, message) = (self.name(send.to), message(&send.message));
        json!({ "kind": "send", "from": from, "to": to, "message": message, "label": send.label })
    }

    fn expect(&self, expect: &Expect) -> Value {
        let mut out = json!({ "kind": "expect", "terminal": self.name(expect.who), "suffix": suffix(&expect.suffix) });
        let (key, value) = match &expect.awaited {
            Awaited::ToPos(said) => ("to_pos", message(said)),
            Awaited::ToBroker(said) => ("to_broker", message(said)),
            Awaited::ToHost(sca_protocol::Line::Estate, said) => ("to_vhq", message(said)),
            Awaited::ToHost(_, said) => ("to_host", message(said)),
            Awaited::ToProxy(said) => ("to_proxy", message(said)),
            Awaited::Link(awaited) => ("link", link(awaited)),
            Awaited::Show(show) => ("shows", shows(show)),
        };
        out[key] = value;
        out
    }

    fn fault(&self, fault: &Fault) -> Value {
        let mut said = String::new();
        crate::print_parts::fault(&mut said, fault);
        let arm = fault.arm.as_ref().map(|arm| match arm {
            Trigger::On(count) => json!({ "on": counted(*count) }),
            Trigger::At(place, point) => {
                let side = match place {
                    Place::Before => "before",
                    Place::After => "after",
                    Place::At => "at",
                };
                let (carrier, label) = match &point.carrier {
                    Carrier::Request(label) => ("request", Some(label)),
                    Carrier::Reply(label) => ("reply", Some(label)),
                    Carrier::Upgrade => ("upgrade", None),
                    Carrier::Answer => ("answer", None),
                    Carrier::Tls(word) => (*word, None),
                };
                let bytes = point.bytes.map(|bytes| match bytes {
                    Bytes::Count(count) => json!(count),
                    Bytes::Each => json!("each"),
                });
                json!({ "side": side, "carrier": carrier, "label": label, "bytes": bytes })
            }
        });
        json!({
            "kind": "fault", "terminal": self.name(fault.who), "fault": said.trim_start_matches("fault "), "arm": arm,
            "for_ms": fault.lasting.map(|span| span.as_millis()), "label": fault.label,
        })
    }
}

fn place(span: Span) -> Value {
    json!({ "file": span.file, "line": span.line, "column": span.column, "length": span.length })
}

fn counted(count: sca_model::Count) -> Value {
    json!({ "of": if count.of_connections { "connection" } else { "attempt" }, "from": count.from, "to": count.to })
}

fn suffix(suffix: &Suffix) -> Value {
    let within = suffix.within.as_ref().map(|within| {
        json!({ "from_ms": within.from.map(|from| from.as_millis()), "to_ms": within.to.as_millis(), "of": within.of })
    });
    json!({
        "within": within, "exactly": suffix.exactly, "bytes": suffix.bytes, "label": suffix.label,
        "re": suffix.re.as_ref().map(|(label, _)| label), "covers": suffix.covers,
    })
}

fn message(message: &Message) -> Value {
    match message {
        Message::Fields(Fields { notice, encrypted, routing, tests: all }) => {
            json!({ "notice": notice, "encrypted": encrypted, "routing": routing, "fields": tests(all) })
        }
        Message::Xml(text) => json!({ "document": text }),
        Message::Text(text) => json!({ "text": text }),
        Message::Binary(bytes) => json!({ "binary": hex(bytes) }),
        Message::Http(lines) => json!({ "http": lines }),
        Message::Ping(payload) => json!({ "ping": payload }),
        Message::Pong(payload) => json!({ "pong": payload }),
        Message::Close(code, reason) => json!({ "close": { "code": code, "reason": reason } }),
        Message::Frame(frame) => json!({ "frame": {
            "opcode": frame.opcode, "last": frame.last, "masked": frame.masked, "reserved": frame.reserved,
            "length": frame.length, "length_bytes": frame.length_form.map(LengthForm::bytes), "payload": hex(&frame.payload),
        } }),
    }
}

fn tests(tests: &[Test]) -> Vec<Value> {
    tests.iter().map(test).collect()
}

fn test(test: &Test) -> Value {
    let (op, value) = match &test.demand {
        Demand::Absent => ("absent", None),
        Demand::Any => ("any", None),
        Demand::Capture(name) => ("capture", Some(name.as_str())),
        Demand::Matches(regex) => ("matches", Some(regex.as_str())),
        Demand::Is(op, value) => (op.sign(), Some(value.as_str())),
    };
    // Values that no artefact may hold; an insert is not a value.
    let is_secret = secret::kind(&test.field).is_some_and(secret::Kind::is_withheld);
    let value = value.map(|value| if is_secret && !value.starts_with("{{") { "*" } else { value });
    json!({ "field": test.field, "op": op, "value": value })
}

fn link(awaited: &LinkObservation) -> Value {
    match awaited {
        LinkObservation::Connects => json!("connects"),
        LinkObservation::Attempts => json!("attempts"),
        LinkObservation::Loses => json!("loses"),
        LinkObservation::FailsSomehow => json!("fails"),
        LinkObservation::Fails(kind, detail) => json!({ "fails": kind, "detail": detail }),
    }
}

fn shows(show: &Show) -> Value {
    match show {
        Show::Icon { connected, file } => json!({ "icon": { "connected": connected, "file": file } }),
        Show::Screen { name, text, pattern, tests: all } => json!({ "screen": {
            "name": name.map(|name| name.to_string()), "text": text,
            "pattern": pattern.as_ref().map(regex::Regex::as_str), "fields": tests(all),
        } }),
    }
}

fn cardholder(act: &CardholderAct) -> Value {
    match act {
        CardholderAct::Presses(button) => json!({ "presses": button }),
        CardholderAct::Enters(text) => json!({ "enters": text }),
        CardholderAct::Presents(card, entry) => {
            json!({ "presents": card.name, "entry": format!("{entry:?}").to_lowercase() })
        }
        CardholderAct::Removes => json!("removes"),
        CardholderAct::Signs => json!("signs"),
    }
}
