//! The simulated terminal: the device around a client core. It gives the core its settings and its documents, shows what
//! the core reports, and carries out the effects of the device.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use sca_core::{
    CallId, Client, ClientCore, ConnectionId, CoreConfig, CoreInput, CoreOutput, CoreSettings, Display, ICON_CONNECTED,
    ICON_DISCONNECTED, Input, Layer, LinkReport, Output, Passage, Screen, Target, Terminal, TerminalConfig, Trouble,
};
use sca_protocol::screens::ScreenName;
use sca_protocol::settings::{Settings, TerminalSettings};
use sca_protocol::{Chance, Now, Reason, TlsFailure, UnixTime};

use crate::context::{Origin, Work};
use crate::device::Device;
use crate::flash_files::CONFIG;

/// A simulated terminal around a client core.
#[derive(Debug)]
pub struct SimulatedTerminal<C = Client> {
    pub(crate) core: C,
    /// The settings in effect: those given, overridden by the parameters in config.usr1.
    pub(crate) settings: TerminalSettings,
    /// The settings as given, if config.usr1 exists.
    base: Option<Box<TerminalSettings>>,
    target: Target,
    chance: Chance,
    index: u64,
    pub(crate) link: Link,
    /// The newest connection, if it carries bytes.
    bytes: Option<ConnectionId>,
    /// The outputs of the core that are still to be carried out.
    outputs: VecDeque<CoreOutput>,
    pub(crate) device: Device,
    /// Attempts since the link was last up or the power was switched on.
    pub(crate) attempts: u32,
    /// Whether the link has been up since the power was switched on.
    pub(crate) has_been_up: bool,
    pub(crate) powered: bool,
    /// Whether the power is being cut or the device restarts: a link that is lost now ends nothing in the device.
    pub(crate) leaving: bool,
    /// Whether POSCONNECTALLOW was WEBSOCKETS when the power was switched on (A-28).
    pub(crate) websockets: bool,
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

/// The state of the link as the client core has reported it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// The client core has not been started: no power, no WebSocket, or an unknown model.
    Off,
    /// Started, and no attempt yet.
    Booting,
    /// Waiting for the next attempt.
    Down {
        /// Why the last attempt failed; `None` after the link was lost.
        why: Option<Reason>,
        /// The time on the device's clock, if that clock has obviously never been set.
        unset_clock: Option<UnixTime>,
    },
    /// An attempt is in progress.
    Dialling,
    /// The link is up on this connection.
    Up(ConnectionId),
}

/// Terminals with WebSocket are newer than 2015-01-01, in seconds since 1970: a clock before that has never been set.
const CLOCKS_ARE_SET_SINCE: i64 = 1_420_070_400;

impl<C: ClientCore> Terminal for SimulatedTerminal<C> {
    fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::PowerOn => self.power_on(now, &mut out),
            Input::PowerOff => self.power_off(now, &mut out),
            Input::Cardholder(act) => self.work(now, &mut out, |device, work| device.cardholder(work, &act)),
            Input::Tick => self.tick(now, &mut out),
            Input::Call { call, event } => self.call_event(now, call, event, &mut out),
            Input::File { path, bytes } => self.work(now, &mut out, |device, work| match bytes {
                Some(bytes) => device.flash.write(work, &path, &bytes),
                None => device.flash.remove(work, &path),
            }),
            Input::Link { connection, event } => {
                self.tell_core(now, CoreInput::Link { connection, event }, &mut out);
            }
        }
        out
    }

    fn deadline(&self) -> Option<Duration> {
        if !self.powered {
            return None;
        }
        [self.core.deadline(), self.device.deadline(), self.idle_deadline()].into_iter().flatten().min()
    }

    fn display(&self) -> Display {
        let connected = matches!(self.link, Link::Up(_));
        Display { screen: self.screen(), connected, icon: self.icons[usize::from(connected)].clone() }
    }

    fn trouble(&self) -> Option<Trouble> {
        self.core.trouble()
    }

    fn configure(&mut self, settings: TerminalSettings) {
        (self.settings, self.base) = (settings, None);
        self.read_flash();
        self.core.configure(CoreSettings::of(&self.settings, &self.target));
    }
}

impl<C: ClientCore> SimulatedTerminal<C> {
    /// A terminal that is switched off, around the client core that `make` makes.
    ///
    /// ```
    /// # use sca_core::{Client, Flash, Target, TerminalConfig};
    /// # use sca_protocol::{Chance, settings::TerminalSettings};
    /// # let config = TerminalConfig {
    /// #     settings: TerminalSettings::default(),
    /// #     target: Target { host: "broker.test".to_owned(), port: 443, secure: true },
    /// #     chance: Chance::new(1),
    /// #     index: 0,
    /// #     flash: Flash::default(),
    /// # };
    /// let terminal = sca_terminal::SimulatedTerminal::around(config, Client::new);
    /// ```
    pub fn around(config: TerminalConfig, make: impl FnOnce(CoreConfig) -> C) -> Self {
        let TerminalConfig { settings, target, chance, index, flash } = config;
        let core = make(CoreConfig { settings: CoreSettings::of(&settings, &target), chance, index });
        let mut terminal = Self {
            core,
            settings,
            base: None,
            target,
            chance,
            index,
            link: Link::Off,
            bytes: None,
            outputs: VecDeque::new(),
            device: Device { flash, ..Device::default() },
            attempts: 0,
            has_been_up: false,
            powered: false,
            leaving: false,
            websockets: false,
            inputs: 0,
            calls: BTreeMap::new(),
            notices: BTreeMap::new(),
            notices_sent: 0,
            late: Vec::new(),
            icons: [None, None],
        };
        terminal.read_flash();
        terminal
    }

    /// Applies the parameters and icons on the flash.
    pub(crate) fn read_flash(&mut self) {
        let is_configured = self.device.flash.read(CONFIG).is_some();
        let changes = is_configured || self.base.is_some();
        if is_configured {
            let base = self.base.get_or_insert_with(|| Box::new(self.settings.clone()));
            self.settings.clone_from(base);
        } else if let Some(base) = self.base.take() {
            self.settings = *base;
        }
        for (name, value) in self.device.flash.lines(CONFIG).filter_map(|line| line.split_once('=')) {
            // An invalid line, written by hand, is ignored.
            drop(self.settings.set(name, value));
        }
        if changes {
            self.core.configure(CoreSettings::of(&self.settings, &self.target));
        }
        self.icons = [ICON_DISCONNECTED, ICON_CONNECTED].map(|path| self.device.flash.read(path).map(Arc::from));
    }

    /// Runs a function on the device, then carries out the effects it requested.
    pub(crate) fn work(&mut self, now: Now, out: &mut Vec<Output>, what: impl FnOnce(&mut Device, &mut Work<'_>)) {
        self.inputs += 1;
        let mut work = Work::new(&self.settings, now, self.chance, self.index, self.inputs);
        what(&mut self.device, &mut work);
        let Work { effects, dark, .. } = work;
        for effect in effects {
            self.carry_out(now, effect, out);
        }
        if dark {
            out.push(Output::PowerLost);
            self.power_off(now, out);
        }
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
        if self.core.deadline().is_some_and(|at| at <= now.since_start) {
            self.tell_core(now, CoreInput::Tick, out);
        }
    }

    /// Tells the client core an input and carries out its outputs. If the device tells it something because of one of them,
    /// bytes behind that output go first: the core has written them already, and those of a connection stay in order.
    pub(crate) fn tell_core(&mut self, now: Now, input: CoreInput, out: &mut Vec<Output>) {
        let is_bytes = |output: &CoreOutput| matches!(output, CoreOutput::Bytes { .. });
        let (first, behind) = std::mem::take(&mut self.outputs).into_iter().partition(is_bytes);
        self.outputs = first;
        self.carry_out_all(now, out);
        self.outputs = self.core.handle(now, input).into();
        self.carry_out_all(now, out);
        self.outputs = behind;
    }

    fn carry_out_all(&mut self, now: Now, out: &mut Vec<Output>) {
        while let Some(output) = self.outputs.pop_front() {
            self.core_output(now, output, out);
        }
    }

    fn core_output(&mut self, now: Now, output: CoreOutput, out: &mut Vec<Output>) {
        match output {
            CoreOutput::Dial { connection, target, via, keep_alive, roots, layer } => {
                self.bytes = (layer == Layer::Bytes).then_some(connection);
                out.push(Output::Dial { connection, target, via, keep_alive, roots, layer });
            }
            CoreOutput::Bytes { connection, bytes } => out.push(Output::Bytes { connection, bytes }),
            CoreOutput::End { connection } => out.push(Output::End { connection }),
            CoreOutput::Reset { connection } => out.push(Output::Reset { connection }),
            CoreOutput::Request { connection, bytes } => out.push(Output::Request { connection, bytes }),
            CoreOutput::Open { connection } => {
                self.link = Link::Up(connection);
                out.push(Output::Open { connection });
            }
            CoreOutput::Text { connection, text } => out.push(Output::Text { connection, text }),
            CoreOutput::Ping { connection, payload } => out.push(Output::Ping { connection, payload }),
            CoreOutput::Close { connection, code, mask } => out.push(Output::Close { connection, code, mask }),
            CoreOutput::Drop { connection } => out.push(Output::Drop { connection }),
            CoreOutput::Report(report) => self.link_report(now, report, out),
            CoreOutput::Received { connection, text } => {
                self.document(connection, Passage::Received, Some(&text), out);
                self.work(now, out, |device, work| device.message(work, Origin::Link(connection), &text));
            }
            CoreOutput::ReceivedBinary { connection } => {
                self.document(connection, Passage::Received, None, out);
                self.work(now, out, |_, work| {
                    Device::refuse_unreadable(work, Origin::Link(connection), "a binary message", "A-26");
                });
            }
            CoreOutput::Assumed(id) => out.push(Output::Assumed(id)),
        }
    }

    /// Gives the client core a document to send.
    pub(crate) fn send(&mut self, now: Now, text: String, out: &mut Vec<Output>) {
        if let Link::Up(connection) = self.link {
            self.document(connection, Passage::Sent, Some(&text), out);
        }
        self.tell_core(now, CoreInput::Send(text), out);
    }

    /// Says that a document passes, where only bytes can be seen.
    fn document(&self, connection: ConnectionId, passage: Passage, text: Option<&str>, out: &mut Vec<Output>) {
        if self.bytes == Some(connection) {
            out.push(Output::Document { connection, passage, text: text.map(str::to_owned) });
        }
    }

    /// Passes a report on and follows it: the display shows it, and the device is told about a link that is up or lost.
    fn link_report(&mut self, now: Now, report: LinkReport, out: &mut Vec<Output>) {
        out.push(Output::LinkReport(report));
        match report {
            LinkReport::Attempts => {
                self.attempts = self.attempts.saturating_add(1);
                self.link = Link::Dialling;
            }
            LinkReport::Connects => {
                if let Some(connection) = self.bytes {
                    self.link = Link::Up(connection);
                }
                if self.has_been_up {
                    self.device.counter.reconnected(&self.settings.counter);
                }
                self.has_been_up = true;
                self.attempts = 0;
                for text in std::mem::take(&mut self.late) {
                    self.send(now, text, out);
                }
            }
            LinkReport::Fails(reason) => {
                let unset_clock = Some(now.wall).filter(|wall| wall.0 < CLOCKS_ARE_SET_SINCE);
                self.link = Link::Down { why: Some(reason), unset_clock };
            }
            LinkReport::Loses => {
                self.link = Link::Down { why: None, unset_clock: None };
                // Without power, or in a restart, there is nothing left that could end.
                if !self.leaving {
                    self.work(now, out, |device, work| {
                        device.pos_lost(work, |origin| matches!(origin, Origin::Link(_)));
                    });
                }
            }
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
        match self.link {
            Link::Off if self.websockets => Screen::plain(ScreenName::Error).saying(Reason::Config.sentence()),
            Link::Off | Link::Up(_) => self.device.idle_screen().unwrap_or_else(|| Screen::plain(ScreenName::Idle)),
            Link::Booting => Screen::plain(ScreenName::Boot),
            Link::Dialling if self.has_been_up => Screen::plain(ScreenName::Reconnecting).with("ATTEMPT", attempt),
            Link::Dialling => Screen::plain(ScreenName::Connecting).with("ATTEMPT", attempt),
            Link::Down { why, unset_clock } => {
                let name = if self.has_been_up { ScreenName::Reconnecting } else { ScreenName::Error };
                let mut text = why.map(Reason::sentence).unwrap_or_default();
                // If a certificate is not yet valid, the clock is probably wrong, not the certificate.
                if let (Some(Reason::Tls(TlsFailure::NotYetValid)), Some(clock)) = (why, unset_clock) {
                    text.push_str(&format!("; the clock of this device shows {}", clock.day()));
                }
                Screen::plain(name)
                    .saying(text)
                    .with("ATTEMPT", attempt)
                    .with("NEXT", self.core.deadline().map(instant).unwrap_or_default())
            }
        }
    }
}

/// Formats a time since the start for a screen's field: seconds with three decimals.
fn instant(at: Duration) -> String {
    format!("{}.{:03}", at.as_secs(), at.subsec_millis())
}
