//! A client core that is not ours: it dials, upgrades, passes documents on and comes back after a loss, and it never
//! pings.
//!
//!     cargo run --example own_core -- scenarios/counter scenarios/session

use std::process::ExitCode;
use std::time::Duration;

use sca_sim::handshake::{self, Upgrade};
use sca_sim::{
    ClientCore, ConnectionId, CoreConfig, CoreInput, CoreOutput, CoreSettings, Layer, LinkEvent, LinkReport, Now,
    Options, Reason, SimulatedTerminal, check_core, play_file, retry_pause,
};

/// How long it waits for each step of an attempt.
const STEP_MAX: Duration = Duration::from_secs(10);

/// Where the core stands: what it may do follows from here.
enum Link {
    Off,
    Waiting { until: Duration },
    Dialling { key: String, until: Duration },
    Up,
}

/// The core: a state, the number of its last connection, and its configuration.
pub(crate) struct OwnCore {
    link: Link,
    number: u32,
    /// Pauses since a document arrived, which make the next one longer.
    pauses: u32,
    config: CoreConfig,
}

impl OwnCore {
    pub(crate) fn new(config: CoreConfig) -> Self {
        Self { link: Link::Off, number: 0, pauses: 0, config }
    }

    fn pause(&mut self, now: Now, report: LinkReport) -> CoreOutput {
        let mut chance = self.config.chance.stream("own pause", &[self.config.index, u64::from(self.number)]);
        let pause = retry_pause(&self.config.settings.retry, self.pauses, None, &mut chance);
        self.pauses += 1;
        self.link = Link::Waiting { until: now.since_start + pause };
        CoreOutput::Report(report)
    }

    /// A new connection: the number is never used again, and late events of the old one are known by theirs.
    fn dial(&mut self, now: Now) -> Vec<CoreOutput> {
        self.number += 1;
        let mut chance = self.config.chance.stream("own key", &[self.config.index, u64::from(self.number)]);
        self.link = Link::Dialling { key: handshake::key(chance.bytes()), until: now.since_start + STEP_MAX };
        let CoreSettings { target, via, keep_alive, roots, .. } = self.config.settings.clone();
        let connection = ConnectionId(self.number);
        let dial = CoreOutput::Dial { connection, target, via, keep_alive, roots, layer: Layer::Documents };
        vec![CoreOutput::Report(LinkReport::Attempts), dial]
    }

    fn request(&self, key: &str) -> CoreOutput {
        let CoreSettings { target, pinpad_id, .. } = &self.config.settings;
        let is_default = target.port == if target.secure { 443 } else { 80 };
        let host = if is_default { target.host.clone() } else { format!("{}:{}", target.host, target.port) };
        let upgrade = Upgrade {
            path: "/".to_owned(),
            host,
            secure: target.secure,
            key: key.to_owned(),
            pinpad_id: pinpad_id.clone(),
            space_before_colon: false,
        };
        CoreOutput::Request { connection: ConnectionId(self.number), bytes: upgrade.to_bytes() }
    }

    fn event(&mut self, now: Now, event: LinkEvent) -> Vec<CoreOutput> {
        let connection = ConnectionId(self.number);
        let secure = self.config.settings.target.secure;
        match (&self.link, event) {
            (Link::Dialling { .. }, LinkEvent::Opened) if secure => Vec::new(),
            (Link::Dialling { key, .. }, LinkEvent::Opened | LinkEvent::Secured) => vec![self.request(key)],
            (Link::Dialling { key, .. }, LinkEvent::Answered(head)) => {
                match handshake::judge(&head, key, self.config.settings.subprotocol_required) {
                    Ok(()) => {
                        self.link = Link::Up;
                        vec![CoreOutput::Open { connection }, CoreOutput::Report(LinkReport::Connects)]
                    }
                    Err(why) => vec![CoreOutput::Drop { connection }, self.pause(now, LinkReport::Fails(why))],
                }
            }
            (Link::Dialling { .. }, LinkEvent::Failed(why)) => vec![self.pause(now, LinkReport::Fails(why))],
            (Link::Up, LinkEvent::Text(text)) => {
                self.pauses = 0;
                vec![CoreOutput::Received { connection, text }]
            }
            (Link::Up, LinkEvent::Binary(_)) => vec![CoreOutput::ReceivedBinary { connection }],
            (Link::Up, LinkEvent::Violation(code)) => {
                vec![CoreOutput::Close { connection, code, mask: [0; 4] }, self.pause(now, LinkReport::Loses)]
            }
            (Link::Up, LinkEvent::Closed | LinkEvent::Lost | LinkEvent::Failed(_)) => {
                vec![self.pause(now, LinkReport::Loses)]
            }
            _ => Vec::new(),
        }
    }

    /// Gives the connection up, if there is one: dropped, or closed with a code.
    fn leave(&mut self, code: Option<u16>) -> Vec<CoreOutput> {
        let connection = ConnectionId(self.number);
        match std::mem::replace(&mut self.link, Link::Off) {
            Link::Off | Link::Waiting { .. } => Vec::new(),
            Link::Dialling { .. } => vec![CoreOutput::Drop { connection }],
            Link::Up => {
                let drop = CoreOutput::Drop { connection };
                let gone = code.map_or(drop, |code| CoreOutput::Close { connection, code, mask: [0; 4] });
                vec![gone, CoreOutput::Report(LinkReport::Loses)]
            }
        }
    }
}

impl ClientCore for OwnCore {
    fn handle(&mut self, now: Now, input: CoreInput) -> Vec<CoreOutput> {
        let connection = ConnectionId(self.number);
        match input {
            CoreInput::Start => {
                self.pauses = 0;
                self.link = Link::Waiting { until: now.since_start + self.config.settings.timeouts.boot };
                Vec::new()
            }
            CoreInput::Stop => self.leave(None),
            CoreInput::Leave(code) => self.leave(Some(code)),
            CoreInput::Tick if self.deadline().is_none_or(|at| at > now.since_start) => Vec::new(),
            CoreInput::Tick => match self.link {
                Link::Dialling { .. } => {
                    vec![CoreOutput::Drop { connection }, self.pause(now, LinkReport::Fails(Reason::Timeout))]
                }
                _ => self.dial(now),
            },
            CoreInput::Send(text) if matches!(self.link, Link::Up) => vec![CoreOutput::Text { connection, text }],
            CoreInput::Link { connection: of, event } if of == connection => self.event(now, event),
            CoreInput::Send(_) | CoreInput::Link { .. } => Vec::new(),
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match self.link {
            Link::Off | Link::Up => None,
            Link::Waiting { until } | Link::Dialling { until, .. } => Some(until),
        }
    }

    fn configure(&mut self, settings: CoreSettings) {
        self.config.settings = settings;
    }
}

fn main() -> ExitCode {
    // The laws first: a scenario would only show the symptoms.
    if let Err(broken) = check_core(OwnCore::new) {
        eprintln!("{broken}");
        return ExitCode::FAILURE;
    }
    let mut paths: Vec<_> = std::env::args_os().skip(1).map(Into::into).collect();
    if paths.is_empty() {
        paths.push("scenarios".into());
    }
    let found = match sca_sim::find(&paths) {
        Ok(found) => found,
        Err((path, error)) => {
            eprintln!("cannot read {}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    };
    let (mut passed, mut failed) = (0, 0);
    for path in found {
        match play_file(&path, &Options::default(), &|config| SimulatedTerminal::around(config, OwnCore::new)) {
            Ok(played) if played.passed() => passed += 1,
            Ok(played) => {
                failed += 1;
                println!("{played}");
            }
            Err(error) => println!("{error}"),
        }
    }
    println!("{passed} scenarios passed, {failed} did not");
    ExitCode::SUCCESS
}
