//! The steps and settings of scenarios that an external device or broker cannot play, or that cannot be observed there,
//! with the reasons: one table for the messages of a run and for the page `sim/docs/real.md`.

use sca_model::Span;

use crate::verdict::Failure;

/// The word `scenario` on the first line of a file, for reasons that belong to no other line.
pub const FIRST_LINE: Span = Span { line: 1, column: 1, length: 8, file: 0 };

/// A step or setting of scenarios that external parties may not support. Its [`Row`] gives the reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The `clock` of the scenario.
    Clock,
    /// A setting of the terminal.
    TerminalSettings,
    /// The terminal's identity, and how it reaches its broker.
    Identity,
    /// A setting of the broker.
    BrokerSettings,
    /// Latency, bandwidth and clock of the broker, each as a setting.
    Shape,
    /// The broker's url.
    Address,
    /// A certificate of the broker.
    Certificate,
    /// Names in a certificate.
    Names,
    /// `ws` while the other side uses `wss`, or the reverse.
    Scheme,
    /// A file on the flash.
    Flash,
    /// The payment host and the estate host.
    Hosts,
    /// A screen or an icon.
    Screen,
    /// A `throughout` rule on a screen or an icon.
    Throughout,
    /// An action of the cardholder.
    Cardholder,
    /// Switching the power.
    Power,
    /// A request to a proxy, or its answer.
    Proxy,
    /// The failure of an attempt with a reason that the broker's end cannot see.
    Fails,
    /// Messages that the broker receives, other than the upgrade request.
    Heard,
    /// Frames that the broker itself sends, also several in one segment.
    Says,
    /// The broker's answer to the upgrade.
    Answers,
    /// A request that is not text.
    Binary,
    /// A name that resolves to another address.
    NameMoves,
    /// A broker that stops listening, or listens again.
    Listens,
    /// A name without an address, or an unreachable first address.
    Resolver,
    /// A refused or unanswered dial of one device among several.
    RefuseOne,
    /// Unanswered dials that are counted.
    UnansweredCounted,
    /// Latency, jitter and bandwidth of the connection.
    LineShape,
    /// A message that is lost, duplicated, swapped or late.
    Message,
    /// A cut within data that the broker sends.
    BrokersBytes,
    /// The broker's ServerHello and its keys.
    BrokersTls,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The step or setting.
    pub what: What,
    /// The step or setting as it is written in scenarios.
    pub says: &'static str,
    /// Why it cannot be played with an external terminal; `None` if it can.
    pub device: Option<&'static str>,
    /// Why it cannot be played with an external broker; `None` if it can.
    pub broker: Option<&'static str>,
    /// The option or alternative that helps; may be empty.
    pub helps: &'static str,
}

const fn row(
    what: What,
    says: &'static str,
    device: Option<&'static str>,
    broker: Option<&'static str>,
    helps: &'static str,
) -> Row {
    Row { what, says, device, broker, helps }
}

/// The table, one row for each [`What`].
pub const TABLE: &[Row] = &[
    row(
        What::Clock,
        "`clock …`",
        Some("an external device uses the current time"),
        Some("an external broker uses the current time"),
        "",
    ),
    row(
        What::TerminalSettings,
        "a setting of the terminal, `set terminal`",
        Some("this setting of an external device cannot be changed by sca-sim"),
        None,
        "`--set NAME=VALUE` where the device has it, `{settings}` in `--spawn`",
    ),
    row(
        What::Identity,
        "the terminal's certificate, authority, clock, proxy or address",
        None,
        Some("the command line defines the terminal's identity and its route to the broker"),
        "`--cert`, `--key`, `--ca`, `--set`",
    ),
    row(
        What::BrokerSettings,
        "a setting of the broker, `set broker`",
        None,
        Some("this setting of an external broker cannot be changed by sca-sim"),
        "",
    ),
    row(
        What::Shape,
        "`latency`, `bandwidth`, `clock` of the broker",
        Some("a real network and a real clock have no such setting"),
        Some("a real network and a real clock have no such setting"),
        "in memory",
    ),
    row(
        What::Address,
        "`set broker url`",
        Some("an external device has one fixed address for its broker"),
        Some("an external broker has one fixed address"),
        "",
    ),
    row(
        What::Certificate,
        "a certificate of the broker",
        Some("an external device expects one fixed certificate of its broker"),
        Some("an external broker uses its own certificate"),
        "`--spawn` with `{ca}`",
    ),
    row(
        What::Names,
        "names in a certificate",
        Some("an external device uses its own name for its broker"),
        Some("an external broker uses its own certificate"),
        "",
    ),
    row(
        What::Scheme,
        "`ws` while the other side uses `wss`, or the reverse",
        Some("the device uses wss"),
        Some("the scenario needs wss, but the broker uses ws"),
        "`--cert` and `--key`; another `--broker`",
    ),
    row(What::Flash, "`file …`", Some("the flash of an external device is not accessible"), None, ""),
    row(What::Hosts, "`host …`, `vhq …`, messages to them", Some("an external device uses its own hosts"), None, ""),
    row(
        What::Screen,
        "`screen`, `icon`",
        Some("the display cannot be read; --interactive asks an operator"),
        None,
        "`--interactive`",
    ),
    row(
        What::Throughout,
        "`throughout screen`, `throughout icon`",
        Some("the display cannot be watched continuously"),
        None,
        "",
    ),
    row(
        What::Cardholder,
        "`cardholder …`",
        Some("there is no cardholder at the device; --interactive asks an operator"),
        None,
        "`--interactive`",
    ),
    row(
        What::Power,
        "`power on`, `power off`",
        Some("sca-sim cannot switch the power of an external device"),
        None,
        "`--spawn` or `--interactive`",
    ),
    row(
        What::Proxy,
        "`terminal -> proxy`, `proxy answers`",
        Some("there is no proxy in front of an external device"),
        Some("there is no proxy in front of an external broker"),
        "`--set PROXY=…` for a real one",
    ),
    row(
        What::Fails,
        "`terminal fails` with a reason below TLS",
        Some("this failure reason cannot be observed at the broker's end"),
        None,
        "",
    ),
    row(
        What::Heard,
        "`terminal -> broker` other than `http`",
        None,
        Some("messages received by an external broker are not visible"),
        "",
    ),
    row(
        What::Says,
        "`broker ->`, `together`",
        None,
        Some("frames and segments of an external broker cannot be scripted"),
        "",
    ),
    row(What::Answers, "`broker answers`", None, Some("the answer of an external broker cannot be scripted"), ""),
    row(
        What::Binary,
        "a request that is not text",
        None,
        Some("an external broker need not forward binary messages"),
        "",
    ),
    row(
        What::NameMoves,
        "`dns NAME is …`",
        Some("an external device uses its own resolver"),
        Some("the address of an external broker cannot be changed"),
        "",
    ),
    row(
        What::Listens,
        "`broker stops`, `broker listens`",
        None,
        Some("sca-sim cannot stop an external broker"),
        "`fault refuse for …`",
    ),
    row(
        What::Resolver,
        "`fault dns`, `fault first-address`",
        Some("an external device uses its own resolver"),
        None,
        "",
    ),
    row(
        What::RefuseOne,
        "`fault refuse` with several devices",
        Some("all devices share one port, which can be closed for all of them or none"),
        None,
        "one device at a time",
    ),
    row(
        What::UnansweredCounted,
        "`fault unanswered on …`",
        Some("unanswered attempts cannot be observed, so they cannot be counted"),
        None,
        "`fault unanswered for …`",
    ),
    row(
        What::LineShape,
        "`fault latency`, `jitter`, `throttle`",
        Some("real sockets cannot be shaped like this"),
        Some("real sockets cannot be shaped like this"),
        "in memory",
    ),
    row(
        What::Message,
        "`fault lose`, `duplicate`, `swap`, `late`",
        None,
        Some("the messages that an external broker forwards cannot be controlled"),
        "",
    ),
    row(
        What::BrokersBytes,
        "bytes of `answer` or of a request, `before answer`",
        None,
        Some("data of an external broker can be cut on the connection, not within a message"),
        "`fault reset`, now or at a step of TLS",
    ),
    row(
        What::BrokersTls,
        "`fault tls …`, `fault key-update`",
        None,
        Some("ServerHello and keys of an external broker cannot be changed"),
        "",
    ),
];

impl What {
    fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.what == self).unwrap_or(&TABLE[0])
    }

    /// The failure at `span` if an external terminal cannot play it; `what`, if not empty, is added as a note.
    pub fn for_external_terminal(self, span: Span, what: &str) -> Option<Failure> {
        told(self.row().device, "not playable with an external terminal", span, what)
    }

    /// The failure at `span` if it cannot be played with an external broker; `what`, if not empty, is added as a note.
    pub fn for_external_broker(self, span: Span, what: &str) -> Option<Failure> {
        told(self.row().broker, "not playable with an external broker", span, what)
    }
}

fn told(why: Option<&'static str>, label: &'static str, span: Span, what: &str) -> Option<Failure> {
    let failure = Failure::at(span, why?).label(label);
    Some(if what.is_empty() { failure } else { failure.note(what) })
}

/// The table in Markdown, as it stands in `sim/docs/real.md`.
#[must_use]
pub fn table() -> String {
    let mut page =
        "| scenario | external terminal | external broker | alternative |\n| --- | --- | --- | --- |\n".to_owned();
    for Row { says, device, broker, helps, .. } in TABLE {
        let cell = |why: &Option<&str>| why.unwrap_or("played").to_owned();
        page.push_str(&format!("| {says} | {} | {} | {helps} |\n", cell(device), cell(broker)));
    }
    page
}
