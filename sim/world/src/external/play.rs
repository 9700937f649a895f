//! Plays a row with external terminals or an external broker.

use std::sync::Arc;

use sca_core::{Terminal, TerminalConfig};
use sca_model::{Action, Awaited, LinkObservation, Message, Row, Scenario, Step};
use sca_network::{EventQueue, Listener};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use super::stand_in::StandIn;
use crate::interrupt::or_interrupted;
use crate::options::{Options, Place};
use crate::play::play_here;
use crate::played::Played;
use sca_driver::UnderTest;
use sca_environment::broker_under_test::ExternalBroker;
use sca_environment::device::Beside;
use sca_environment::device::Callers;
use sca_environment::device::Devices;
use sca_environment::device::ExternalTerminal;
use sca_environment::device::LOOKS;
use sca_environment::device::{port, process};
use sca_environment::identities::Identities;

/// Plays a row with an external broker.
pub fn play_external_broker<C: Terminal>(
    scenario: &Scenario,
    row: &Row,
    options: &Options,
    identities: &Arc<Identities>,
    make: &dyn Fn(TerminalConfig) -> C,
    external: &ExternalBroker,
) -> Played {
    let mut row = row.clone();
    row.cast.broker.insert("url".to_owned(), external.url());
    for terminal in &mut row.cast.terminals {
        terminal.settings.extend(external.terminal.iter().cloned());
    }
    let mut scenario = Scenario { rows: Vec::new(), ..scenario.clone() };
    scenario.header.clock = Some(sca_environment::clock::today());
    let options = Options { place: Place::Wire { scale: 1 }, ..options.clone() };
    play_with_broker(&scenario, &row, &options, identities, make, external.clone())
}

/// Plays one row against a device.
pub fn play_external_terminal(
    scenario: &Scenario,
    row: &Row,
    options: &Options,
    identities: &Arc<Identities>,
    external: &ExternalTerminal,
) -> Played {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Played::cannot_run(row, error.to_string()),
    };
    let play = async {
        let listener = match Listener::bind(external.listen) {
            Ok(listener) => listener,
            Err(error) => return Played::cannot_run(row, format!("cannot listen on {}: {error}", external.listen)),
        };
        let port = listener.address().map_or(0, |address| address.port());
        let (scenario, row) = prepared(scenario, row, external, port);
        if let Err(why) = reset(external).await {
            return Played::cannot_run(&row, why);
        }
        let mut devices = match Devices::start(external, &scenario, &row, identities) {
            Ok(devices) => devices,
            Err(error) => return Played::cannot_run(&row, format!("the device could not be started: {error}")),
        };
        let mailbox = EventQueue::default();
        let callers = Callers { mailbox: mailbox.clone(), ..Callers::default() };
        let accepting = tokio::task::spawn_local(port::accept(listener, callers.clone()));
        // Scenario time starts when the device has connected.
        if let Err(why) = is_there(external, &mailbox, &mut devices).await {
            return Played::cannot_run(&row, why);
        }
        let shows_refusals = port::shows_refusals(&row.steps);
        let beside = Beside { external: external.clone(), callers, mailbox, devices, shows_refusals };
        let played = play_with_terminals(&scenario, &row, options, identities, beside).await;
        accepting.abort();
        played
    };
    LocalSet::new().block_on(&runtime, or_interrupted(options.interrupt.as_ref(), row, play))
}

/// Runs the reset command of the device, if there is one.
async fn reset(external: &ExternalTerminal) -> Result<(), String> {
    let Some(command) = &external.reset else { return Ok(()) };
    let log = Arc::new(process::Log::new(external.log.clone()));
    let mut started = process::Started::new(command, &[], &log)
        .map_err(|error| format!("cannot start the reset command: {error}"))?;
    let ended = async {
        loop {
            match started.ended() {
                Some(ended) if ended.well => return Ok(()),
                Some(ended) => return Err(format!("the reset command failed: {}", ended.told())),
                None => tokio::time::sleep(LOOKS).await,
            }
        }
    };
    let limit = external.patience;
    tokio::time::timeout(limit, ended).await.unwrap_or_else(|_| {
        Err(format!("the reset command took over {} s; increase --patience to wait longer", limit.as_secs()))
    })
}

/// Waits until the device has connected.
async fn is_there(external: &ExternalTerminal, mailbox: &EventQueue, devices: &mut Devices) -> Result<(), String> {
    let come = async {
        loop {
            tokio::select! {
                biased;
                () = mailbox.woken() => return Ok(()),
                () = tokio::time::sleep(LOOKS) => {
                    if let Some((_, ended)) = devices.ended() {
                        return Err(format!("the device did not connect: {}", ended.told()));
                    }
                }
            }
        }
    };
    let limit = external.patience;
    tokio::time::timeout(limit, come)
        .await
        .unwrap_or_else(|_| Err(format!("no device connected within {} s; see --patience", limit.as_secs())))
}

/// A row prepared for a device: with the device's address, at the real date, and without failure details that only
/// the device itself could report.
fn prepared(scenario: &Scenario, row: &Row, external: &ExternalTerminal, port: u16) -> (Scenario, Row) {
    let mut row = row.clone();
    let is_declared_ws = row.cast.broker.get("url").is_some_and(|url| url.starts_with("ws://"));
    let secure = if external.spawn.is_some() { !is_declared_ws } else { external.credentials.is_some() };
    let scheme = if secure { "wss" } else { "ws" };
    row.cast.broker.insert("url".to_owned(), format!("{scheme}://{}:{port}", external.name));
    for (name, value) in &external.broker {
        row.cast.broker.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let host = format!("{}:{port}", external.name);
    row.steps.iter_mut().for_each(|step| of_device(step, &host));
    // Scenario time starts when the device dials, not at power-on, so the first link step may happen at once.
    let first = row.steps.iter_mut().find_map(|step| match &mut step.action {
        Action::Expect(expect) if matches!(expect.awaited, Awaited::Link(_)) => Some(expect),
        _ => None,
    });
    if let Some(within) = first.and_then(|first| first.suffix.within.as_mut()).filter(|within| within.of.is_none()) {
        within.from = None;
    }
    let mut scenario = Scenario { rows: Vec::new(), ..scenario.clone() };
    scenario.header.clock = Some(sca_environment::clock::today());
    (scenario, row)
}

fn of_device(step: &mut Step, host: &str) {
    if let Action::Expect(expect) = &mut step.action {
        match &mut expect.awaited {
            Awaited::Link(LinkObservation::Fails(kind, detail)) if matches!(kind.as_str(), "tls" | "handshake") => {
                *detail = None;
            }
            Awaited::ToBroker(Message::Http(lines)) => {
                for line in lines {
                    if line.starts_with("Host: ") {
                        *line = format!("Host: {host}");
                    } else if let Some(scheme) =
                        line.strip_prefix("Origin: ").and_then(|origin| origin.split("://").next())
                    {
                        *line = format!("Origin: {scheme}://{host}");
                    }
                }
            }
            _ => {}
        }
    }
    step.action.blocks_mut().into_iter().flatten().for_each(|step| of_device(step, host));
}

/// Plays a row in a world whose terminals are external devices.
pub(crate) async fn play_with_terminals(
    scenario: &Scenario,
    row: &Row,
    options: &Options,
    identities: &Arc<Identities>,
    beside: Beside,
) -> Played {
    let options = Options { place: Place::Wire { scale: 1 }, ..options.clone() };
    play_here(scenario, row, &options, identities, &|_| StandIn::default(), UnderTest::Devices(Box::new(beside))).await
}

/// Plays a row in a world whose broker is external.
pub(crate) fn play_with_broker<C: Terminal>(
    scenario: &Scenario,
    row: &Row,
    options: &Options,
    identities: &Arc<Identities>,
    make: &dyn Fn(TerminalConfig) -> C,
    external: ExternalBroker,
) -> Played {
    let around = UnderTest::Broker(external);
    match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let play = play_here(scenario, row, options, identities, make, around);
            LocalSet::new().block_on(&runtime, or_interrupted(options.interrupt.as_ref(), row, play))
        }
        Err(error) => Played::cannot_run(row, error.to_string()),
    }
}
