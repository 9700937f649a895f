//! The state machine of a terminal: dispatches inputs by the state of the link, and carries out the outputs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sca_protocol::handshake::{self, Upgrade};
use sca_protocol::screens::ScreenName;
use sca_protocol::settings::{Settings, TerminalSettings};
use sca_protocol::{Chance, Now, Reason};

use crate::context::{Origin, Work};
use crate::device::Device;
use crate::event::{CallId, ConnectionId, Input, LinkEvent, LinkReport, Output, Target};
use crate::flash::{CONFIG, Flash, ICON_CONNECTED, ICON_DISCONNECTED};
use crate::link::{Link, Ping, Step, retry_pause};
use crate::screen::{Display, Screen, instant};

/// A simulated terminal.
#[derive(Debug)]
pub struct Terminal {
    /// The settings in effect: those given, overridden by the parameters in config.usr1.
    pub(crate) settings: TerminalSettings,
    /// The settings as given, if config.usr1 exists.
    base: Option<Box<TerminalSettings>>,
    pub(crate) target: Target,
    pub(crate) chance: Chance,
    pub(crate) index: u64,
    pub(crate) link: Link,
    pub(crate) device: Device,
    /// Attempts since the link was last up or the power was switched on.
    pub(crate) attempts: u32,
    /// Pauses since a connection last carried a POS request; the length of the next pause grows with it.
    pub(crate) level: u32,
    /// Whether the link has been up since the power was switched on.
    pub(crate) has_been_up: bool,
    pub(crate) powered: bool,
    /// Whether POSCONNECTALLOW was WEBSOCKETS when the power was switched on.
    pub(crate) websockets: bool,
    connections: u32,
    pauses: u64,
    pings: u64,
    inputs: u64,
    /// Open connections on the classic ports, with the time of the last document.
    pub(crate) calls: BTreeMap<CallId, Duration>,
    /// Notices that wait for their connection to be established.
    pub(crate) notices: BTreeMap<u32, String>,
    pub(crate) notices_sent: u32,
    /// Answers whose connection was lost before they could be sent.
    pub(crate) late: Vec<String>,
    /// The icons on the flash: for a link that is down, and for one that is up.
    icons: [Option<Arc<[u8]>>; 2],
}

/// Terminals with WebSocket are newer than 2015-01-01, in seconds since 1970: a clock before that has never been set.
const CLOCKS_ARE_SET_SINCE: i64 = 1_420_070_400;

impl Terminal {
    /// A terminal that is switched off. `index` distinguishes its random streams from those of the world's other
    /// terminals.
    #[must_use]
    pub fn new(settings: TerminalSettings, target: Target, chance: Chance, index: u64) -> Self {
        Self {
            settings,
            base: None,
            target,
            chance,
            index,
            link: Link::Off,
            device: Device::default(),
            attempts: 0,
            level: 0,
            has_been_up: false,
            powered: false,
            websockets: false,
            connections: 0,
            pauses: 0,
            pings: 0,
            inputs: 0,
            calls: BTreeMap::new(),
            notices: BTreeMap::new(),
            notices_sent: 0,
            late: Vec::new(),
            icons: [None, None],
        }
    }

    /// The same terminal with this flash.
    #[must_use]
    pub fn with_flash(mut self, flash: Flash) -> Self {
        self.device.flash = flash;
        self.read_flash();
        self
    }

    /// Changes the settings while the terminal runs; operations in progress keep the old ones.
    pub fn configure(&mut self, settings: TerminalSettings) {
        (self.settings, self.base) = (settings, None);
        self.read_flash();
    }

    /// Applies the parameters and icons on the flash.
    pub(crate) fn read_flash(&mut self) {
        if self.device.flash.read(CONFIG).is_some() {
            let base = self.base.get_or_insert_with(|| Box::new(self.settings.clone()));
            self.settings.clone_from(base);
        } else if let Some(base) = self.base.take() {
            self.settings = *base;
        }
        for (name, value) in self.device.flash.lines(CONFIG).filter_map(|line| line.split_once('=')) {
            // An invalid line, written by hand, is ignored.
            drop(self.settings.set(name, value));
        }
        self.icons = [ICON_DISCONNECTED, ICON_CONNECTED].map(|path| self.device.flash.read(path).map(Arc::from));
    }

    /// Handles an input and returns the outputs in order.
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::PowerOn => self.power_on(now, &mut out),
            Input::PowerOff => self.power_off(&mut out),
            Input::Cardholder(act) => self.work(now, &mut out, |device, work| device.cardholder(work, &act)),
            Input::Tick => self.tick(now, &mut out),
            Input::Call { call, event } => self.call_event(now, call, event, &mut out),
            Input::File { path, bytes } => self.work(now, &mut out, |device, work| match bytes {
                Some(bytes) => device.flash.write(work, &path, &bytes),
                None => device.flash.remove(work, &path),
            }),
            // Events of old connections are ignored.
            Input::Link { connection, event } if self.link.connection() == Some(connection) => {
                self.link_event(now, connection, event, &mut out);
            }
            Input::Link { .. } => {}
        }
        out
    }

    /// Runs a function on the device, then carries out the effects it requested.
    pub(crate) fn work(&mut self, now: Now, out: &mut Vec<Output>, what: impl FnOnce(&mut Device, &mut Work<'_>)) {
        self.inputs += 1;
        let mut work = Work::new(&self.settings, now, self.chance, self.index, self.inputs);
        what(&mut self.device, &mut work);
        let Work { deeds, dark, .. } = work;
        for deed in deeds {
            self.carry_out(now, deed, out);
        }
        if dark {
            out.push(Output::PowerLost);
            self.power_off(out);
        }
    }

    /// The time at which the terminal needs an [`Input::Tick`]; `None` if nothing is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        if !self.powered {
            return None;
        }
        [self.link.deadline(), self.device.deadline(), self.idle_deadline()].into_iter().flatten().min()
    }

    /// The current display.
    #[must_use]
    pub fn face(&self) -> Display {
        let connected = matches!(self.link, Link::Up { .. });
        Display { screen: self.screen(), connected, icon: self.icons[usize::from(connected)].clone() }
    }

    fn tick(&mut self, now: Now, out: &mut Vec<Output>) {
        if self.device.deadline().is_some_and(|at| at <= now.since_start) {
            self.work(now, out, Device::tick);
        }
        if self.idle_deadline().is_some_and(|at| at <= now.since_start)
            && let Some(call) = self.calls.iter().min_by_key(|(_, last)| **last).map(|(call, _)| *call)
        {
            out.push(Output::HangUp { call });
            self.classic_connection_ended(now, call, out);
        }
        if self.link.deadline().is_none_or(|at| at > now.since_start) {
            return;
        }
        match &mut self.link {
            Link::Off => {}
            Link::Booting { .. } | Link::Down { .. } => self.dial(now, out),
            Link::Dialling { connection, .. } => {
                out.push(Output::Drop { connection: *connection });
                self.fail(now, Reason::Timeout, None, out);
            }
            Link::Up { connection, ping, .. } => match ping {
                Ping::Never => {}
                Ping::Next(_) => {
                    self.pings += 1;
                    let payload = self.pings.to_string().into_bytes();
                    let next = now.since_start + Duration::from_secs(self.settings.ping_interval);
                    let until = now.since_start + self.settings.pong_timeout;
                    out.push(Output::Ping { connection: *connection, payload: payload.clone() });
                    *ping = Ping::Awaited { payload, until, next };
                }
                Ping::Awaited { .. } => self.close(now, 1001, out),
            },
        }
    }

    fn dial(&mut self, now: Now, out: &mut Vec<Output>) {
        self.connections += 1;
        self.attempts = self.attempts.saturating_add(1);
        let connection = ConnectionId(self.connections);
        let until = now.since_start + self.settings.connect_timeout;
        self.link = Link::Dialling { connection, step: Step::Connecting, until };
        out.push(Output::LinkReport(LinkReport::Attempts));
        let via = self.settings.parsed_proxy();
        let (keep_alive, roots) = (self.settings.keep_alive, self.settings.roots.clone());
        out.extend((!roots.is_empty()).then_some(Output::Assumed("A-72")));
        out.push(Output::Dial { connection, target: self.target(), via, keep_alive, roots });
    }

    fn link_event(&mut self, now: Now, connection: ConnectionId, event: LinkEvent, out: &mut Vec<Output>) {
        match (&mut self.link, event) {
            (Link::Dialling { step, until, .. }, LinkEvent::Opened) if self.target.secure => {
                *step = Step::Securing;
                *until = now.since_start + self.settings.tls_timeout;
            }
            (Link::Dialling { .. }, LinkEvent::Opened | LinkEvent::Secured) => self.request(now, connection, out),
            (Link::Dialling { step: Step::Upgrading { key }, .. }, LinkEvent::Answered(head)) => {
                match handshake::judge(&head, key, self.settings.subprotocol_required) {
                    Ok(()) => self.up(now, connection, out),
                    Err(reason) => {
                        out.push(Output::Drop { connection });
                        self.fail(now, reason, handshake::retry_after(&head, now.wall), out);
                    }
                }
            }
            (Link::Dialling { .. }, LinkEvent::Failed(reason)) => self.fail(now, reason, None, out),
            (Link::Up { .. }, LinkEvent::Text(text)) => {
                self.carried();
                self.work(now, out, |device, work| device.message(work, Origin::Link(connection), &text));
            }
            (Link::Up { .. }, LinkEvent::Binary(_)) => self.work(now, out, |_, work| {
                Device::refuse_unreadable(work, Origin::Link(connection), "a binary message", "A-26");
            }),
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
    fn request(&mut self, now: Now, connection: ConnectionId, out: &mut Vec<Output>) {
        let mut chance = self.chance.stream("key", &[self.index, u64::from(connection.0)]);
        let key = handshake::key(chance.bytes());
        let upgrade = Upgrade {
            path: "/".to_owned(),
            host: self.host(),
            secure: self.target.secure,
            key: key.clone(),
            pinpad_id: self.settings.pinpad_id.clone(),
            space_before_colon: self.settings.header_space_before_colon,
        };
        let until = now.since_start + self.settings.upgrade_timeout;
        self.link = Link::Dialling { connection, step: Step::Upgrading { key }, until };
        out.push(Output::Request { connection, bytes: upgrade.to_bytes() });
    }

    /// The upgrade was accepted: the link is up.
    fn up(&mut self, now: Now, connection: ConnectionId, out: &mut Vec<Output>) {
        let ping = match self.settings.ping_interval {
            0 => Ping::Never,
            seconds => Ping::Next(now.since_start + Duration::from_secs(seconds)),
        };
        if self.has_been_up {
            self.device.counter.reconnected(&self.settings.counter);
        }
        self.link = Link::Up { connection, served: false, ping };
        self.has_been_up = true;
        self.attempts = 0;
        out.push(Output::Open { connection });
        out.push(Output::LinkReport(LinkReport::Connects));
        out.extend(std::mem::take(&mut self.late).into_iter().map(|text| Output::Text { connection, text }));
    }

    /// Notes that the connection has carried a POS request, which resets the retry pauses.
    fn carried(&mut self) {
        if let Link::Up { served, .. } = &mut self.link {
            *served = true;
            self.level = 0;
        }
    }

    /// Closes the connection with this code and counts the link as lost.
    fn close(&mut self, now: Now, code: u16, out: &mut Vec<Output>) {
        if let Some(connection) = self.link.connection() {
            let mask = self.chance.stream("close", &[self.index, u64::from(connection.0)]).bytes();
            out.push(Output::Close { connection, code, mask });
        }
        self.lose(now, out);
    }

    /// Handles the loss of the link.
    fn lose(&mut self, now: Now, out: &mut Vec<Output>) {
        out.push(Output::LinkReport(LinkReport::Loses));
        self.wait(now, None, None);
        self.work(now, out, |device, work| device.pos_lost(work, |origin| matches!(origin, Origin::Link(_))));
    }

    /// Handles a failed attempt.
    fn fail(&mut self, now: Now, reason: Reason, retry_after: Option<u64>, out: &mut Vec<Output>) {
        out.push(Output::LinkReport(LinkReport::Fails(reason)));
        self.wait(now, Some(reason), retry_after);
    }

    /// Starts the pause before the next attempt.
    fn wait(&mut self, now: Now, why: Option<Reason>, retry_after: Option<u64>) {
        self.pauses += 1;
        let mut chance = self.chance.stream("retry", &[self.index, self.pauses]);
        let pause = retry_pause(&self.settings.retry, self.level, retry_after, &mut chance);
        self.level = self.level.saturating_add(1);
        let unset_clock = Some(now.wall).filter(|wall| wall.0 < CLOCKS_ARE_SET_SINCE);
        self.link = Link::Down { next: now.since_start + pause, why, unset_clock };
    }

    /// The broker's address, where the settings override the one given.
    fn target(&self) -> Target {
        let mut target = self.target.clone();
        if !self.settings.address.is_empty() {
            target.host.clone_from(&self.settings.address);
        }
        if let Some(port) = u16::try_from(self.settings.port).ok().filter(|&port| port != 0) {
            target.port = port;
        }
        target
    }

    /// The Host header.
    fn host(&self) -> String {
        let Target { host, port, secure } = self.target();
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let is_default = port == if secure { 443 } else { 80 };
        match self.settings.host_port.as_str() {
            "always" => format!("{host}:{port}"),
            "auto" if !is_default => format!("{host}:{port}"),
            _ => host,
        }
    }

    fn screen(&self) -> Screen {
        if !self.powered {
            return Screen::plain(ScreenName::Off);
        }
        if let Some(screen) = self.device.screen() {
            return screen;
        }
        let attempt = self.attempts.to_string();
        match &self.link {
            Link::Off if self.websockets => Screen::plain(ScreenName::Error).saying(Reason::Config.sentence()),
            Link::Off | Link::Up { .. } => self.device.idle_screen().unwrap_or_else(|| Screen::plain(ScreenName::Idle)),
            Link::Booting { .. } => Screen::plain(ScreenName::Boot),
            Link::Dialling { .. } if self.has_been_up => {
                Screen::plain(ScreenName::Reconnecting).with("ATTEMPT", attempt)
            }
            Link::Dialling { .. } => Screen::plain(ScreenName::Connecting).with("ATTEMPT", attempt),
            Link::Down { next, why, unset_clock } => {
                let name = if self.has_been_up { ScreenName::Reconnecting } else { ScreenName::Error };
                let mut text = why.map(Reason::sentence).unwrap_or_default();
                // If a certificate is not yet valid, the clock is probably wrong, not the certificate.
                if let (Some(Reason::Tls("not-yet-valid")), Some(clock)) = (why, unset_clock) {
                    text.push_str(&format!("; the clock of this device shows {}", clock.day()));
                }
                Screen::plain(name).saying(text).with("ATTEMPT", attempt).with("NEXT", instant(*next))
            }
        }
    }
}
