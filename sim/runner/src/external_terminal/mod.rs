//! A real terminal, or any other client core, in the place of the simulated one: the harness plays broker, POS and network
//! for it on real sockets in real time.
//!
//! What is seen of it is what the broker's end sees. What a scenario wants beyond that, a person can say, or nobody can.

mod absent;
mod device;
mod door;
mod process;
mod unplayable;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use sca_network::{Listener, Mailbox, Stream};
use sca_scenario::model::{Action, LinkSight, Message, Row, Scenario, Sight, Step};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::around::play_with_terminals;
use crate::identities::Identities;
use crate::interrupt::unless;
use crate::play::{Options, failed_to_start};
use crate::verdict::Played;

pub(crate) use absent::Absent;
pub(crate) use device::Devices;
pub use device::PLACEHOLDERS;
pub(crate) use door::Door;
pub(crate) use process::Ended;
pub use process::end_all;
pub(crate) use unplayable::unplayable;

/// Whoever sits before a device under test.
pub trait Person: Send + Sync {
    /// Says what has to be done now.
    fn told(&self, what: &str);
    /// Asks what is seen, and waits for yes or no; nothing where nobody answers.
    fn asked(&self, question: &str) -> Option<bool>;
}

/// A device under test, and how the harness gets at it.
#[derive(Clone)]
pub struct ExternalTerminal {
    /// Where the device finds its broker; with port 0 every scenario has a port of its own.
    pub listen: SocketAddr,
    /// The name by which the device finds it.
    pub name: String,
    /// The command that starts the device, with `{url}`, `{ca}`, `{cert}`, `{key}`, `{pinpad}` and `{settings}` in it.
    pub spawn: Option<String>,
    /// The command that resets the device before each scenario.
    pub reset: Option<String>,
    /// Settings that the device is known to have.
    pub has: Vec<(String, String)>,
    /// Settings of our broker in every scenario that does not set them.
    pub broker: Vec<(String, String)>,
    /// What the broker shows and whom it trusts, for a device that is not started here; without it the device is
    /// expected to speak ws.
    pub credentials: Option<crate::live::Credentials>,
    /// How long the device may take to come.
    pub patience: Duration,
    /// Scenarios that take longer are not played.
    pub longest: Duration,
    /// How long the device may take to hang up on an answer that it does not accept.
    pub second_thoughts: Duration,
    /// What every deadline is stretched by.
    pub slack: Duration,
    /// Where what the device prints is appended.
    pub log: Option<PathBuf>,
    /// Who looks at its screen and uses its cards.
    pub person: Option<Arc<dyn Person>>,
}

impl std::fmt::Debug for ExternalTerminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ExternalTerminal {{ listen: {}, spawn: {:?} }}", self.listen, self.spawn)
    }
}

impl ExternalTerminal {
    /// Whether the devices of a scenario are its own, so that nothing is left of the one before.
    pub(crate) fn is_fresh(&self) -> bool {
        self.spawn.is_some() || self.reset.is_some()
    }
}

/// Connections that have come and that nobody has looked at.
#[derive(Clone, Default)]
pub(crate) struct Callers {
    waiting: Rc<std::cell::RefCell<VecDeque<Stream>>>,
    mailbox: Mailbox,
    /// How the port by which they come is to stand.
    pub(crate) wanted: door::Wanted,
}

impl Callers {
    /// The next one.
    pub(crate) fn next(&self) -> Option<Stream> {
        self.waiting.borrow_mut().pop_front()
    }
}

/// What a world is given beside what every world has.
pub(crate) struct Beside {
    pub(crate) external: ExternalTerminal,
    pub(crate) callers: Callers,
    pub(crate) mailbox: Mailbox,
    pub(crate) devices: Devices,
    /// Whether the scenario wants to see attempts that are refused.
    pub(crate) shows_refusals: bool,
}

/// Plays one row against a device.
pub(crate) fn play_external_terminal(
    scenario: &Scenario,
    row: &Row,
    options: &Options,
    identities: &Arc<Identities>,
    external: &ExternalTerminal,
) -> Played {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed_to_start(row, error.to_string()),
    };
    let play = async {
        let listener = match Listener::bind(external.listen) {
            Ok(listener) => listener,
            Err(error) => return failed_to_start(row, format!("cannot listen on {}: {error}", external.listen)),
        };
        let port = listener.address().map_or(0, |address| address.port());
        let (scenario, row) = prepared(scenario, row, external, port);
        if let Err(why) = reset(external).await {
            return failed_to_start(&row, why);
        }
        let mut devices = match Devices::start(external, &scenario, &row, identities) {
            Ok(devices) => devices,
            Err(error) => return failed_to_start(&row, format!("the device cannot be started: {error}")),
        };
        let mailbox = Mailbox::default();
        let callers = Callers { mailbox: mailbox.clone(), ..Callers::default() };
        let accepting = tokio::task::spawn_local(door::accept(listener, callers.clone()));
        // The time of the scenario begins when the device is there.
        if let Err(why) = is_there(external, &mailbox, &mut devices).await {
            return failed_to_start(&row, why);
        }
        let shows_refusals = door::shows_refusals(&row.steps);
        let beside = Beside { external: external.clone(), callers, mailbox, devices, shows_refusals };
        let played = play_with_terminals(&scenario, &row, options, identities, beside).await;
        accepting.abort();
        played
    };
    LocalSet::new().block_on(&runtime, unless(options.interrupt.as_ref(), row, play))
}

/// How often it is looked whether a program has ended.
pub(crate) const LOOKS: Duration = Duration::from_millis(50);

/// Resets the device, where there is a command for it.
async fn reset(external: &ExternalTerminal) -> Result<(), String> {
    let Some(command) = &external.reset else { return Ok(()) };
    let log = Arc::new(process::Log::new(external.log.clone()));
    let mut started =
        process::Started::new(command, &[], &log).map_err(|error| format!("the reset cannot be started: {error}"))?;
    let ended = async {
        loop {
            match started.ended() {
                Some(ended) if ended.well => return Ok(()),
                Some(ended) => return Err(format!("the reset failed: {}", ended.told())),
                None => tokio::time::sleep(LOOKS).await,
            }
        }
    };
    let limit = external.patience;
    tokio::time::timeout(limit, ended).await.unwrap_or_else(|_| {
        Err(format!("the reset has not ended within {} s; --patience waits longer", limit.as_secs()))
    })
}

/// Waits until the device has come.
async fn is_there(external: &ExternalTerminal, mailbox: &Mailbox, devices: &mut Devices) -> Result<(), String> {
    let come = async {
        loop {
            tokio::select! {
                biased;
                () = mailbox.posted_or_nudged() => return Ok(()),
                () = tokio::time::sleep(LOOKS) => {
                    if let Some((_, ended)) = devices.ended() {
                        return Err(format!("the device has not come: {}", ended.told()));
                    }
                }
            }
        }
    };
    let limit = external.patience;
    tokio::time::timeout(limit, come)
        .await
        .unwrap_or_else(|_| Err(format!("no device has come within {} s; --patience waits longer", limit.as_secs())))
}

/// A row as it is played against a device: at the device's address, at the true time, and without the details of failures
/// that only the device itself could tell.
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
    // Its time begins when it dials, not when its power came on: its first step may come at once.
    let first = row.steps.iter_mut().find_map(|step| match &mut step.action {
        Action::Expect(expect) if matches!(expect.sight, Sight::Link(_)) => Some(expect),
        _ => None,
    });
    if let Some(within) = first.and_then(|first| first.suffix.within.as_mut()).filter(|within| within.of.is_none()) {
        within.from = None;
    }
    let mut scenario = Scenario { rows: Vec::new(), ..scenario.clone() };
    scenario.header.clock = Some(crate::clock::today());
    (scenario, row)
}

fn of_device(step: &mut Step, host: &str) {
    if let Action::Expect(expect) = &mut step.action {
        match &mut expect.sight {
            Sight::Link(LinkSight::Fails(kind, detail)) if matches!(kind.as_str(), "tls" | "handshake") => {
                *detail = None;
            }
            Sight::ToBroker(Message::Http(lines)) => {
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
