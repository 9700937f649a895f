//! Why a row cannot be played against a device, if it cannot: what nobody but the simulated terminal can be made to do, and
//! what nobody can see of another.

use sca_protocol::settings::{BrokerSettings, Settings, TerminalSettings, with};
use sca_scenario::Span;
use sca_scenario::model::{Action, FaultKind, LinkSight, Party, Row, Scenario, Sight, Source, Step};

use super::ExternalTerminal;
use crate::faults;
use crate::rows::{length, too_long};
use crate::verdict::{Failure, Played};

const FIRST_LINE: Span = Span { line: 1, column: 1, length: 8, file: 0 };

/// Why a row cannot be played against this device.
pub(crate) fn unplayable(
    scenario: &Scenario,
    row: &Row,
    in_memory: &Played,
    external: &ExternalTerminal,
) -> Option<Failure> {
    settings(scenario, row, external)
        .or_else(|| row.steps.iter().find_map(|step| of_step(step, external)))
        .or_else(|| too_long(length(row, in_memory), external.longest, Some("--longest")))
}

fn no(span: Span, why: impl Into<String>) -> Option<Failure> {
    Some(Failure::at(span, why).label("not for a device"))
}

fn settings(scenario: &Scenario, row: &Row, external: &ExternalTerminal) -> Option<Failure> {
    let place = |whose: &str, name: &str| {
        row.cast.places.get(&(whose.to_owned(), name.to_owned())).copied().unwrap_or(FIRST_LINE)
    };
    if scenario.header.clock.is_some() {
        return no(FIRST_LINE, "a device has the clock of the day");
    }
    let takes_settings = external.spawn.as_ref().is_some_and(|spawn| spawn.contains("{settings}"));
    let is_known = |name: &str, value: &String| {
        let is_default = TerminalSettings::row(name).is_ok_and(|row| row.default == value);
        let said = external.has.iter().any(|(known, has)| known == name && has == value);
        is_default
            || said
            || matches!(name, "pinpad-id" | "model")
            || (name == "certificate" && external.spawn.is_some())
    };
    for terminal in &row.cast.terminals {
        if let Some((name, value)) =
            terminal.settings.iter().find(|(name, value)| !takes_settings && !is_known(name, value))
        {
            let why = format!("the device's {name} cannot be set to {value} from here");
            return no(place(&terminal.name, name), why);
        }
        if !terminal.files.is_empty() {
            return no(FIRST_LINE, "the device's flash cannot be reached from here");
        }
    }
    if !row.cast.host.is_empty() || !row.cast.vhq.is_empty() {
        return no(FIRST_LINE, "a device has hosts of its own");
    }
    if external.spawn.is_none() && !row.cast.certificates.is_empty() {
        return no(FIRST_LINE, "the device knows one certificate of its broker");
    }
    if row.cast.certificates.values().any(|certificate| !certificate.names.is_empty()) {
        return no(FIRST_LINE, "the device finds its broker by a name of its own");
    }
    let broker: BrokerSettings = with(&row.cast.broker).ok()?;
    let is_ws = broker.url.starts_with("ws://");
    let shaped = ["latency", "bandwidth", "clock"].into_iter().find(|name| row.cast.broker.contains_key(*name));
    if let Some(name) = shaped {
        return no(place("broker", name), format!("real sockets have no `{name}` of their own"));
    }
    (external.spawn.is_none() && is_ws && external.credentials.is_some())
        .then(|| no(place("broker", "url"), "the device speaks wss"))
        .flatten()
}

fn of_step(step: &Step, external: &ExternalTerminal) -> Option<Failure> {
    let span = step.span;
    let has_person = external.person.is_some();
    let spawned = external.spawn.is_some();
    match &step.action {
        Action::Expect(expect) => match &expect.sight {
            Sight::Show(_) if has_person => None,
            Sight::Show(_) => no(span, "nobody looks at the device; --interactive asks a person"),
            Sight::ToHost(..) => no(span, "a device has hosts of its own"),
            Sight::ToProxy(_) => no(span, "there is no proxy before the device"),
            Sight::Link(LinkSight::Fails(kind, _))
                if !matches!(kind.as_str(), "tls" | "http" | "handshake" | "reset") =>
            {
                no(span, format!("nobody sees of a device that it fails {kind}"))
            }
            _ => None,
        },
        Action::Cardholder { .. } if has_person => None,
        Action::Cardholder { .. } => no(span, "nobody stands before the device; --interactive asks a person"),
        Action::Power { .. } if spawned || has_person => None,
        Action::Power { .. } => no(span, "the device cannot be switched from here"),
        Action::Host(_) => no(span, "a device has hosts of its own"),
        Action::File { .. } => no(span, "the device's flash cannot be reached from here"),
        Action::Set(set) => match set.party {
            Party::Broker(_) if set.name == "url" => no(span, "the device has one address of its broker"),
            Party::Broker(_) if set.name == "certificate" && !spawned => no(span, "the device knows one certificate"),
            Party::Broker(_) if set.name == "clock" => no(span, "a device has the clock of the day"),
            Party::Broker(_) => None,
            Party::Terminal(_) => no(span, format!("the device's {} cannot be set from here", set.name)),
            Party::Host | Party::Vhq => no(span, "a device has hosts of its own"),
        },
        Action::Answers { by_proxy: true, .. } => no(span, "there is no proxy before the device"),
        Action::Network(_) => no(span, "the network of a device cannot be changed from here"),
        Action::Throughout(..) => no(span, "nobody can look at the device at every moment"),
        Action::Without(Source::ToHost(..), ..) => no(span, "a device has hosts of its own"),
        Action::Fault(fault) => {
            let of_dial = matches!(
                fault.kind,
                FaultKind::Refuse | FaultKind::Dns | FaultKind::Unanswered | FaultKind::FirstAddress(_)
            );
            let word = faults::word_of(&fault.kind);
            if of_dial {
                return no(span, format!("an attempt of a device that `{word}` meets cannot be seen"));
            }
            if faults::is_for_sockets(&fault.kind) { None } else { no(span, format!("sockets cannot play `{word}`")) }
        }
        other => other.blocks().into_iter().flatten().find_map(|inner| of_step(inner, external)),
    }
    .or_else(|| match &step.action {
        Action::Without(..) | Action::Throughout(..) => {
            step.action.blocks().into_iter().flatten().find_map(|inner| of_step(inner, external))
        }
        _ => None,
    })
}
