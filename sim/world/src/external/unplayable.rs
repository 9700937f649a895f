//! Decides whether a row can be played against an external device: whether it needs actions that only the simulated
//! terminal can perform, or observations that nobody can make of a device.

use sca_judge::inapplicable::{FIRST_LINE, What};
use sca_judge::verdict::Failure;
use sca_model::fault_table::FaultKind;
use sca_model::{Action, Awaited, LinkObservation, NetworkChange, Party, Row, Scenario, Source, Step, Trigger};
use sca_protocol::settings::{BrokerSettings, Settings, TerminalSettings, with};

use crate::played::Played;
use crate::rows::{length, too_long};
use sca_environment::device::ExternalTerminal;

/// Why a row cannot be played against this device; `None` if it can.
pub fn unplayable(scenario: &Scenario, row: &Row, in_memory: &Played, external: &ExternalTerminal) -> Option<Failure> {
    let several = row.cast.terminals.len() > 1;
    settings(scenario, row, external)
        .or_else(|| row.steps.iter().find_map(|step| of_step(step, external, several)))
        .or_else(|| too_long(length(row, in_memory), external.longest, Some("--longest")))
}

fn settings(scenario: &Scenario, row: &Row, external: &ExternalTerminal) -> Option<Failure> {
    let place = |whose: &str, name: &str| {
        row.cast.places.get(&(whose.to_owned(), name.to_owned())).copied().unwrap_or(FIRST_LINE)
    };
    if scenario.header.clock.is_some() {
        return What::Clock.for_external_terminal(FIRST_LINE, "");
    }
    let takes_settings = external.spawn.as_ref().is_some_and(|spawn| spawn.contains("{settings}"));
    // The settings in a recorded scenario were taken from that very device.
    let is_its_own = scenario.header.tags.iter().any(|tag| tag == "captured");
    let is_known = |name: &str, value: &String| {
        let is_default = TerminalSettings::row(name).is_ok_and(|row| row.default == value);
        let said = external.has.iter().any(|(known, has)| known == name && has == value);
        // A scenario that names a model applies to that model only, because a device reports its own model.
        (is_default && name != "model")
            || said
            || is_its_own
            || name == "pinpad-id"
            || (name == "certificate" && external.spawn.is_some())
    };
    for terminal in &row.cast.terminals {
        if let Some((name, value)) =
            terminal.settings.iter().find(|(name, value)| !takes_settings && !is_known(name, value))
        {
            let what = format!("it needs {name}={value}; if the device has this setting, pass `--set {name}={value}`");
            return What::TerminalSettings.for_external_terminal(place(&terminal.name, name), &what);
        }
        if !terminal.files.is_empty() {
            return What::Flash.for_external_terminal(FIRST_LINE, "");
        }
    }
    if !row.cast.host.is_empty() || !row.cast.vhq.is_empty() {
        return What::Hosts.for_external_terminal(FIRST_LINE, "");
    }
    if external.spawn.is_none() && !row.cast.certificates.is_empty() {
        return What::Certificate.for_external_terminal(FIRST_LINE, "");
    }
    if row.cast.certificates.values().any(|certificate| !certificate.names.is_empty()) {
        return What::Names.for_external_terminal(FIRST_LINE, "");
    }
    let broker: BrokerSettings = with(&row.cast.broker).ok()?;
    let is_ws = broker.url.starts_with("ws://");
    let shaped = ["latency", "bandwidth", "clock"].into_iter().find(|name| row.cast.broker.contains_key(*name));
    if let Some(name) = shaped {
        return What::Shape.for_external_terminal(place("broker", name), &format!("it sets `{name}`"));
    }
    (external.spawn.is_none() && is_ws && external.credentials.is_some())
        .then(|| What::Scheme.for_external_terminal(place("broker", "url"), ""))
        .flatten()
}

fn of_step(step: &Step, external: &ExternalTerminal, several: bool) -> Option<Failure> {
    let has_person = external.person.is_some();
    let spawned = external.spawn.is_some();
    let (what, said) = match &step.action {
        Action::Expect(expect) => match &expect.awaited {
            Awaited::Show(_) if !has_person => (What::Screen, ""),
            Awaited::ToHost(..) => (What::Hosts, ""),
            Awaited::ToProxy(_) => (What::Proxy, ""),
            Awaited::Link(LinkObservation::Fails(kind, _))
                if !matches!(kind.as_str(), "tls" | "http" | "handshake" | "reset" | "refused") =>
            {
                (What::Fails, kind.as_str())
            }
            _ => return None,
        },
        Action::Cardholder { .. } if !has_person => (What::Cardholder, ""),
        Action::Power { .. } if !spawned && !has_person => (What::Power, ""),
        Action::Cardholder { .. } | Action::Power { .. } => return None,
        Action::Host(_) => (What::Hosts, ""),
        Action::File { .. } => (What::Flash, ""),
        Action::Set(set) => match set.party {
            Party::Broker(_) if set.name == "url" => (What::Address, ""),
            Party::Broker(_) if set.name == "certificate" && !spawned => (What::Certificate, ""),
            Party::Broker(_) if set.name == "clock" => (What::Shape, "it sets `clock`"),
            Party::Broker(_) => return None,
            Party::Terminal(_) => (What::TerminalSettings, ""),
            Party::Host | Party::Vhq => (What::Hosts, ""),
        },
        Action::Answers { by_proxy: true, .. } => (What::Proxy, ""),
        Action::Network(act) => match act.change {
            NetworkChange::Listens { broker: 0, .. } => return None,
            NetworkChange::Listens { .. } => (What::Address, ""),
            NetworkChange::Name { .. } => (What::NameMoves, ""),
        },
        Action::Throughout(..) => (What::Throughout, ""),
        Action::Without(Source::ToHost(..), ..) => (What::Hosts, ""),
        Action::Fault(fault) => match &fault.kind {
            FaultKind::Refuse if several => (What::RefuseOne, ""),
            FaultKind::Unanswered if several => (What::RefuseOne, ""),
            FaultKind::Unanswered if matches!(fault.arm, Some(Trigger::On(_))) => (What::UnansweredCounted, ""),
            FaultKind::Dns | FaultKind::FirstAddress(_) => (What::Resolver, ""),
            kind if !kind.row().on_sockets => (What::LineShape, ""),
            _ => return None,
        },
        other => return other.blocks().into_iter().flatten().find_map(|inner| of_step(inner, external, several)),
    };
    what.for_external_terminal(step.span, said)
}
