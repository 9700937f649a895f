//! One simulated terminal that connects to any broker, with a log of what happens and what it waits for.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use sca_core::{
    CallEvent as Heard, CallId, Cardholder, ConnectionId, Flash, Input, LinkEvent, LinkReport, Output, Target,
    Terminal, TerminalConfig,
};
use sca_judge::time_format::stamp;
use sca_network::tls::TlsError;
use sca_network::{
    CallEvent, ClientEvent, ClientOrder, ClientSetup, Dialer, Event, EventQueue, PrefixCut, Route, SocketDialer, Tag,
    run_client, tls,
};
use sca_protocol::settings::{TerminalSettings, parse_host_port};
use sca_protocol::{Chance, Line, Now};
use sca_world::credentials::{Credentials, real_clock, wall};
use tokio::sync::mpsc;

use super::plain_tcp::Calls;
use super::said::Said;

/// An action of the operator in front of the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A cardholder's action.
    Cardholder(Cardholder),
    /// Prints the current screen.
    Looks,
    /// Switches the power on or off.
    Power(bool),
}

/// The configuration of a terminal to run.
#[derive(Debug, Clone)]
pub struct TerminalPlan {
    /// Its settings.
    pub settings: TerminalSettings,
    /// The broker's address.
    pub target: Target,
    /// The seed of its random choices.
    pub seed: u64,
    /// The roots it trusts, and the certificate it presents.
    pub credentials: Credentials,
    /// The address on which the classic ports are opened if POSCONNECTALLOW is not WEBSOCKETS.
    pub listen_on: IpAddr,
    /// Limits for connections to its classic ports.
    pub limits: super::limits::Limits,
    /// The folder that holds its flash; the flash is in memory if absent.
    pub flash: Option<PathBuf>,
}

struct Live<'a, C> {
    terminal: C,
    plan: TerminalPlan,
    tls: Option<std::sync::Arc<tls::ClientTls>>,
    mailbox: EventQueue,
    orders: Option<(ConnectionId, mpsc::Sender<ClientOrder>)>,
    shown: String,
    calls: Calls,
    is_on: bool,
    say: &'a mut dyn FnMut(&Said<'_>),
}

/// Why a terminal cannot run on real sockets.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The credentials cannot be used.
    #[error("{0}")]
    Tls(#[from] TlsError),
    /// The folder of its flash cannot be read.
    #[error("cannot read the flash: {0}")]
    Flash(std::io::Error),
    /// A classic port cannot be opened.
    #[error("cannot listen on {0}")]
    Listen(String),
}

/// Runs a terminal until `stop` completes. Calls `say` with each line of the log. Needs a `LocalSet`.
///
/// # Errors
/// [`LiveError`], if the credentials, the flash or the classic ports cannot be used.
pub async fn connect<C: Terminal>(
    plan: TerminalPlan,
    make: &dyn Fn(TerminalConfig) -> C,
    mut acts: mpsc::Receiver<Act>,
    stop: impl Future<Output = ()>,
    say: &mut dyn FnMut(&Said<'_>),
) -> Result<(), LiveError> {
    let (clock, device) = real_clock(plan.settings.clock);
    let chosen = (plan.settings.resumption, plan.settings.tls.as_str(), plan.settings.groups.as_str());
    let tls = match plan.target.secure {
        true => Some(tls::client(&plan.credentials.trust(chosen)?, wall(&device), None)?),
        false => None,
    };
    let making = TerminalConfig {
        settings: plan.settings.clone(),
        target: plan.target.clone(),
        chance: Chance::new(plan.seed),
        index: 0,
        flash: match &plan.flash {
            Some(folder) => sca_files::read_flash(folder).map_err(LiveError::Flash)?,
            None => Flash::default(),
        },
    };
    let mailbox = EventQueue::default();
    let (said, mut told) = mpsc::channel(16);
    tokio::task::spawn_local(report_unreachable_host(plan.settings.clone(), said.clone()));
    let calls = Calls::new(mailbox.clone(), plan.listen_on, plan.limits, said);
    let (terminal, orders, shown) = (make(making), None, String::new());
    let mut live = Live { terminal, plan, tls, mailbox, orders, shown, calls, is_on: true, say };
    let now = || Now { since_start: clock.elapsed(), wall: device.shows() };
    live.tell(now(), Input::PowerOn);
    tokio::pin!(stop);
    loop {
        let tick = live.terminal.deadline().map(|at| clock.instant(at));
        let sleep = async {
            match tick {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = &mut stop => {
                live.tell(now(), Input::PowerOff);
                return Ok(());
            }
            () = live.mailbox.posted() => {
                for posted in live.mailbox.take() {
                    match (posted.event, posted.tag.line) {
                        (Event::Client(event), _) => live.heard(now(), ConnectionId(posted.tag.connection), event),
                        (Event::Call(_, event), Some(line)) => {
                            live.called(now(), CallId { line, number: posted.tag.connection }, event);
                        }
                        _ => {}
                    }
                }
            }
            Some(told) = told.recv() => match told {
                Ok(text) => live.line(now(), &format!("terminal {text}")),
                Err(why) => return Err(LiveError::Listen(why)),
            },
            Some(act) = acts.recv() => live.acts(now(), act),
            () = sleep => {
                live.tell(now(), Input::Tick);
            }
        }
    }
}

impl<C: Terminal> Live<'_, C> {
    fn line(&mut self, now: Now, what: &str) {
        (self.say)(&Said { at: now.since_start, what, document: None });
    }

    fn says(&mut self, now: Now, who: &str, document: &str) {
        (self.say)(&Said { at: now.since_start, what: who, document: Some(document) });
    }

    fn heard(&mut self, now: Now, connection: ConnectionId, event: ClientEvent) {
        let event = match event {
            ClientEvent::Opened => LinkEvent::Opened,
            ClientEvent::Secured => LinkEvent::Secured,
            ClientEvent::Answered(head) => {
                self.line(now, &format!("  broker -> terminal   {}", head.line));
                LinkEvent::Answered(head)
            }
            ClientEvent::Failed(reason) => LinkEvent::Failed(reason),
            ClientEvent::Text(text) => {
                self.says(now, "  broker -> terminal ", &text);
                LinkEvent::Text(text)
            }
            ClientEvent::Binary(bytes) => {
                self.line(now, &format!("  broker -> terminal   binary, {} bytes", bytes.len()));
                LinkEvent::Binary(bytes)
            }
            ClientEvent::Pong(payload) => LinkEvent::Pong(payload),
            ClientEvent::Closed => {
                self.line(now, "  broker -> terminal   close");
                LinkEvent::Closed
            }
            ClientEvent::Violation(code) => {
                self.line(now, &format!("  broker -> terminal   protocol violation, close code {code}"));
                LinkEvent::Violation(code)
            }
            ClientEvent::Lost => LinkEvent::Lost,
        };
        self.tell(now, Input::Link { connection, event });
    }

    fn called(&mut self, now: Now, call: CallId, event: CallEvent) {
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

    fn acts(&mut self, now: Now, act: Act) {
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
    fn tell(&mut self, now: Now, input: Input) -> usize {
        let outputs = self.terminal.handle(now, input);
        let count = outputs.len();
        for output in outputs {
            self.carry_out(now, output);
        }
        self.show(now);
        count
    }

    fn carry_out(&mut self, now: Now, output: Output) {
        match output {
            Output::Dial { connection, target, via, keep_alive, .. } => {
                let address_timeout = self.plan.settings.address_timeout;
                let direct = Route::direct(target.host, target.port);
                self.dial(connection, Route { via, address_timeout, keep_alive, ..direct });
            }
            Output::Request { bytes, .. } => self.order(ClientOrder::Request(bytes)),
            Output::Open { .. } => self.order(ClientOrder::Open),
            Output::Text { text, .. } => {
                self.says(now, "  terminal -> broker ", &text);
                self.order(ClientOrder::Text(text));
            }
            Output::Ping { payload, .. } => {
                self.line(now, "  terminal -> broker   ping");
                self.order(ClientOrder::Ping(payload));
            }
            Output::Close { code, mask, .. } => {
                self.line(now, &format!("  terminal -> broker   close {code}"));
                self.order(ClientOrder::Close(code, mask));
                self.orders = None;
            }
            Output::Drop { .. } => self.orders = None,
            Output::LinkReport(seen) => {
                let text = match seen {
                    LinkReport::Attempts => "attempts".to_owned(),
                    LinkReport::Connects => "connects".to_owned(),
                    LinkReport::Loses => "loses the link".to_owned(),
                    LinkReport::Fails(reason) => format!("fails {reason}: {}", reason.sentence()),
                };
                self.line(now, &format!("terminal {text}"));
            }
            Output::Call { call, address } => {
                let settings = self.plan.settings.clone();
                self.calls.call(&settings, call, address);
            }
            Output::Say { call, text } => {
                self.says(now, &format!("  terminal -> {} ", end_of(call.line)), &text);
                self.calls.say(call, text);
            }
            Output::HangUp { call } => {
                self.line(now, &format!("  terminal hangs up on {} (connection {})", end_of(call.line), call.number));
                self.calls.hang_up(call);
            }
            Output::Listen(on) => {
                let settings = self.plan.settings.clone();
                self.calls.listen(&settings, on);
            }
            Output::Flash(op) => {
                let kept = self.plan.flash.as_ref().map_or(Ok(()), |folder| sca_files::write_flash(folder, &op));
                if let Err(error) = kept {
                    self.line(now, &format!("cannot write the flash: {error}"));
                }
            }
            // The terminal may not set the clock of the machine it runs on.
            Output::Clock(_) | Output::PowerLost | Output::Assumed(_) => {}
        }
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
            self.tls.clone(),
            ClientSetup { message_size_max: size, cut: PrefixCut::default(), near: None },
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

/// The peer of a plain TCP connection on this line.
fn end_of(line: Line) -> &'static str {
    match line {
        Line::Primary | Line::Secondary | Line::Notices => "pos",
        Line::Host => "host",
        Line::Estate => "vhq",
    }
}

/// Reports an unreachable payment host, because it changes the outcome of sales.
async fn report_unreachable_host(settings: TerminalSettings, said: mpsc::Sender<Result<String, String>>) {
    const PATIENCE: Duration = Duration::from_secs(3);
    let missing = match parse_host_port(&settings.payment_host) {
        None => "has no payment host (setting payment-host)".to_owned(),
        Some((host, port)) => {
            let dialer = Dialer::Socket(SocketDialer::default());
            let (route, tag) = (Route::direct(host, port), Tag { terminal: 0, line: Some(Line::Host), connection: 0 });
            match tokio::time::timeout(PATIENCE, dialer.dial(&route, tag)).await {
                Ok(Ok(_)) => return,
                Ok(Err(reason)) => format!("cannot reach its payment host {}: {reason}", settings.payment_host),
                Err(_) => format!("cannot reach its payment host {}: it does not answer", settings.payment_host),
            }
        }
    };
    let cents = settings.payment.offline_limit;
    let then = match cents {
        0 => "sales are declined until it is reachable".to_owned(),
        cents => {
            format!("sales up to {}.{:02} are approved offline and stored (offline-limit)", cents / 100, cents % 100)
        }
    };
    _ = said.send(Ok(format!("{missing}; {then}"))).await;
}
