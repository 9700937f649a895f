//! A client core that is not ours: it dials, upgrades, passes documents on, pings, and comes back after a loss.
//!
//!     cargo run --example own_core -- scenarios/counter scenarios/sessions

use std::process::ExitCode;
use std::time::Duration;

use sca_sim::handshake::{self, Head, Upgrade};
use sca_sim::{
    ClientCore, ConnectionId, CoreConfig, CoreInput, CoreOutput, CoreSettings, Layer, LinkEvent, LinkReport, Now,
    Options, Reason, SimulatedTerminal, Target, check_core, play_file, retry_pause,
};

/// Where the core stands: what it may do follows from here.
enum Link {
    Off,
    Waiting { until: Duration },
    Dialling { key: String, until: Duration },
    Up { next_ping: Option<Duration>, awaited: Option<Awaited> },
}

/// A ping without its pong: its payload, and when the link is given up.
struct Awaited {
    payload: Vec<u8>,
    until: Duration,
}

/// The core: a state, the number of its last connection, and its configuration.
pub(crate) struct OwnCore {
    link: Link,
    number: u32,
    /// Pauses since a document arrived, which make the next one longer.
    pauses: u32,
    pings: u32,
    config: CoreConfig,
}

impl OwnCore {
    pub(crate) fn new(config: CoreConfig) -> Self {
        Self { link: Link::Off, number: 0, pauses: 0, pings: 0, config }
    }

    fn pause(&mut self, now: Now, report: LinkReport, retry_after: Option<u64>) -> CoreOutput {
        let mut chance = self.config.chance.stream("own pause", &[self.config.index, u64::from(self.number)]);
        let pause = retry_pause(&self.config.settings.retry, self.pauses, retry_after, &mut chance);
        self.pauses += 1;
        self.link = Link::Waiting { until: now.since_start + pause };
        CoreOutput::Report(report)
    }

    /// A new connection: the number is never used again, and late events of the old one are known by theirs.
    fn dial(&mut self, now: Now) -> Vec<CoreOutput> {
        self.number += 1;
        let mut chance = self.config.chance.stream("own key", &[self.config.index, u64::from(self.number)]);
        self.link = Link::Dialling {
            key: handshake::key(chance.bytes()),
            until: now.since_start + self.config.settings.timeouts.connect,
        };
        let CoreSettings { target, via, keep_alive, roots, .. } = self.config.settings.clone();
        let connection = ConnectionId(self.number);
        let dial = CoreOutput::Dial { connection, target, via, keep_alive, roots, layer: Layer::Documents };
        vec![CoreOutput::Report(LinkReport::Attempts), dial]
    }

    fn request(&mut self, now: Now) -> Vec<CoreOutput> {
        let connection = ConnectionId(self.number);
        let settings = &self.config.settings;
        let Link::Dialling { key, until } = &mut self.link else { return Vec::new() };
        *until = now.since_start + settings.timeouts.upgrade;
        let Target { host, port, secure } = &settings.target;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let is_default = *port == if *secure { 443 } else { 80 };
        let names_port = settings.host_port == "always" || (settings.host_port == "auto" && !is_default);
        let upgrade = Upgrade {
            path: "/".to_owned(),
            host: if names_port { format!("{host}:{port}") } else { host },
            secure: *secure,
            key: key.clone(),
            pinpad_id: settings.pinpad_id.clone(),
            space_before_colon: settings.header_space_before_colon,
        };
        vec![CoreOutput::Request { connection, bytes: upgrade.to_bytes() }]
    }

    fn answered(&mut self, now: Now, head: &Head) -> Vec<CoreOutput> {
        let connection = ConnectionId(self.number);
        let settings = &self.config.settings;
        let Link::Dialling { key, .. } = &self.link else { return Vec::new() };
        match handshake::judge(head, key, settings.subprotocol_required) {
            Ok(()) => {
                let interval = Some(settings.ping_interval).filter(|seconds| *seconds > 0).map(Duration::from_secs);
                self.link = Link::Up { next_ping: interval.map(|span| now.since_start + span), awaited: None };
                vec![CoreOutput::Open { connection }, CoreOutput::Report(LinkReport::Connects)]
            }
            Err(why) => {
                let retry_after = handshake::retry_after(head, now.wall);
                vec![CoreOutput::Drop { connection }, self.pause(now, LinkReport::Fails(why), retry_after)]
            }
        }
    }

    /// Pings a link that is up, or gives it up because the last pong did not come.
    fn ping(&mut self, now: Now) -> Vec<CoreOutput> {
        let connection = ConnectionId(self.number);
        let Link::Up { next_ping, awaited } = &mut self.link else { return Vec::new() };
        if awaited.is_some() {
            let close = CoreOutput::Close { connection, code: 1001, mask: [0; 4] };
            return vec![close, self.pause(now, LinkReport::Loses, None)];
        }
        self.pings += 1;
        let payload = self.pings.to_string().into_bytes();
        let settings = &self.config.settings;
        *next_ping = Some(now.since_start + Duration::from_secs(settings.ping_interval));
        *awaited = Some(Awaited { payload: payload.clone(), until: now.since_start + settings.timeouts.pong });
        vec![CoreOutput::Ping { connection, payload }]
    }

    fn event(&mut self, now: Now, event: LinkEvent) -> Vec<CoreOutput> {
        let connection = ConnectionId(self.number);
        let settings = &self.config.settings;
        match (&mut self.link, event) {
            (Link::Dialling { until, .. }, LinkEvent::Opened) if settings.target.secure => {
                *until = now.since_start + settings.timeouts.tls;
                Vec::new()
            }
            (Link::Dialling { .. }, LinkEvent::Opened | LinkEvent::Secured) => self.request(now),
            (Link::Dialling { .. }, LinkEvent::Answered(head)) => self.answered(now, &head),
            (Link::Dialling { .. }, LinkEvent::Failed(why)) => vec![self.pause(now, LinkReport::Fails(why), None)],
            (Link::Up { .. }, LinkEvent::Text(text)) => {
                self.pauses = 0;
                vec![CoreOutput::Received { connection, text }]
            }
            (Link::Up { .. }, LinkEvent::Binary(_)) => vec![CoreOutput::ReceivedBinary { connection }],
            (Link::Up { next_ping, awaited }, LinkEvent::Pong(payload)) => {
                if awaited.take_if(|awaited| awaited.payload == payload).is_some() {
                    *next_ping = next_ping.map(|at| at.max(now.since_start));
                }
                Vec::new()
            }
            (Link::Up { .. }, LinkEvent::Violation(code)) => {
                vec![CoreOutput::Close { connection, code, mask: [0; 4] }, self.pause(now, LinkReport::Loses, None)]
            }
            (Link::Up { .. }, LinkEvent::Closed | LinkEvent::Lost | LinkEvent::Failed(_)) => {
                vec![self.pause(now, LinkReport::Loses, None)]
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
            Link::Up { .. } => {
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
                    vec![CoreOutput::Drop { connection }, self.pause(now, LinkReport::Fails(Reason::Timeout), None)]
                }
                Link::Up { .. } => self.ping(now),
                Link::Off | Link::Waiting { .. } => self.dial(now),
            },
            CoreInput::Send(text) if matches!(self.link, Link::Up { .. }) => {
                vec![CoreOutput::Text { connection, text }]
            }
            CoreInput::Link { connection: of, event } if of == connection => self.event(now, event),
            CoreInput::Send(_) | CoreInput::Link { .. } => Vec::new(),
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match &self.link {
            Link::Off => None,
            Link::Waiting { until } | Link::Dialling { until, .. } => Some(*until),
            Link::Up { next_ping, awaited } => awaited.as_ref().map(|awaited| awaited.until).or(*next_ping),
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
