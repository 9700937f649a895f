//! A real broker in the place of ours: the terminal dials it, and each terminal's POS reaches it by a link of its own.
//!
//! What the broker's end would show is taken from the terminal's, which is ours.

use std::collections::{BTreeMap, VecDeque};

use sca_network::{ClientEvent, ClientLimits, ClientOrder, Dialer, Route, SocketDialer, Tag, run_client};
use sca_protocol::handshake::{self, Head, Upgrade};
use sca_protocol::{Line, Reason};
use sca_scenario::model::{Message, Send};
use tokio::sync::mpsc;

use super::ends::{EndState, OUTBOX};
use super::{Stop, World};
use crate::beyond::Beyond;
use crate::core::Core;
use crate::lanes::Noted;
use crate::record::Entry;

/// All that a world knows of the broker under test.
pub(crate) struct Abroad {
    pub(crate) beyond: Beyond,
    pub(crate) dialer: Dialer,
    /// The link of each terminal's POS.
    tills: BTreeMap<usize, Till>,
}

/// The link of a POS.
struct Till {
    orders: mpsc::Sender<ClientOrder>,
    /// What it wants to say once it is up.
    waiting: VecDeque<String>,
    is_up: bool,
    key: String,
    /// Whether it is TLS, and what it asks for once the line stands.
    asks: (bool, Vec<u8>),
}

/// Bytes of a message that a POS hears.
const MESSAGE_MAX: usize = 16 << 20;

impl Abroad {
    pub(crate) fn new(beyond: Beyond) -> Self {
        Self { beyond, dialer: Dialer::Socket(SocketDialer::default()), tills: BTreeMap::new() }
    }

    /// Whether every POS has its link.
    fn is_ready(&self) -> bool {
        self.tills.values().all(|till| till.is_up)
    }
}

impl<C: Core> World<'_, C> {
    /// The broker is a real one.
    pub(crate) fn is_at(&mut self, abroad: Abroad) {
        self.abroad = Some(abroad);
    }

    /// Opens the links of all POS, and waits until they are up: a terminal may be spoken to from its first moment on.
    pub(super) async fn open_tills(&mut self) -> Result<(), Stop> {
        (0..self.actors.len()).try_for_each(|who| self.open_till(who))?;
        let Some(patience) = self.abroad.as_ref().map(|abroad| abroad.beyond.patience) else { return Ok(()) };
        let ready = async {
            while self.abroad.as_ref().is_some_and(|abroad| !abroad.is_ready()) {
                self.mailbox.posted().await;
                for posted in self.mailbox.take() {
                    self.take(posted)?;
                }
            }
            Ok(())
        };
        match tokio::time::timeout(patience, ready).await {
            Ok(result) => result,
            Err(_) => Err(Stop::Error(format!("no POS reaches the broker within {} s", patience.as_secs()))),
        }
    }

    fn open_till(&mut self, who: usize) -> Result<(), Stop> {
        let pinpad_id = self.actors[who].settings.pinpad_id.clone();
        let Some(abroad) = &self.abroad else { return Ok(()) };
        let wrong = |error: String| Stop::Error(format!("the POS: {error}"));
        let (target, path) = abroad.beyond.pos_of(&pinpad_id);
        let tls = match target.secure {
            true => Some(abroad.beyond.credentials.client().map_err(|error| wrong(error.to_string()))?),
            false => None,
        };
        let key = handshake::key(self.setting.chance.stream("pos-key", &[who as u64]).bytes());
        let usual = if target.secure { 443 } else { 80 };
        let port = if target.port == usual { String::new() } else { format!(":{}", target.port) };
        let upgrade = Upgrade {
            path,
            host: format!("{}{port}", target.host),
            secure: target.secure,
            key: key.clone(),
            pinpad_id: String::new(),
            space_before_colon: false,
        };
        // A POS is no terminal.
        let asked = String::from_utf8_lossy(&upgrade.to_bytes()).into_owned();
        let asked: Vec<&str> = asked.split("\r\n").filter(|line| !line.starts_with("x-vfi-pinpad-id")).collect();
        let (orders, receiver) = mpsc::channel(OUTBOX);
        let tag = Tag { line: Some(Line::Primary), ..Self::tag(who, 0) };
        let route = Route::direct(target.host.clone(), target.port);
        let limits = ClientLimits { message_size_max: MESSAGE_MAX };
        let dialer = abroad.dialer.clone();
        tokio::task::spawn_local(run_client(dialer, route, tls, limits, tag, self.mailbox.clone(), receiver));
        let asks = (target.secure, asked.join("\r\n").into_bytes());
        let till = Till { orders, asks, waiting: VecDeque::new(), is_up: false, key };
        self.abroad.as_mut().map(|abroad| abroad.tills.insert(who, till));
        Ok(())
    }

    /// Something happens on the link of a POS.
    pub(super) fn till_event(&mut self, who: usize, event: ClientEvent) -> Result<(), Stop> {
        let Some(till) = self.abroad.as_mut().and_then(|abroad| abroad.tills.get_mut(&who)) else { return Ok(()) };
        match event {
            ClientEvent::Answered(head) => match handshake::judge(&head, &till.key, false) {
                Ok(()) => {
                    till.is_up = true;
                    drop(till.orders.try_send(ClientOrder::Open));
                    for text in till.waiting.drain(..) {
                        drop(till.orders.try_send(ClientOrder::Text(text)));
                    }
                    Ok(())
                }
                Err(reason) => Err(pos_fails(reason)),
            },
            ClientEvent::Failed(reason) => Err(pos_fails(reason)),
            ClientEvent::Text(text) => {
                let tag = self.newest(who).unwrap_or_else(|| Self::tag(who, 0));
                if let Some(ends) = self.ends.get_mut(&tag) {
                    ends.in_flight.pop_front();
                }
                self.deliver(tag, text)
            }
            ClientEvent::Closed | ClientEvent::Lost | ClientEvent::Violation(_) => {
                Err(Stop::Error("the broker has ended the link of the POS".to_owned()))
            }
            ClientEvent::Opened if till.asks.0 => Ok(()),
            ClientEvent::Opened | ClientEvent::Secured => {
                drop(till.orders.try_send(ClientOrder::Request(std::mem::take(&mut till.asks.1))));
                Ok(())
            }
            ClientEvent::Binary(_) | ClientEvent::Pong(_) => Ok(()),
        }
    }

    /// The answer to the terminal's request has come.
    pub(super) fn is_answered(&mut self, tag: Tag, head: &Head) {
        if self.abroad.is_some()
            && head.status == 101
            && let Some(ends) = self.ends.get_mut(&tag)
        {
            ends.state = EndState::Up;
        }
    }

    /// What the terminal asks the broker for.
    pub(super) fn asks_abroad(&mut self, who: usize, bytes: &[u8]) {
        if self.abroad.is_none() {
            return;
        }
        let Ok(Some((head, _))) = Head::parse_request(bytes) else { return };
        let now = self.now();
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.record.push(now, Entry::Http(who, text.clone()));
        self.observed();
        let noted = Noted { at: now, sequence: self.sequence, what: (head, text) };
        self.lanes[who].http.push_back(noted);
        self.lanes[who].trim();
    }

    /// A POS says something to its terminal by the broker.
    pub(super) fn says_abroad(&mut self, send: &Send) {
        let text = self.text_of(send.to, &send.message);
        let Some(till) = self.abroad.as_mut().and_then(|abroad| abroad.tills.get_mut(&send.to)) else { return };
        let order = match &send.message {
            Message::Binary(bytes) => ClientOrder::Binary(bytes.clone()),
            _ => ClientOrder::Text(text.clone()),
        };
        if till.is_up {
            drop(till.orders.try_send(order));
        } else {
            till.waiting.push_back(text);
        }
    }
}

fn pos_fails(reason: Reason) -> Stop {
    Stop::Error(format!("the POS cannot reach the broker: {}", reason.sentence()))
}
