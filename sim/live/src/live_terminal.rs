//! A terminal in the open while it runs: what it is told, what it orders, and the lines that say so.

use std::convert::Infallible;

use sca_core::{
    CallEvent as Heard, CallId, Cardholder, ConnectionId, FlashChange, Input, LinkEvent, LinkReport, Passage, Terminal,
};
use sca_environment::ports::{Dialled, Ports, carry_out};
use sca_judge::time_format::stamp;
use sca_network::{CallEvent, ClientOrder, ClientSetup, Dialer, EventQueue, Route, SocketDialer, Tag, run_client, tls};
use sca_protocol::{Line, Now, UnixTime};
use tokio::sync::mpsc;

use super::plain_tcp::Calls;
use super::said::Said;
use crate::terminal_plan::{Act, TerminalPlan};

/// A terminal in the open: the terminal, its one connection to the broker, its plain TCP connections, and its log.
pub(crate) struct Live<'a, C> {
    pub(crate) terminal: C,
    pub(crate) plan: TerminalPlan,
    pub(crate) tls: Option<std::sync::Arc<tls::ClientTls>>,
    pub(crate) mailbox: EventQueue,
    pub(crate) orders: Option<(ConnectionId, mpsc::Sender<ClientOrder>)>,
    pub(crate) shown: String,
    pub(crate) calls: Calls,
    pub(crate) is_on: bool,
    pub(crate) say: &'a mut dyn FnMut(&Said<'_>),
}

impl<C: Terminal> Live<'_, C> {
    pub(crate) fn line(&mut self, now: Now, what: &str) {
        (self.say)(&Said { at: now.since_start, what, document: None });
    }

    fn says(&mut self, now: Now, who: &str, document: &str) {
        (self.say)(&Said { at: now.since_start, what: who, document: Some(document) });
    }

    pub(crate) fn heard(&mut self, now: Now, connection: ConnectionId, event: LinkEvent) {
        match &event {
            LinkEvent::Answered(head) => self.line(now, &format!("  broker -> terminal   {}", head.line)),
            LinkEvent::Text(text) => self.says(now, "  broker -> terminal ", text),
            LinkEvent::Binary(bytes) => {
                self.line(now, &format!("  broker -> terminal   binary, {} bytes", bytes.len()));
            }
            LinkEvent::Closed => self.line(now, "  broker -> terminal   close"),
            LinkEvent::Violation(code) => {
                self.line(now, &format!("  broker -> terminal   protocol violation, close code {code}"));
            }
            _ => {}
        }
        self.tell(now, Input::Link { connection, event });
    }

    pub(crate) fn called(&mut self, now: Now, call: CallId, event: CallEvent) {
        let event = match event {
            CallEvent::Opened => {
                self.line(now, &format!("  {} and terminal connected (connection {})", end_of(call.line), call.number));
                Heard::Opened
            }
            CallEvent::Document(text) => {
                self.says(now, &format!("  {} -> terminal ", end_of(call.line)), &text);
                Heard::Document(text)
            }
            CallEvent::Broken(why) => {
                self.line(now, &format!("  {} -> terminal   {why} (connection {})", end_of(call.line), call.number));
                Heard::Broken(why)
            }
            CallEvent::GivenUp(why) => {
                let text = format!("  {} is given up: it {why} (connection {})", end_of(call.line), call.number);
                return self.line(now, &text);
            }
            CallEvent::Failed(reason) => {
                self.calls.forget(call);
                self.line(now, &format!("  {} cannot be reached: {reason}", end_of(call.line)));
                Heard::Failed(reason)
            }
            CallEvent::Ended => {
                self.line(now, &format!("  {} closed the connection (connection {})", end_of(call.line), call.number));
                self.calls.forget(call);
                Heard::Ended
            }
        };
        self.tell(now, Input::Call { call, event });
    }

    pub(crate) fn acts(&mut self, now: Now, act: Act) {
        match act {
            Act::Cardholder(_) if !self.is_on => self.line(now, "the terminal is off"),
            Act::Cardholder(act) => self.cardholder(now, act),
            Act::Looks => {
                self.shown.clear();
                self.show(now);
            }
            Act::Power(on) if on == self.is_on => {
                self.line(now, if on { "the power is already on" } else { "the power is already off" });
            }
            Act::Power(on) => {
                self.is_on = on;
                self.line(now, if on { "power on" } else { "power off" });
                if !on {
                    // Without power all its connections are lost.
                    self.orders = None;
                    self.calls.lose_all();
                }
                self.tell(now, if on { Input::PowerOn } else { Input::PowerOff });
            }
        }
    }

    /// Passes a cardholder's action to the terminal, and reports if the terminal ignores it.
    fn cardholder(&mut self, now: Now, act: Cardholder) {
        let before = self.shown.clone();
        if self.tell(now, Input::Cardholder(act)) == 0 && self.shown == before {
            self.line(now, "the terminal ignored this: it does not ask the cardholder for it now");
        }
    }

    /// Passes an input to the terminal and carries out its outputs. Returns how many there were.
    pub(crate) fn tell(&mut self, now: Now, input: Input) -> usize {
        let outputs = self.terminal.handle(now, input);
        let count = outputs.len();
        for output in outputs {
            let Ok(()) = carry_out(&mut LivePorts { live: self, now }, output);
        }
        self.show(now);
        count
    }

    fn order(&mut self, order: ClientOrder) {
        if let Some((_, orders)) = &self.orders {
            // The outbox is full or closed only if the connection is about to end.
            drop(orders.try_send(order));
        }
    }

    fn dial(&mut self, connection: ConnectionId, route: Route) {
        let (sender, receiver) = mpsc::channel(1_024);
        self.orders = Some((connection, sender));
        let size = usize::try_from(self.plan.settings.message_size_max).unwrap_or(usize::MAX);
        tokio::task::spawn_local(run_client(
            Dialer::Socket(SocketDialer::default()),
            route,
            ClientSetup::messages(size, self.tls.clone()),
            Tag { terminal: 0, line: None, connection: connection.0 },
            self.mailbox.clone(),
            receiver,
        ));
    }

    /// Logs the screen if it has changed, with what the terminal waits for.
    fn show(&mut self, now: Now) {
        let face = self.terminal.display();
        let fields: Vec<String> = face.screen.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let icon = if face.connected { "connected" } else { "disconnected" };
        let shown = format!("screen {} {} {} [{icon}]", face.screen.name, face.screen.text, fields.join(" "));
        if shown == self.shown {
            return;
        }
        let waits = match (face.connected, self.terminal.deadline()) {
            (true, Some(at)) => format!("waits for a request; next timer at {}", stamp(at)),
            (true, None) => "waits for a request".to_owned(),
            (false, Some(at)) => format!("waits until {} at the latest", stamp(at)),
            (false, None) if self.plan.settings.pos_connect_allow != "WEBSOCKETS" => {
                "waits for a POS to connect".to_owned()
            }
            (false, None) => "waits for power".to_owned(),
        };
        let text = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        self.line(now, &format!("{text}  ({waits})"));
        self.shown = shown;
    }
}

/// The ports of a terminal in the open: sockets, a folder for its flash, and lines that say what happens.
struct LivePorts<'l, 'a, C> {
    live: &'l mut Live<'a, C>,
    now: Now,
}

impl<C: Terminal> Ports for LivePorts<'_, '_, C> {
    type Stop = Infallible;

    fn dial(&mut self, connection: ConnectionId, route: Route, _: &Dialled) -> Result<(), Infallible> {
        let address_timeout = self.live.plan.settings.address_timeout;
        self.live.dial(connection, Route { address_timeout, ..route });
        Ok(())
    }

    fn order(&mut self, _: ConnectionId, order: ClientOrder) -> Result<(), Infallible> {
        match &order {
            ClientOrder::Text(text) => self.live.says(self.now, "  terminal -> broker ", text),
            ClientOrder::Ping(_) => self.live.line(self.now, "  terminal -> broker   ping"),
            ClientOrder::Close(code, _) => {
                self.live.line(self.now, &format!("  terminal -> broker   close {code}"));
            }
            _ => {}
        }
        let is_last = matches!(order, ClientOrder::Close(..));
        self.live.order(order);
        if is_last {
            self.live.orders = None;
        }
        Ok(())
    }

    /// A terminal in the open has a core of ours, which leaves the bytes to its transport.
    fn document(&mut self, _: ConnectionId, _: Passage, _: Option<String>) -> Result<(), Infallible> {
        Ok(())
    }

    fn drop_connection(&mut self, _: ConnectionId) -> Result<(), Infallible> {
        self.live.orders = None;
        Ok(())
    }

    fn report(&mut self, report: LinkReport) -> Result<(), Infallible> {
        let text = match report {
            LinkReport::Attempts => "attempts".to_owned(),
            LinkReport::Connects => "connects".to_owned(),
            LinkReport::Loses => "loses the link".to_owned(),
            LinkReport::Fails(reason) => format!("fails {reason}: {}", reason.sentence()),
        };
        self.live.line(self.now, &format!("terminal {text}"));
        Ok(())
    }

    fn call(&mut self, call: CallId, address: Option<(String, u16)>) -> Result<(), Infallible> {
        let settings = self.live.plan.settings.clone();
        self.live.calls.call(&settings, call, address);
        Ok(())
    }

    fn say(&mut self, call: CallId, text: String) -> Result<(), Infallible> {
        self.live.says(self.now, &format!("  terminal -> {} ", end_of(call.line)), &text);
        self.live.calls.say(call, text);
        Ok(())
    }

    fn hang_up(&mut self, call: CallId) -> Result<(), Infallible> {
        let text = format!("  terminal hangs up on {} (connection {})", end_of(call.line), call.number);
        self.live.line(self.now, &text);
        self.live.calls.hang_up(call);
        Ok(())
    }

    fn listen(&mut self, on: bool) -> Result<(), Infallible> {
        let settings = self.live.plan.settings.clone();
        self.live.calls.listen(&settings, on);
        Ok(())
    }

    fn flash(&mut self, change: FlashChange) -> Result<(), Infallible> {
        let kept = self.live.plan.flash.as_ref().map_or(Ok(()), |folder| sca_files::write_flash(folder, &change));
        if let Err(error) = kept {
            self.live.line(self.now, &format!("cannot write the flash: {error}"));
        }
        Ok(())
    }

    /// The terminal may not set the clock of the machine it runs on.
    fn set_clock(&mut self, _: UnixTime) -> Result<(), Infallible> {
        Ok(())
    }

    fn power_lost(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn assumed(&mut self, _: &'static str) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The peer of a plain TCP connection on this line.
fn end_of(line: Line) -> &'static str {
    match line {
        Line::Primary | Line::Secondary | Line::Notices => "pos",
        Line::Host => "host",
        Line::Estate => "vhq",
    }
}
