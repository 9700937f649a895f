//! The payment host and the estate host on real ports: plain TCP, XML documents, real time.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use sca_environment::clock::Clock;
use sca_environment::credentials::real_clock;
use sca_environment::ports::{HostPorts, carry_out_of_host};
use sca_network::{
    Bounds, CallEvent, CallLimits, CallOrder, Event, EventQueue, Listener, MemoryBudget, QueuedEvent, Side, Stream,
    Tag, run_called,
};
use sca_peers::{Estate, Host, HostConnection, HostInput, HostOutput};
use sca_protocol::Line;
use sca_protocol::settings::{EstateSettings, HostSettings};
use tokio::sync::mpsc;

use super::limits::{Limits, SHORTAGE_PAUSE, Shortage};
use super::said::Said;
use crate::turn::{self, Turn};

/// Which host to run, with its settings.
#[derive(Debug, Clone)]
pub enum HostPlan {
    /// The payment host.
    Payment(HostSettings),
    /// The estate host.
    Estate(EstateSettings),
}

enum Machine {
    Payment(Host),
    Estate(Estate),
}

impl HostPlan {
    /// Whether the host is set to be unreachable.
    fn is_down(&self) -> bool {
        match self {
            Self::Payment(settings) => settings.state == "down",
            Self::Estate(settings) => settings.state == "down",
        }
    }
}

/// Maximum size of a document in bytes, and the time limit for receiving it in seconds.
const DOCUMENT_MAX: (usize, u64) = (1 << 16, 10);
/// Maximum number of answers queued for one connection.
const ORDERS_MAX: usize = 1_024;

/// An open plain TCP connection.
struct Call {
    orders: mpsc::Sender<CallOrder>,
    has_asked: bool,
}

/// A running host with its connections.
struct Live<'a> {
    machine: Machine,
    /// The line that its connections are on, and its name in the log.
    end: Line,
    name: &'static str,
    mailbox: EventQueue,
    calls: BTreeMap<u32, Call>,
    /// Number of connections so far.
    number: u32,
    limits: Limits,
    budget: MemoryBudget,
    clock: Clock,
    say: &'a mut dyn FnMut(&Said<'_>),
}

/// Runs a host until `stop` completes. Calls `ready` with the address and `say` with each line of the log. Needs a
/// `LocalSet`.
///
/// # Errors
/// The port cannot be opened.
pub async fn host(
    listen: SocketAddr,
    (plan, limits): (HostPlan, Limits),
    stop: impl Future<Output = ()>,
    ready: impl FnOnce(SocketAddr),
    say: &mut dyn FnMut(&Said<'_>),
) -> std::io::Result<()> {
    let listener = Listener::bind(listen)?;
    if plan.is_down() {
        let address = listener.address()?;
        drop(listener);
        say(&Said { at: Duration::ZERO, what: &format!("down: nothing listens on {address}"), document: None });
        stop.await;
        return Ok(());
    }
    ready(listener.address()?);
    let (clock, _) = real_clock(None);
    let (machine, end, name) = match plan {
        HostPlan::Payment(settings) => (Machine::Payment(Host::new(settings)), Line::Host, "host"),
        HostPlan::Estate(settings) => (Machine::Estate(Estate::new(settings)), Line::Estate, "vhq"),
    };
    let (mailbox, budget) = (EventQueue::default(), MemoryBudget::new(limits.memory / 2));
    let mut live = Live { machine, end, name, mailbox, calls: BTreeMap::new(), number: 0, limits, budget, clock, say };
    let (mailbox, mut shortage) = (live.mailbox.clone(), Shortage::default());
    tokio::pin!(stop);
    loop {
        let due = live.machine.deadline().map(|at| clock.instant(at));
        let outputs = match turn::next(stop.as_mut(), &mailbox, listener.accept(), due).await {
            Turn::Stop => return Ok(()),
            Turn::Events(events) => events.into_iter().flat_map(|posted| live.event(posted)).collect(),
            Turn::Due => live.tick(),
            Turn::Own(Ok((stream, from, _))) => {
                shortage.is_over();
                live.accept(stream, from);
                continue;
            }
            Turn::Own(Err(error)) => {
                shortage.of(&error).iter().for_each(|text| live.line(text, None));
                tokio::time::sleep(SHORTAGE_PAUSE).await;
                continue;
            }
        };
        let Ok(()) = carry_out_of_host(&mut live, outputs);
    }
}

impl Machine {
    fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Payment(host) => host.deadline(),
            Self::Estate(_) => None,
        }
    }
}

impl Live<'_> {
    fn line(&mut self, what: &str, document: Option<&str>) {
        (self.say)(&Said { at: self.clock.elapsed(), what, document });
    }

    /// Handles an event of a connection. Returns the host's outputs.
    fn event(&mut self, posted: QueuedEvent) -> Vec<HostOutput> {
        let caller = HostConnection { terminal: 0, call: posted.tag.connection };
        let now = self.clock.elapsed();
        match posted.event {
            Event::Call(_, CallEvent::Document(text)) => {
                self.line(&format!("terminal -> {} ", self.name), Some(&text));
                self.calls.entry(caller.call).and_modify(|call| call.has_asked = true);
                match &mut self.machine {
                    Machine::Payment(host) => host.handle(now, HostInput::Document { caller, text }),
                    Machine::Estate(estate) => estate.document(caller, &text),
                }
            }
            Event::Call(_, CallEvent::GivenUp(why)) => {
                self.line(&format!("connection {} is given up: it {why}", caller.call), None);
                Vec::new()
            }
            Event::Call(_, CallEvent::Opened) | Event::Client(_) | Event::Server(_) => Vec::new(),
            Event::Call(..) => {
                self.calls.remove(&caller.call);
                match &mut self.machine {
                    Machine::Payment(host) => host.handle(now, HostInput::Ended { caller }),
                    Machine::Estate(_) => Vec::new(),
                }
            }
        }
    }

    fn tick(&mut self) -> Vec<HostOutput> {
        match &mut self.machine {
            Machine::Payment(host) => host.handle(self.clock.elapsed(), HostInput::Tick),
            Machine::Estate(_) => Vec::new(),
        }
    }

    /// Accepts a connection. If there are too many, it takes the place of one that has sent no request, or is closed.
    fn accept(&mut self, stream: Stream, from: SocketAddr) {
        if self.calls.len() >= self.limits.connections {
            let idle = self.calls.iter().find(|(_, call)| !call.has_asked).map(|(number, _)| *number);
            let Some(idle) = idle else {
                return self.line(&format!("{from} is turned away: {} are connected", self.calls.len()), None);
            };
            self.calls.remove(&idle);
            self.line(&format!("connection {idle} is closed for a new one: it sent no request"), None);
        }
        self.number += 1;
        let (orders, receiver) = mpsc::channel(ORDERS_MAX);
        self.calls.insert(self.number, Call { orders, has_asked: false });
        let tag = Tag { terminal: 0, line: Some(self.end), connection: self.number };
        let reads = CallLimits {
            document_size_max: DOCUMENT_MAX.0,
            document_time_max: Duration::from_secs(DOCUMENT_MAX.1),
            bounds: Some(Bounds { share: self.budget.share(), patience: self.limits.patience }),
            may_be_quiet: false,
        };
        tokio::task::spawn_local(run_called(stream, Side::Far, reads, tag, self.mailbox.clone(), receiver));
    }
}

impl HostPorts for Live<'_> {
    type Stop = Infallible;

    fn order(&mut self, caller: HostConnection, order: CallOrder) -> Result<(), Infallible> {
        if let CallOrder::Say(text) = &order {
            self.line(&format!("{} -> terminal ", self.name), Some(text));
        }
        let ends = order == CallOrder::HangUp;
        if self.calls.get(&caller.call).is_some_and(|call| call.orders.try_send(order).is_err() || ends) {
            self.calls.remove(&caller.call);
        }
        Ok(())
    }
}
