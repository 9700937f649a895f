//! A POS client that connects through a broker and sends one request at a time, each with its answer.

use std::time::Duration;

use sca_core::{LinkEvent, Target};
use sca_environment::credentials::{Credentials, real_clock, wall};
use sca_network::tls::TlsError;
use sca_network::{ClientOrder, ClientSetup, Dialer, Event, EventQueue, Route, SocketDialer, Tag, run_client, tls};
use sca_peers::Pos;
use sca_protocol::handshake::Upgrade;
use sca_protocol::{Chance, Reason, handshake};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::broker_answers::is_of_broker;

/// The configuration of a POS to run.
#[derive(Debug, Clone)]
pub struct PosPlan {
    /// The broker's address.
    pub target: Target,
    /// The pinpad id of the terminal it talks to.
    pub pinpad_id: String,
    /// The roots it trusts, and the certificate it presents.
    pub credentials: Credentials,
    /// How long it waits for the connection, and for each answer.
    pub patience: Duration,
}

/// Why a POS gave up.
#[derive(Debug, thiserror::Error)]
pub enum PosError {
    /// The connection to the broker failed.
    #[error("the broker cannot be reached: {}", .0.sentence())]
    Broker(Reason),
    /// The connection ended while an answer was due.
    #[error("the connection ended before the answer arrived")]
    Lost,
    /// The broker did not forward the request.
    #[error("the broker did not forward the request: {0}")]
    Refused(String),
    /// No answer arrived in time.
    #[error("no answer within {} s", .0.as_secs())]
    Silence(Duration),
    /// The credentials cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

struct Link {
    mailbox: EventQueue,
    orders: mpsc::Sender<ClientOrder>,
    waiting: std::collections::VecDeque<LinkEvent>,
}

/// Sends each request from the channel and passes every received message to `answered`, until the channel is closed.
/// Needs a `LocalSet`.
///
/// # Errors
/// [`PosError`], at the first request that gets no answer.
pub async fn converse(
    plan: &PosPlan,
    mut requests: mpsc::Receiver<String>,
    answered: &mut dyn FnMut(&str),
) -> Result<(), PosError> {
    let mut link = open(plan).await?;
    let mut pos = Pos::default();
    while let Some(request) = requests.recv().await {
        let asked = pos.sent(&request);
        if link.orders.send(ClientOrder::Text(request)).await.is_err() {
            return Err(PosError::Lost);
        }
        let answer = async {
            loop {
                let text = link.text().await.ok_or(PosError::Lost)?;
                let heard = pos.heard(&text);
                answered(&text);
                let said = heard.response.as_ref().and_then(|response| response.get("RESPONSE_TEXT"));
                if let Some(why) = said.filter(|text| is_of_broker(text)) {
                    return Err(PosError::Refused(why.to_owned()));
                }
                if heard.answers == Some(asked) {
                    return Ok(());
                }
            }
        };
        timeout(plan.patience, answer).await.unwrap_or(Err(PosError::Silence(plan.patience)))?;
    }
    // A normal close, and up to one second for the connection task to finish.
    drop(link.orders.send(ClientOrder::Close(1000, [0; 4])).await);
    drop(timeout(Duration::from_secs(1), link.orders.closed()).await);
    Ok(())
}

async fn open(plan: &PosPlan) -> Result<Link, PosError> {
    let (_, device) = real_clock(None);
    let tls = match plan.target.secure {
        true => Some(tls::client(&plan.credentials.trust((false, "both", "all"))?, wall(&device), None)?),
        false => None,
    };
    let mailbox = EventQueue::default();
    let (orders, receiver) = mpsc::channel(64);
    tokio::task::spawn_local(run_client(
        Dialer::Socket(SocketDialer::default()),
        Route::direct(plan.target.host.clone(), plan.target.port),
        ClientSetup::messages(1 << 20, tls),
        Tag { terminal: 0, line: None, connection: 1 },
        mailbox.clone(),
        receiver,
    ));
    let mut link = Link { mailbox, orders, waiting: std::collections::VecDeque::new() };
    let key = handshake::key(Chance::new(u64::from(std::process::id())).stream("pos", &[]).bytes());
    let upgraded = timeout(plan.patience, link.upgrade(plan, &key)).await;
    upgraded.unwrap_or(Err(Reason::Timeout)).map_err(PosError::Broker)?;
    Ok(link)
}

impl Link {
    async fn event(&mut self) -> LinkEvent {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return event;
            }
            self.mailbox.posted().await;
            self.waiting.extend(self.mailbox.take().into_iter().filter_map(|posted| match posted.event {
                Event::Client(event) => Some(event),
                Event::Server(_) | Event::Call(..) => None,
            }));
        }
    }

    async fn upgrade(&mut self, plan: &PosPlan, key: &str) -> Result<(), Reason> {
        let Target { host, port, secure } = &plan.target;
        let upgrade = Upgrade {
            path: format!("/pos/{}", plan.pinpad_id),
            host: format!("{host}:{port}"),
            secure: *secure,
            key: key.to_owned(),
            pinpad_id: plan.pinpad_id.clone(),
            space_before_colon: false,
        };
        loop {
            match self.event().await {
                LinkEvent::Opened if *secure => {}
                LinkEvent::Opened | LinkEvent::Secured => {
                    drop(self.orders.send(ClientOrder::Request(upgrade.to_bytes())).await);
                }
                LinkEvent::Answered(head) => {
                    handshake::judge(&head, key, false)?;
                    drop(self.orders.send(ClientOrder::Open).await);
                    return Ok(());
                }
                LinkEvent::Failed(reason) => return Err(reason),
                _ => {}
            }
        }
    }

    /// The next text message; `None` when the connection has ended.
    async fn text(&mut self) -> Option<String> {
        loop {
            match self.event().await {
                LinkEvent::Text(text) => return Some(text),
                LinkEvent::Closed | LinkEvent::Lost | LinkEvent::Failed(_) | LinkEvent::Violation(_) => {
                    return None;
                }
                _ => {}
            }
        }
    }
}
