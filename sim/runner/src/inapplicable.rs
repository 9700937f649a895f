//! What a scenario may say and a real thing cannot be made to do, or nobody can see of it: one table for the messages of a
//! run and for the page.

use sca_scenario::Span;

use crate::verdict::Failure;

/// The first line of a file, for what no line says.
pub(crate) const FIRST_LINE: Span = Span { line: 1, column: 1, length: 8, file: 0 };

/// Something that scenarios say. Its [`Row`] tells whom it cannot be played with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The clock of the scenario.
    Clock,
    /// A setting of the terminal.
    TerminalSettings,
    /// Who the terminal is, and how it gets to its broker.
    Identity,
    /// A setting of the broker.
    BrokerSettings,
    /// Latency, bandwidth and clock of the broker.
    Shape,
    /// The broker's url.
    Address,
    /// A certificate of the broker.
    Certificate,
    /// Names in a certificate.
    Names,
    /// ws where the other speaks wss, or the other way round.
    Scheme,
    /// A file on the flash.
    Flash,
    /// The payment host and the estate host.
    Hosts,
    /// A screen or an icon.
    Screen,
    /// Something shown at every moment.
    Throughout,
    /// What a cardholder does.
    Cardholder,
    /// The power.
    Power,
    /// What a proxy hears and says.
    Proxy,
    /// A reason for which an attempt fails.
    Fails,
    /// What the broker hears.
    Heard,
    /// What the broker says by itself, also in one segment.
    Says,
    /// How the broker answers.
    Answers,
    /// A message that is no text.
    Binary,
    /// A name that leads elsewhere.
    NameMoves,
    /// A broker that stops listening.
    Listens,
    /// A name without an address, an address where nobody is.
    Resolver,
    /// A port that is closed, of one device among several.
    RefuseOne,
    /// Attempts that nobody answers, counted.
    UnansweredCounted,
    /// Latency, jitter and bandwidth of the line.
    LineShape,
    /// A message that is lost, doubled, swapped or late.
    Message,
    /// A cut in what the broker sends.
    BrokersBytes,
    /// The broker's hello, its keys.
    BrokersTls,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What it is about.
    pub what: What,
    /// What a file says.
    pub says: &'static str,
    /// Why it cannot be played with a device; nothing where it can.
    pub device: Option<&'static str>,
    /// Why it cannot be played with a real broker; nothing where it can.
    pub broker: Option<&'static str>,
    /// What helps.
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

/// The table.
pub const TABLE: &[Row] = &[
    row(
        What::Clock,
        "`clock …`",
        Some("a device has the clock of the day"),
        Some("a real broker has the clock of the day"),
        "",
    ),
    row(
        What::TerminalSettings,
        "a setting of the terminal, `set terminal`",
        Some("this setting of the device cannot be made from here"),
        None,
        "`--set NAME=VALUE` where the device has it, `{settings}` in `--spawn`",
    ),
    row(
        What::Identity,
        "the terminal's certificate, authority, clock, proxy or address",
        None,
        Some("who the terminal is, and its way to the broker, the command line says"),
        "`--cert`, `--key`, `--ca`, `--set`",
    ),
    row(
        What::BrokerSettings,
        "a setting of the broker, `set broker`",
        None,
        Some("this setting of a real broker cannot be made from here"),
        "",
    ),
    row(
        What::Shape,
        "`latency`, `bandwidth`, `clock` of the broker",
        Some("a real line and a real clock have no such setting"),
        Some("a real line and a real clock have no such setting"),
        "in memory",
    ),
    row(
        What::Address,
        "`set broker url`",
        Some("the device has one address of its broker"),
        Some("the broker has one address"),
        "",
    ),
    row(
        What::Certificate,
        "a certificate of the broker",
        Some("the device knows one certificate of its broker"),
        Some("a real broker has a certificate of its own"),
        "`--spawn` with `{ca}`",
    ),
    row(
        What::Names,
        "names in a certificate",
        Some("the device finds its broker by a name of its own"),
        Some("a real broker has a certificate of its own"),
        "",
    ),
    row(
        What::Scheme,
        "`ws` where the other side speaks `wss`, or the reverse",
        Some("the device speaks wss"),
        Some("it is about wss, and the broker speaks ws"),
        "`--cert` and `--key`; another `--broker`",
    ),
    row(What::Flash, "`file …`", Some("the device's flash cannot be reached from here"), None, ""),
    row(What::Hosts, "`host …`, `vhq …`, what goes to them", Some("a device has hosts of its own"), None, ""),
    row(
        What::Screen,
        "`screen`, `icon`",
        Some("nobody looks at the device; --interactive asks a person"),
        None,
        "`--interactive`",
    ),
    row(
        What::Throughout,
        "`throughout screen`, `throughout icon`",
        Some("nobody can look at the device at every moment"),
        None,
        "",
    ),
    row(
        What::Cardholder,
        "`cardholder …`",
        Some("nobody stands before the device; --interactive asks a person"),
        None,
        "`--interactive`",
    ),
    row(
        What::Power,
        "`power on`, `power off`",
        Some("the device cannot be switched from here"),
        None,
        "`--spawn` or `--interactive`",
    ),
    row(
        What::Proxy,
        "`terminal -> proxy`, `proxy answers`",
        Some("there is no proxy before the device"),
        Some("there is no proxy before the broker"),
        "`--set PROXY=…` for a real one",
    ),
    row(
        What::Fails,
        "`terminal fails` with a reason below TLS",
        Some("the broker's end does not see that a device fails for this reason"),
        None,
        "",
    ),
    row(What::Heard, "`terminal -> broker` other than `http`", None, Some("what a real broker hears is not told"), ""),
    row(
        What::Says,
        "`broker ->`, `together`",
        None,
        Some("what a real broker says, and in which segments, is its own"),
        "",
    ),
    row(What::Answers, "`broker answers`", None, Some("how a real broker answers is its own"), ""),
    row(
        What::Binary,
        "a request that is no text",
        None,
        Some("whether a real broker passes on what is no text is its own"),
        "",
    ),
    row(
        What::NameMoves,
        "`dns NAME is …`",
        Some("a device asks a resolver of its own"),
        Some("the name of a real broker leads where it leads"),
        "",
    ),
    row(
        What::Listens,
        "`broker stops`, `broker listens`",
        None,
        Some("a real broker cannot be stopped from here"),
        "`fault refuse for …`",
    ),
    row(What::Resolver, "`fault dns`, `fault first-address`", Some("a device asks a resolver of its own"), None, ""),
    row(
        What::RefuseOne,
        "`fault refuse` with several devices",
        Some("several devices come by one port, and it is closed for all of them or for none"),
        None,
        "one device at a time",
    ),
    row(
        What::UnansweredCounted,
        "`fault unanswered on …`",
        Some("nobody sees attempts that are not answered, so they cannot be counted"),
        None,
        "`fault unanswered for …`",
    ),
    row(
        What::LineShape,
        "`fault latency`, `jitter`, `throttle`",
        Some("sockets have no such shape"),
        Some("sockets have no such shape"),
        "in memory",
    ),
    row(
        What::Message,
        "`fault lose`, `duplicate`, `swap`, `late`",
        None,
        Some("which message a real broker passes on is its own"),
        "",
    ),
    row(
        What::BrokersBytes,
        "bytes of `answer` or of a request, `before answer`",
        None,
        Some("what a real broker sends is cut at the line, not within a message"),
        "`fault reset`, now or at a step of TLS",
    ),
    row(
        What::BrokersTls,
        "`fault tls …`, `fault key-update`",
        None,
        Some("the hello and the keys of a real broker are its own"),
        "",
    ),
];

impl What {
    fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.what == self).unwrap_or(&TABLE[0])
    }

    /// That a device cannot play it, and what exactly stands at this place.
    pub(crate) fn with_a_device(self, span: Span, what: &str) -> Option<Failure> {
        told(self.row().device, "not for a device", span, what)
    }

    /// That it cannot be played with a real broker, and what exactly stands at this place.
    pub(crate) fn with_a_broker(self, span: Span, what: &str) -> Option<Failure> {
        told(self.row().broker, "not for a real broker", span, what)
    }
}

fn told(why: Option<&'static str>, label: &'static str, span: Span, what: &str) -> Option<Failure> {
    let failure = Failure::at(span, why?).label(label);
    Some(if what.is_empty() { failure } else { failure.note(what) })
}

/// The table as a page has it.
#[must_use]
pub fn table() -> String {
    let mut page =
        "| a file says | to a device | with a real broker | what helps |\n| --- | --- | --- | --- |\n".to_owned();
    for Row { says, device, broker, helps, .. } in TABLE {
        let cell = |why: &Option<&str>| why.unwrap_or("played").to_owned();
        page.push_str(&format!("| {says} | {} | {} | {helps} |\n", cell(device), cell(broker)));
    }
    page
}
