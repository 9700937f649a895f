//! Our client core: boot, dial, upgrade, ping, close, retry.

use std::time::Duration;

use sca_protocol::handshake::{self, Upgrade};
use sca_protocol::{Chance, Now, Reason};

use crate::client_core::{ClientCore, CoreConfig, CoreInput, CoreOutput, CoreSettings};
use crate::connection::{ConnectionId, Layer, LinkEvent, LinkReport, Target};
use crate::link::{Link, Ping, Step};
use crate::retry_pause::retry_pause;

/// The client core of this project.
#[derive(Debug)]
pub struct Client {
    settings: CoreSettings,
    chance: Chance,
    index: u64,
    link: Link,
    /// Pauses since a connection last carried a document; the length of the next pause grows with it.
    level: u32,
    connections: u32,
    pauses: u64,
    pings: u64,
}

impl ClientCore for Client {
    fn handle(&mut self, now: Now, input: CoreInput) -> Vec<CoreOutput> {
        let mut out = Vec::new();
        match input {
            CoreInput::Start => {
                self.level = 0;
                self.link = Link::Booting { until: now.since_start + self.settings.timeouts.boot };
            }
            CoreInput::Stop => self.stop(&mut out),
            CoreInput::Leave(code) => self.leave(code, &mut out),
            CoreInput::Tick => self.tick(now, &mut out),
            CoreInput::Send(text) => {
                if let Link::Up { connection, .. } = self.link {
                    out.push(CoreOutput::Text { connection, text });
                }
            }
            // Events of old connections are ignored.
            CoreInput::Link { connection, event } if self.link.connection() == Some(connection) => {
                self.link_event(now, connection, event, &mut out);
            }
            CoreInput::Link { .. } => {}
        }
        out
    }

    fn deadline(&self) -> Option<Duration> {
        self.link.deadline()
    }

    fn configure(&mut self, settings: CoreSettings) {
        self.settings = settings;
    }
}

impl Client {
    /// A client core that has not been started.
    #[must_use]
    pub fn new(config: CoreConfig) -> Self {
        let CoreConfig { settings, chance, index } = config;
        Self { settings, chance, index, link: Link::Off, level: 0, connections: 0, pauses: 0, pings: 0 }
    }

    fn stop(&mut self, out: &mut Vec<CoreOutput>) {
        if let Some(connection) = self.link.connection() {
            out.push(CoreOutput::Drop { connection });
        }
        if matches!(self.link, Link::Up { .. }) {
            out.push(CoreOutput::Report(LinkReport::Loses));
        }
        self.link = Link::Off;
    }

    /// Closes a link that is up cleanly, and stays down until the next start.
    fn leave(&mut self, code: u16, out: &mut Vec<CoreOutput>) {
        if let Link::Up { connection, .. } = self.link {
            out.push(self.closing(connection, code));
            out.push(CoreOutput::Report(LinkReport::Loses));
            self.link = Link::Off;
        }
        self.stop(out);
    }

    fn tick(&mut self, now: Now, out: &mut Vec<CoreOutput>) {
        if self.link.deadline().is_none_or(|at| at > now.since_start) {
            return;
        }
        match &mut self.link {
            Link::Off => {}
            Link::Booting { .. } | Link::Down { .. } => self.dial(now, out),
            Link::Dialling { connection, .. } => {
                out.push(CoreOutput::Drop { connection: *connection });
                self.fail(now, Reason::Timeout, None, out);
            }
            Link::Up { connection, ping } => match ping {
                Ping::Never => {}
                Ping::Next(_) => {
                    self.pings += 1;
                    let payload = self.pings.to_string().into_bytes();
                    let next = now.since_start + Duration::from_secs(self.settings.ping_interval);
                    let until = now.since_start + self.settings.timeouts.pong;
                    out.push(CoreOutput::Ping { connection: *connection, payload: payload.clone() });
                    *ping = Ping::Awaited { payload, until, next };
                }
                Ping::Awaited { .. } => self.close(now, 1001, out),
            },
        }
    }

    fn dial(&mut self, now: Now, out: &mut Vec<CoreOutput>) {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        let until = now.since_start + self.settings.timeouts.connect;
        self.link = Link::Dialling { connection, step: Step::Connecting, until };
        out.push(CoreOutput::Report(LinkReport::Attempts));
        let CoreSettings { target, via, keep_alive, roots, .. } = self.settings.clone();
        out.extend((!roots.is_empty()).then_some(CoreOutput::Assumed("A-72")));
        out.push(CoreOutput::Dial { connection, target, via, keep_alive, roots, layer: Layer::Documents });
    }

    fn link_event(&mut self, now: Now, connection: ConnectionId, event: LinkEvent, out: &mut Vec<CoreOutput>) {
        match (&mut self.link, event) {
            (Link::Dialling { step, until, .. }, LinkEvent::Opened) if self.settings.target.secure => {
                *step = Step::Securing;
                *until = now.since_start + self.settings.timeouts.tls;
            }
            (Link::Dialling { .. }, LinkEvent::Opened | LinkEvent::Secured) => self.request(now, connection, out),
            (Link::Dialling { step: Step::Upgrading { key }, .. }, LinkEvent::Answered(head)) => {
                match handshake::judge(&head, key, self.settings.subprotocol_required) {
                    Ok(()) => self.up(now, connection, out),
                    Err(reason) => {
                        out.push(CoreOutput::Drop { connection });
                        self.fail(now, reason, handshake::retry_after(&head, now.wall), out);
                    }
                }
            }
            (Link::Dialling { .. }, LinkEvent::Failed(reason)) => self.fail(now, reason, None, out),
            (Link::Up { .. }, LinkEvent::Text(text)) => {
                // Only a connection that has carried a document shows that the broker works.
                self.level = 0;
                out.push(CoreOutput::Received { connection, text });
            }
            (Link::Up { .. }, LinkEvent::Binary(_)) => out.push(CoreOutput::ReceivedBinary { connection }),
            (Link::Up { ping, .. }, LinkEvent::Pong(got)) => {
                if let Ping::Awaited { payload, next, .. } = ping
                    && *payload == got
                {
                    *ping = Ping::Next((*next).max(now.since_start));
                }
            }
            (Link::Up { .. }, LinkEvent::Violation(code)) => self.close(now, code, out),
            (Link::Up { .. }, LinkEvent::Closed | LinkEvent::Lost | LinkEvent::Failed(_)) => self.lose(now, out),
            // Any other event is out of order and ignored.
            _ => {}
        }
    }

    /// Sends the upgrade request.
    fn request(&mut self, now: Now, connection: ConnectionId, out: &mut Vec<CoreOutput>) {
        let mut chance = self.chance.stream("key", &[self.index, u64::from(connection.0)]);
        let key = handshake::key(chance.bytes());
        let upgrade = Upgrade {
            path: "/".to_owned(),
            host: self.host(),
            secure: self.settings.target.secure,
            key: key.clone(),
            pinpad_id: self.settings.pinpad_id.clone(),
            space_before_colon: self.settings.header_space_before_colon,
        };
        let until = now.since_start + self.settings.timeouts.upgrade;
        self.link = Link::Dialling { connection, step: Step::Upgrading { key }, until };
        out.push(CoreOutput::Request { connection, bytes: upgrade.to_bytes() });
    }

    /// The upgrade was accepted: the link is up.
    fn up(&mut self, now: Now, connection: ConnectionId, out: &mut Vec<CoreOutput>) {
        let ping = match self.settings.ping_interval {
            0 => Ping::Never,
            seconds => Ping::Next(now.since_start + Duration::from_secs(seconds)),
        };
        self.link = Link::Up { connection, ping };
        out.push(CoreOutput::Open { connection });
        out.push(CoreOutput::Report(LinkReport::Connects));
    }

    /// The order to close a connection cleanly.
    fn closing(&self, connection: ConnectionId, code: u16) -> CoreOutput {
        let mask = self.chance.stream("close", &[self.index, u64::from(connection.0)]).bytes();
        CoreOutput::Close { connection, code, mask }
    }

    /// Closes the connection with this code and counts the link as lost.
    fn close(&mut self, now: Now, code: u16, out: &mut Vec<CoreOutput>) {
        if let Some(connection) = self.link.connection() {
            out.push(self.closing(connection, code));
        }
        self.lose(now, out);
    }

    /// Handles the loss of the link.
    fn lose(&mut self, now: Now, out: &mut Vec<CoreOutput>) {
        out.push(CoreOutput::Report(LinkReport::Loses));
        self.pause(now, None);
    }

    /// Handles a failed attempt.
    fn fail(&mut self, now: Now, reason: Reason, retry_after: Option<u64>, out: &mut Vec<CoreOutput>) {
        out.push(CoreOutput::Report(LinkReport::Fails(reason)));
        self.pause(now, retry_after);
    }

    /// Starts the pause before the next attempt.
    fn pause(&mut self, now: Now, retry_after: Option<u64>) {
        self.pauses += 1;
        let mut chance = self.chance.stream("retry", &[self.index, self.pauses]);
        let pause = retry_pause(&self.settings.retry, self.level, retry_after, &mut chance);
        self.level = self.level.saturating_add(1);
        self.link = Link::Down { next: now.since_start + pause };
    }

    /// The Host header.
    fn host(&self) -> String {
        let Target { host, port, secure } = &self.settings.target;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let is_default = *port == if *secure { 443 } else { 80 };
        match self.settings.host_port.as_str() {
            "always" => format!("{host}:{port}"),
            "auto" if !is_default => format!("{host}:{port}"),
            _ => host,
        }
    }
}
