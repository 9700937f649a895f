//! A real broker under test: the harness plays the terminal and the POS, on real sockets in real time.

use sca_judge::inapplicable::{FIRST_LINE, What};
use sca_judge::verdict::Failure;
use sca_model::fault_table::{Affects, FaultKind, Needs};
use sca_model::{
    Action, Awaited, Carrier, Message, NetworkChange, Party, Point, Row, Scenario, Speaker, Step, Trigger,
};
use sca_protocol::settings::{BrokerSettings, with};

use crate::played::Played;
use crate::rows::{length, too_long};
use sca_environment::broker_under_test::ExternalBroker;

/// Why a row cannot be played with a real broker, if it cannot.
pub fn unplayable(scenario: &Scenario, row: &Row, in_memory: &Played, external: &ExternalBroker) -> Option<Failure> {
    if scenario.header.clock.is_some() {
        return What::Clock.for_external_broker(FIRST_LINE, "");
    }
    if !row.cast.certificates.is_empty() {
        return What::Certificate.for_external_broker(FIRST_LINE, "");
    }
    if let Some(name) = row.cast.broker.keys().find(|name| *name != "url" && *name != "subprotocol") {
        return What::BrokerSettings.for_external_broker(FIRST_LINE, &format!("it sets `{name}`"));
    }
    let settings: BrokerSettings = with(&row.cast.broker).ok()?;
    let named = row.cast.broker.contains_key("url").then(|| sca_environment::target::target(&settings).secure);
    if named.is_some_and(|secure| secure && !external.broker.secure) {
        return What::Scheme.for_external_broker(FIRST_LINE, "");
    }
    let of_terminal =
        ["certificate", "authority", "clock", "PROXY", "WEBSOCKETADDRESS_", "WEBSOCKETPORT_", "POSCONNECTALLOW"];
    for terminal in &row.cast.terminals {
        if let Some(name) = of_terminal.iter().find(|name| terminal.settings.contains_key(**name)) {
            return What::Identity.for_external_broker(FIRST_LINE, &format!("it sets `{name}`"));
        }
    }
    let longest = || too_long(length(row, in_memory), external.longest, Some("--longest"));
    row.steps.iter().find_map(of_step).or_else(longest)
}

fn of_step(step: &Step) -> Option<Failure> {
    let what = match &step.action {
        Action::Send(send) if send.by == Speaker::Broker => What::Says,
        Action::Send(send) if matches!(send.message, Message::Binary(_)) => What::Binary,
        Action::Expect(expect) => match &expect.awaited {
            Awaited::ToBroker(Message::Http(_)) => return None,
            Awaited::ToBroker(_) => What::Heard,
            Awaited::ToProxy(_) => What::Proxy,
            _ => return None,
        },
        Action::Fault(fault) => match (&fault.kind, &fault.arm) {
            (kind, _) if is_of_brokers_tls(*kind) => What::BrokersTls,
            (kind, _) if kind.affects_message() => What::Message,
            (kind, _) if !kind.row().on_sockets => What::LineShape,
            (_, Some(Trigger::At(_, Point { carrier: Carrier::Answer | Carrier::Request(_), .. }))) => {
                What::BrokersBytes
            }
            _ => return None,
        },
        Action::Answers { by_proxy: true, .. } => What::Proxy,
        Action::Answers { .. } => What::Answers,
        Action::Network(act) => match act.change {
            NetworkChange::Listens { .. } => What::Listens,
            NetworkChange::Name { .. } => What::NameMoves,
        },
        Action::Together(_) => What::Says,
        Action::Set(set) if matches!(set.party, Party::Broker(_)) => What::BrokerSettings,
        Action::Set(set) if matches!(set.name.as_str(), "clock" | "certificate" | "authority") => What::Identity,
        other => return other.blocks().into_iter().flatten().find_map(of_step),
    };
    what.for_external_broker(step.span, "")
}

/// Whether a kind of fault is made by the broker's own TLS, not on the line.
fn is_of_brokers_tls(kind: FaultKind) -> bool {
    let row = kind.row();
    row.needs == Needs::Tls && row.affects != Affects::Record
}
