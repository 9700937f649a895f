//! A real broker under test: the harness plays the terminal and the POS, on real sockets in real time.

use std::sync::Arc;
use std::time::Duration;

use sca_protocol::settings::{BrokerSettings, with};
use sca_scenario::Span;
use sca_scenario::model::{Action, LinkSight, Message, Party, Row, Scenario, Sight, Speaker, Step};
use sca_terminal::Target;

use crate::around::play_with_broker;
use crate::core::{Core, Making};
use crate::identities::Identities;
use crate::live::Credentials;
use crate::play::{Options, Place};
use crate::rows::{length, too_long};
use crate::verdict::{Failure, Played};

/// A broker under test, and how the harness gets at it.
#[derive(Debug, Clone)]
pub struct ExternalBroker {
    /// Where terminals find it.
    pub broker: Target,
    /// Where POS find it: a url in which `{pinpad}` stands for the terminal they speak to.
    pub pos: String,
    /// Settings of the terminal that the way to it asks for.
    pub terminal: Vec<(String, String)>,
    /// Whom terminal and POS trust, and what they show.
    pub credentials: Credentials,
    /// How long the broker may take to let a POS in.
    pub patience: Duration,
    /// Scenarios that take longer are not played.
    pub longest: Duration,
    /// What every deadline is stretched by.
    pub slack: Duration,
}

impl ExternalBroker {
    /// Where the POS of a terminal finds the broker, and the path it asks for.
    pub(crate) fn pos_of(&self, pinpad_id: &str) -> (Target, String) {
        let url = self.pos.replace("{pinpad}", pinpad_id);
        let (front, path) = split_path(&url);
        let target = crate::parse_url(front).unwrap_or_else(|| self.broker.clone());
        (target, path.to_owned())
    }

    /// The url of the broker.
    fn url(&self) -> String {
        let Target { host, port, secure } = &self.broker;
        format!("{}://{host}:{port}", if *secure { "wss" } else { "ws" })
    }
}

/// A url parted before its path, which is `/` where it has none.
#[must_use]
pub fn split_path(url: &str) -> (&str, &str) {
    let begin = url.find("://").map_or(0, |at| at + 3);
    match url[begin..].find('/') {
        Some(at) => url.split_at(begin + at),
        None => (url, "/"),
    }
}

/// Plays a row with a real broker.
pub(crate) fn play_external_broker<C: Core>(
    scenario: &Scenario,
    row: &Row,
    options: &Options,
    identities: &Arc<Identities>,
    make: &dyn Fn(Making) -> C,
    external: &ExternalBroker,
) -> Played {
    let mut row = row.clone();
    row.cast.broker.insert("url".to_owned(), external.url());
    for terminal in &mut row.cast.terminals {
        terminal.settings.extend(external.terminal.iter().cloned());
    }
    let mut scenario = Scenario { rows: Vec::new(), ..scenario.clone() };
    scenario.header.clock = Some(crate::clock::today());
    let options = Options { place: Place::Wire { scale: 1 }, ..options.clone() };
    play_with_broker(&scenario, &row, &options, identities, make, external.clone())
}

const FIRST_LINE: Span = Span { line: 1, column: 1, length: 8, file: 0 };

fn no(span: Span, why: impl Into<String>) -> Option<Failure> {
    Some(Failure::at(span, why).label("not for a real broker"))
}

/// Why a row cannot be played with a real broker, if it cannot.
pub(crate) fn unplayable(
    scenario: &Scenario,
    row: &Row,
    in_memory: &Played,
    external: &ExternalBroker,
) -> Option<Failure> {
    if scenario.header.clock.is_some() {
        return no(FIRST_LINE, "a real broker has the clock of the day");
    }
    if !row.cast.certificates.is_empty() {
        return no(FIRST_LINE, "a real broker has a certificate of its own");
    }
    let set: Vec<&String> = row.cast.broker.keys().filter(|name| *name != "url" && *name != "subprotocol").collect();
    if let Some(name) = set.first() {
        return no(FIRST_LINE, format!("a real broker's `{name}` cannot be set from here"));
    }
    let settings: BrokerSettings = with(&row.cast.broker).ok()?;
    let named = row.cast.broker.contains_key("url").then(|| crate::play::target(&settings).secure);
    if named.is_some_and(|secure| secure && !external.broker.secure) {
        return no(FIRST_LINE, "it is about wss, and the broker speaks ws");
    }
    let of_terminal =
        ["certificate", "authority", "clock", "PROXY", "WEBSOCKETADDRESS_", "WEBSOCKETPORT_", "POSCONNECTALLOW"];
    for terminal in &row.cast.terminals {
        if let Some(name) = of_terminal.iter().find(|name| terminal.settings.contains_key(**name)) {
            return no(FIRST_LINE, format!("with a real broker the terminal's `{name}` is given by the command line"));
        }
    }
    let longest = || too_long(length(row, in_memory), external.longest, Some("--longest"));
    row.steps.iter().find_map(of_step).or_else(longest)
}

fn of_step(step: &Step) -> Option<Failure> {
    let span = step.span;
    match &step.action {
        Action::Send(send) if send.by == Speaker::Broker => no(span, "what a real broker says is its own"),
        Action::Send(send) if matches!(send.message, Message::Binary(_)) => {
            no(span, "whether a real broker passes on what is no text is its own")
        }
        Action::Expect(expect) => match &expect.sight {
            Sight::ToBroker(Message::Http(_)) => None,
            Sight::ToBroker(_) => no(span, "what a real broker hears is not told"),
            Sight::ToProxy(_) => no(span, "there is no proxy before the broker"),
            Sight::Link(LinkSight::Fails(..) | LinkSight::FailsSomehow | LinkSight::Loses) => {
                no(span, "a real broker does not fail on demand")
            }
            _ => None,
        },
        Action::Fault(_) => no(span, "the line to a real broker cannot be harmed from here"),
        Action::Answers { .. } => no(span, "how a real broker answers is its own"),
        Action::Network(_) => no(span, "the network of a real broker cannot be changed from here"),
        Action::Together(_) => no(span, "a real broker makes segments of its own"),
        Action::Set(set) if matches!(set.party, Party::Broker(_)) => no(span, "a real broker cannot be set from here"),
        Action::Set(set) if matches!(set.name.as_str(), "clock" | "certificate" | "authority") => {
            no(span, "who the terminal is, the command line says")
        }
        other => other.blocks().into_iter().flatten().find_map(of_step),
    }
}
