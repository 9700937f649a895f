//! The payment host and the estate host on real ports: plain TCP, XML documents, real time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use sca_network::{
    Bounds, CallEvent, CallLimits, CallOrder, Event, EventQueue, Listener, MemoryBudget, Side, Tag, run_called,
};
use sca_peers::{Estate, Host, HostConnection, HostInput, HostOutput};
use sca_protocol::Line;
use sca_protocol::settings::{EstateSettings, HostSettings};
use tokio::sync::mpsc;

use super::credentials::real_clock;
use super::limits::{Limits, SHORTAGE_PAUSE, Shortage};
use super::said::Said;

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
    let mut line = |what: &str, document: Option<&str>| say(&Said { at: clock.elapsed(), what, document });
    let (mailbox, mut calls) = (EventQueue::default(), BTreeMap::<u32, Call>::new());
    let (mut number, mut shortage, budget) = (0, Shortage::default(), MemoryBudget::new(limits.memory / 2));
    let (mut machine, end, name) = match plan {
        HostPlan::Payment(settings) => (Machine::Payment(Host::new(settings)), Line::Host, "host"),
        HostPlan::Estate(settings) => (Machine::Estate(Estate::new(settings)), Line::Estate, "vhq"),
    };
    tokio::pin!(stop);
    loop {
        let due = match &machine {
            Machine::Payment(host) => host.deadline(),
            Machine::Estate(_) => None,
        };
        let sleep = async {
            match due {
                Some(at) => tokio::time::sleep_until(clock.instant(at)).await,
                None => std::future::pending().await,
            }
        };
        let mut outputs = Vec::new();
        tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            () = mailbox.posted() => {
                for posted in mailbox.take() {
                    let caller = HostConnection { terminal: 0, call: posted.tag.connection };
                    let now = clock.elapsed();
                    match posted.event {
                        Event::Call(_, CallEvent::Document(text)) => {
                            line(&format!("terminal -> {name} "), Some(&text));
                            calls.entry(caller.call).and_modify(|call| call.has_asked = true);
                            outputs.extend(match &mut machine {
                                Machine::Payment(host) => host.handle(now, HostInput::Document { caller, text }),
                                Machine::Estate(estate) => estate.document(caller, &text),
                            });
                        }
                        Event::Call(_, CallEvent::Opened) => {}
                        Event::Call(_, CallEvent::GivenUp(why)) => {
                            line(&format!("connection {} is given up: it {why}", caller.call), None);
                        }
                        Event::Call(..) => {
                            calls.remove(&caller.call);
                            if let Machine::Payment(host) = &mut machine {
                                outputs.extend(host.handle(now, HostInput::Ended { caller }));
                            }
                        }
                        Event::Client(_) | Event::Server(_) => {}
                    }
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, from, _)) => {
                    shortage.is_over();
                    let idle = calls.iter().find(|(_, call)| !call.has_asked).map(|(number, _)| *number);
                    match idle.filter(|_| calls.len() >= limits.connections) {
                        Some(idle) => {
                            calls.remove(&idle);
                            let text = format!("connection {idle} is closed for a new one: it sent no request");
                            line(&text, None);
                        }
                        None if calls.len() >= limits.connections => {
                            let text = format!("{from} is turned away: {} are connected", calls.len());
                            line(&text, None);
                            continue;
                        }
                        None => {}
                    }
                    number += 1;
                    let (orders, receiver) = mpsc::channel(ORDERS_MAX);
                    calls.insert(number, Call { orders, has_asked: false });
                    let tag = Tag { terminal: 0, line: Some(end), connection: number };
                    let reads = CallLimits {
                        document_size_max: DOCUMENT_MAX.0,
                        document_time_max: Duration::from_secs(DOCUMENT_MAX.1),
                        bounds: Some(Bounds { share: budget.share(), patience: limits.patience }),
                        may_be_quiet: false,
                    };
                    tokio::task::spawn_local(run_called(stream, Side::Far, reads, tag, mailbox.clone(), receiver));
                }
                Err(error) => {
                    shortage.of(&error).iter().for_each(|text| line(text, None));
                    tokio::time::sleep(SHORTAGE_PAUSE).await;
                }
            },
            () = sleep => if let Machine::Payment(host) = &mut machine {
                outputs.extend(host.handle(clock.elapsed(), HostInput::Tick));
            },
        }
        for output in outputs {
            let (caller, order) = match output {
                HostOutput::Say { caller, text } => {
                    line(&format!("{name} -> terminal "), Some(&text));
                    (caller, CallOrder::Say(text))
                }
                HostOutput::HangUp { caller } => (caller, CallOrder::HangUp),
            };
            let ends = order == CallOrder::HangUp;
            if calls.get(&caller.call).is_some_and(|call| call.orders.try_send(order).is_err() || ends) {
                calls.remove(&caller.call);
            }
        }
    }
}
