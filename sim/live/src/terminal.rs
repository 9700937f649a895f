//! One simulated terminal that connects to any broker, with a log of what happens and what it waits for.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use sca_core::{CallId, ConnectionId, Flash, Input, Terminal, TerminalConfig};
use sca_environment::credentials::{real_clock, wall};
use sca_network::tls::TlsError;
use sca_network::{Dialer, Event, EventQueue, Route, SocketDialer, Tag, tls};
use sca_protocol::settings::{TerminalSettings, parse_host_port};
use sca_protocol::{Chance, Line, Now};
use tokio::sync::mpsc;

use super::plain_tcp::Calls;
use super::said::Said;
use crate::live_terminal::Live;
use crate::terminal_plan::{Act, TerminalPlan};
use crate::turn::{self, Turn};

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
    let config = TerminalConfig {
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
    let (terminal, orders, shown) = (make(config), None, String::new());
    let mut live = Live { terminal, plan, tls, mailbox, orders, shown, calls, is_on: true, say };
    let now = || Now { since_start: clock.elapsed(), wall: device.shows() };
    live.tell(now(), Input::PowerOn);
    tokio::pin!(stop);
    loop {
        let due = live.terminal.deadline().map(|at| clock.instant(at));
        let own = poll_fn(|cx| match (told.poll_recv(cx), acts.poll_recv(cx)) {
            (Poll::Ready(Some(told)), _) => Poll::Ready(Own::Told(told)),
            (_, Poll::Ready(Some(act))) => Poll::Ready(Own::Act(act)),
            _ => Poll::Pending,
        });
        match turn::next(stop.as_mut(), &live.mailbox.clone(), own, due).await {
            Turn::Stop => {
                live.tell(now(), Input::PowerOff);
                return Ok(());
            }
            Turn::Events(events) => {
                for posted in events {
                    match (posted.event, posted.tag.line) {
                        (Event::Client(event), _) => live.heard(now(), ConnectionId(posted.tag.connection), event),
                        (Event::Call(_, event), Some(line)) => {
                            live.called(now(), CallId { line, number: posted.tag.connection }, event);
                        }
                        _ => {}
                    }
                }
            }
            Turn::Own(Own::Told(Ok(text))) => live.line(now(), &format!("terminal {text}")),
            Turn::Own(Own::Told(Err(why))) => return Err(LiveError::Listen(why)),
            Turn::Own(Own::Act(act)) => live.acts(now(), act),
            Turn::Due => {
                live.tell(now(), Input::Tick);
            }
        }
    }
}

/// What a terminal hears besides its connections.
enum Own {
    /// A line for the log, or why its ports cannot be opened.
    Told(Result<String, String>),
    /// What a person does.
    Act(Act),
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
