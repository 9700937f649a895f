//! Checks of steps against the cast: certificates are declared and used, host names can be looked up, and faults can
//! occur.

use sca_protocol::settings::parse_broker_url;

use sca_model::fault_table::{FaultKind, Needs};
use sca_model::{Action, Carrier, Cast, Count, Fault, Party, Point, Step, Trigger};
use sca_model::{Problem, Span};

/// All steps, including those in blocks.
fn every(steps: &[Step]) -> Vec<&Step> {
    let mut all = Vec::new();
    for step in steps {
        all.push(step);
        step.action.blocks().into_iter().for_each(|block| all.extend(every(block)));
    }
    all
}

/// Reports DNS faults on a broker that is given by address, and TLS faults when all brokers use ws.
pub(crate) fn impossible_faults(steps: &[Step], cast: &Cast, problems: &mut Vec<Problem>) {
    let url = cast.broker.get("url").and_then(|url| parse_broker_url(url));
    let is_address = url.is_some_and(|(_, host, _)| host.parse::<std::net::IpAddr>().is_ok());
    for step in every(steps).into_iter().filter(|_| is_address) {
        if let Action::Fault(fault) = &step.action
            && fault.kind.row().needs == Needs::HostName
        {
            let problem = Problem::new("E051", step.span, "the broker is given by an address, which is not looked up");
            problems.push(problem.help("use a host name in the broker's url"));
        }
    }
    let is_plain = cast.brokers().all(|settings| settings.get("url").is_some_and(|url| url.starts_with("ws://")));
    for step in every(steps).into_iter().filter(|_| is_plain) {
        let Action::Fault(fault) = &step.action else { continue };
        let is_of_tls = fault.kind.row().needs == Needs::Tls;
        let is_at_record = matches!(&fault.arm, Some(Trigger::At(_, Point { carrier: Carrier::Tls(_), .. })));
        if is_of_tls || is_at_record {
            let problem = Problem::new("E051", step.span, "this fault needs TLS, which is not used over ws");
            problems.push(problem.help("TLS is used if the broker's url begins with wss"));
        }
    }
}

/// Reports faults armed together that would end the same attempt or connection: only the first can occur.
pub(crate) fn conflicting_faults(steps: &[Step], problems: &mut Vec<Problem>) {
    let mut armed: Vec<(usize, Count)> = Vec::new();
    for step in steps {
        match &step.action {
            Action::Fault(Fault { who, kind, arm: Some(Trigger::On(count)), .. }) => {
                let is_shared = |(whose, other): &(usize, Count)| {
                    whose == who
                        && other.of_connections == count.of_connections
                        && (other.from <= count.to && count.from <= other.to)
                };
                if kind.shapes_traffic() || matches!(kind, FaultKind::FirstAddress(_)) {
                    continue;
                }
                if armed.iter().any(is_shared) {
                    let what = "another fault already ends the same attempt, so this one can never occur";
                    problems.push(Problem::new("E051", step.span, what).help("give each fault an attempt of its own"));
                }
                armed.push((*who, *count));
            }
            Action::Fault(_) | Action::Set(_) | Action::Host(_) | Action::File { .. } => {}
            _ => armed.clear(),
        }
        step.action.blocks().into_iter().for_each(|block| conflicting_faults(block, problems));
    }
}

/// Reports unknown and unused certificates, and changes of the pinpad id.
pub(crate) fn identities(steps: &[Step], cast: &Cast, problems: &mut Vec<Problem>) {
    let known = |name: &str| matches!(name, "terminal" | "broker" | "none") || cast.certificates.contains_key(name);
    for step in every(steps) {
        if let Action::Set(set) = &step.action
            && set.name == "certificate"
            && !known(&set.value)
        {
            let problem = Problem::new("E023", step.span, format!("there is no certificate `{}`", set.value));
            problems.push(problem.suggest(&set.value, identities_known(cast)));
        }
        if let Action::Set(set) = &step.action
            && matches!(set.party, Party::Terminal(_))
            && set.name == "pinpad-id"
        {
            problems.push(Problem::new("E021", step.span, "the pinpad id cannot be changed during a run"));
        }
    }
    let set_later = steps_set(steps, "certificate");
    for name in cast.certificates.keys() {
        let at_start = cast
            .terminals
            .iter()
            .filter_map(|t| t.settings.get("certificate"))
            .chain(cast.brokers().filter_map(|settings| settings.get("certificate")));
        if !at_start.chain(set_later.iter()).any(|shown| shown == name)
            && !matches!(name.as_str(), "terminal" | "broker")
        {
            let place = cast.places.get(&("certificate".to_owned(), name.clone())).copied();
            let span = place.unwrap_or(Span { line: 1, column: 1, length: 1, file: 0 });
            let problem = Problem::new("W007", span, format!("the certificate `{name}` is never used"));
            problems.push(problem.help(format!("a party uses it with `certificate {name}`, at the start or by `set`")));
        }
    }
    let terminals = cast.terminals.iter().map(|terminal| (terminal.name.as_str(), &terminal.settings));
    let others = cast.other_brokers.iter().map(|broker| (broker.name.as_str(), &broker.settings));
    for (whose, settings) in terminals.chain([("broker", &cast.broker)]).chain(others) {
        let Some(name) = settings.get("certificate").filter(|name| !known(name)) else { continue };
        let place = cast.places.get(&(whose.to_owned(), "certificate".to_owned())).copied();
        let span = place.unwrap_or(Span { line: 1, column: 1, length: 1, file: 0 });
        let problem = Problem::new("E023", span, format!("there is no certificate `{name}`"));
        problems.push(problem.suggest(name, identities_known(cast)));
    }
}

/// The names of certificates that can be presented: declared and built-in ones.
fn identities_known(cast: &Cast) -> impl Iterator<Item = &str> {
    cast.certificates.keys().map(String::as_str).chain(["broker", "terminal", "none"])
}

/// All values that steps give to a setting of this name.
fn steps_set(steps: &[Step], name: &str) -> Vec<String> {
    let mut values = Vec::new();
    for step in steps {
        match &step.action {
            Action::Set(set) if set.name == name => values.push(set.value.clone()),
            other => other.blocks().into_iter().for_each(|block| values.extend(steps_set(block, name))),
        }
    }
    values
}
