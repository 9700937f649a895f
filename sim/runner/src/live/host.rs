//! The payment host and the estate host in the open: plain TCP, documents, real time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use sca_network::{CallEvent, CallLimits, CallOrder, Event, Listener, Mailbox, Side, Tag, run_called};
use sca_peers::{Caller, Estate, Host, HostInput, HostOutput};
use sca_protocol::Line;
use sca_protocol::settings::{EstateSettings, HostSettings};
use tokio::sync::mpsc;

use super::real_clock;
use super::terminal::brief;
use crate::look::stamp;

/// Which host to run, and how it behaves.
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

const LIMITS: CallLimits = CallLimits { document_size_max: 1 << 16, document_time_max: Duration::from_secs(10) };
/// Calls at one time.
const CALLS_MAX: usize = 1_024;

/// Runs a host until `stop` is done. `ready` is told where it listens, `say` each line of the ladder. Needs a
/// `LocalSet`.
///
/// # Errors
/// What the system says of the address.
pub async fn host(
    listen: SocketAddr,
    plan: HostPlan,
    stop: impl Future<Output = ()>,
    ready: impl FnOnce(SocketAddr),
    say: &mut dyn FnMut(&str),
) -> std::io::Result<()> {
    let listener = Listener::bind(listen).await?;
    ready(listener.address()?);
    let (clock, _) = real_clock();
    let (mailbox, mut calls) = (Mailbox::default(), BTreeMap::<u32, mpsc::Sender<CallOrder>>::new());
    let mut number = 0;
    let (mut machine, line, name) = match plan {
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
                    let caller = Caller { terminal: 0, call: posted.tag.connection };
                    let now = clock.elapsed();
                    match posted.event {
                        Event::Call(_, CallEvent::Document(text)) => {
                            say(&format!("{:>12}  terminal -> {name}   {}", stamp(now), brief(&text)));
                            outputs.extend(match &mut machine {
                                Machine::Payment(host) => host.handle(now, HostInput::Document { caller, text }),
                                Machine::Estate(estate) => estate.document(caller, &text),
                            });
                        }
                        Event::Call(_, CallEvent::Opened) => {}
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
                Ok((stream, _, _)) if calls.len() < CALLS_MAX => {
                    number += 1;
                    let (sender, orders) = mpsc::channel(64);
                    calls.insert(number, sender);
                    let tag = Tag { terminal: 0, line: Some(line), connection: number };
                    tokio::task::spawn_local(run_called(stream, Side::Far, LIMITS, tag, mailbox.clone(), orders));
                }
                Ok(_) => {}
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            () = sleep => if let Machine::Payment(host) = &mut machine {
                outputs.extend(host.handle(clock.elapsed(), HostInput::Tick));
            },
        }
        for output in outputs {
            let (caller, order) = match output {
                HostOutput::Say { caller, text } => {
                    say(&format!("{:>12}  {name} -> terminal   {}", stamp(clock.elapsed()), brief(&text)));
                    (caller, CallOrder::Say(text))
                }
                HostOutput::HangUp { caller } => (caller, CallOrder::HangUp),
            };
            let ends = order == CallOrder::HangUp;
            if calls.get(&caller.call).is_some_and(|orders| orders.try_send(order).is_err() || ends) {
                calls.remove(&caller.call);
            }
        }
    }
}
