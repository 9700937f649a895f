//! The work of a broker on real connections: who they are, what they say, and when they are closed.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use sca_environment::ports::{BrokerPorts, carry_out_of_broker};
use sca_network::{
    Bounds, EventQueue, MemoryBudget, ServerEvent, ServerOrder, ServerSetup, ServerTls, Stream, Tag, TapHandle,
    run_server,
};
use sca_peers::{Broker, BrokerInput, BrokerOutput, Peer};
use sca_protocol::frame::{Frame, opcode};
use sca_protocol::handshake::Head;
use tokio::sync::mpsc;

use crate::answer_routing::{OpenRequests, Recipient, asks};
use crate::broker_answers::{GONE, NO_TERMINAL, refusal};
use crate::connections::{Cause, Guest};
use crate::limits::Limits;
use crate::said::Said;

/// Maximum length of a pinpad id in characters, as terminals limit it.
const PINPAD_ID_MAX: usize = 64;

/// How long a connection may be silent before it is pinged.
const QUIET: Duration = Duration::from_secs(120);

/// Maximum number of orders queued for one connection. The memory budget takes effect long before.
const ORDERS_MAX: usize = 1 << 20;

/// A running broker with its connections.
pub(crate) struct Live<'a> {
    pub(crate) broker: Broker,
    pub(crate) guests: BTreeMap<Tag, Guest>,
    pub(crate) limits: Limits,
    pub(crate) budget: MemoryBudget,
    pub(crate) mailbox: EventQueue,
    /// The open requests for routing answers; `None` if every POS receives every answer.
    pub(crate) askers: Option<OpenRequests>,
    pub(crate) tells_lost: bool,
    pub(crate) say: &'a mut dyn FnMut(&Said<'_>),
    pub(crate) clock: sca_environment::clock::Clock,
}

impl Live<'_> {
    pub(crate) fn line(&mut self, what: &str) {
        (self.say)(&Said { at: self.clock.elapsed(), what, document: None });
    }

    fn says(&mut self, who: &str, document: &str) {
        (self.say)(&Said { at: self.clock.elapsed(), what: who, document: Some(document) });
    }

    pub(crate) fn welcome(&mut self, stream: Stream, from: SocketAddr, number: u32, tls: ServerTls) {
        if self.guests.len() >= self.limits.connections && !self.close_oldest_idle() {
            return self.line(&format!("{from} is turned away: {} are connected", self.guests.len()));
        }
        let tag = Tag { terminal: 0, line: None, connection: number };
        let (orders, receiver) = mpsc::channel(ORDERS_MAX);
        let bounds = Bounds { share: self.budget.share(), patience: self.limits.patience };
        let setup = ServerSetup { proxy: None, tls, tap: TapHandle::default(), bounds: Some(bounds) };
        let task = tokio::task::spawn_local(run_server(stream, setup, tag, self.mailbox.clone(), receiver));
        let until = tokio::time::Instant::now() + self.limits.patience;
        self.guests.insert(
            tag,
            Guest { orders, task, pos_of: None, named: None, names: Vec::new(), asked: false, pinged: false, until },
        );
    }

    /// Closes the oldest connection that has sent no upgrade request, to make room; false if there is none.
    fn close_oldest_idle(&mut self) -> bool {
        let idle = self.guests.iter().find(|(_, guest)| !guest.asked).map(|(tag, _)| *tag);
        if let Some(tag) = idle {
            self.hang_up(tag, "it sent no request, and a new connection needs its place");
        }
        idle.is_some()
    }

    /// Pings connections that are silent for too long; closes those that still do not answer.
    pub(crate) fn check_idle_connections(&mut self) {
        let now = tokio::time::Instant::now();
        let late: Vec<Tag> = self.guests.iter().filter(|(_, guest)| guest.until <= now).map(|(tag, _)| *tag).collect();
        for tag in late {
            match self.guests.get_mut(&tag) {
                Some(guest) if guest.asked && !guest.pinged => {
                    guest.pinged = true;
                    guest.until = now + self.limits.patience;
                    let peer = Peer { terminal: tag.terminal, connection: tag.connection };
                    let frame = Frame::whole(opcode::PING, "are you there");
                    let outputs = self.broker.handle(BrokerInput::Speak { peer, frame });
                    self.carry_out(outputs, None, None);
                }
                Some(guest) if guest.asked => self.hang_up(tag, "it did not answer a ping"),
                _ => self.hang_up(tag, "it sent no upgrade request"),
            }
        }
    }

    fn hang_up(&mut self, tag: Tag, why: &str) {
        if let Some(guest) = self.guests.remove(&tag) {
            guest.task.abort();
            self.line(&format!("connection {} is closed by the broker: {why}", tag.connection));
            let peer = Peer { terminal: tag.terminal, connection: tag.connection };
            let outputs = self.goes(peer, &guest);
            self.carry_out(outputs, None, None);
        }
    }

    /// Answers 404 to a request that is neither a terminal's nor a POS's, with a hint at the right path.
    fn reject(&mut self, tag: Tag, what: &str) {
        let what = format!("{what} is neither a terminal nor a POS");
        self.line(&format!("connection {} is rejected: {what}", tag.connection));
        let body = "a POS connects to /pos/PINPAD-ID; a terminal sends the header x-vfi-pinpad-id\n";
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        let peer = Peer { terminal: tag.terminal, connection: tag.connection };
        self.order(peer, ServerOrder::Answer { bytes: answer.into_bytes(), open: false });
    }

    /// Handles a connection that is gone. Returns the broker's outputs.
    fn goes(&mut self, peer: Peer, guest: &Guest) -> Vec<BrokerOutput> {
        let outputs = self.broker.handle(BrokerInput::Ended { peer });
        let named = guest.named.as_ref().filter(|_| guest.pos_of.is_none());
        let waiting = named.zip(self.askers.as_mut()).map(|(id, askers)| (id, askers.lost(id, peer)));
        for (id, asker) in waiting.into_iter().flat_map(|(id, all)| all.into_iter().map(move |asker| (id, asker))) {
            self.line(&format!(
                "the terminal with pinpad {id} disconnected without answering connection {}",
                asker.connection
            ));
            if self.tells_lost {
                self.speak(asker, refusal(format!("the terminal with pinpad {id} {GONE}")), None);
            }
        }
        outputs
    }

    pub(crate) fn heard(&mut self, tag: Tag, event: ServerEvent, cause: Option<&Cause>) {
        let peer = Peer { terminal: tag.terminal, connection: tag.connection };
        let outputs = match event {
            ServerEvent::Accepted | ServerEvent::Proxied(_) => Vec::new(),
            ServerEvent::Secured { names, .. } => {
                self.guests.entry(tag).and_modify(|guest| guest.names = names);
                Vec::new()
            }
            ServerEvent::Failed(reason) => {
                self.line(&format!("connection {} failed: {reason}", tag.connection));
                Vec::new()
            }
            ServerEvent::Asked(head, ..) => match self.asked(tag, head) {
                Ok(outputs) => outputs,
                Err(why) => return self.reject(tag, &why),
            },
            ServerEvent::Frame(frame, _) => {
                if let Some(guest) = self.guests.get_mut(&tag) {
                    guest.until = tokio::time::Instant::now() + QUIET;
                    guest.pinged = false;
                }
                if frame.opcode >= opcode::CLOSE && frame.payload.len() > 125 {
                    return self.hang_up(tag, "it sent a control frame longer than 125 bytes");
                }
                self.broker.handle(BrokerInput::Frame { peer, frame })
            }
            ServerEvent::GivenUp(why) => {
                self.line(&format!("connection {} is given up: it {why}", tag.connection));
                Vec::new()
            }
            ServerEvent::Ended(_) => {
                self.line(&format!("connection {} ended", tag.connection));
                match self.guests.remove(&tag) {
                    Some(guest) => self.goes(peer, &guest),
                    None => Vec::new(),
                }
            }
        };
        self.carry_out(outputs, None, cause);
    }

    /// Handles a request for the upgrade; the error says why it is neither of a terminal nor of a POS.
    fn asked(&mut self, tag: Tag, mut head: Head) -> Result<Vec<BrokerOutput>, String> {
        let peer = Peer { terminal: tag.terminal, connection: tag.connection };
        let pos_of = head.path().strip_prefix("/pos/").filter(|id| !id.is_empty()).map(str::to_owned);
        let named = head.get("x-vfi-pinpad-id").filter(|id| !id.trim().is_empty()).map(str::to_owned);
        if [&pos_of, &named].into_iter().flatten().any(|id| id.chars().count() > PINPAD_ID_MAX) {
            return Err("a pinpad id of more than 64 characters".to_owned());
        }
        let who = match (&pos_of, &named) {
            (Some(id), _) => format!("a POS for pinpad {id}"),
            (None, Some(id)) => format!("terminal with pinpad {id}"),
            (None, None) => {
                let path: String = head.path().chars().take(64).collect();
                return Err(format!("{path} without x-vfi-pinpad-id"));
            }
        };
        self.line(&format!("connection {} is {who}", tag.connection));
        let before = named.as_ref().filter(|_| pos_of.is_none()).and_then(|id| self.broker.route(id));
        if let Some(before) = before {
            let (number, other) = (tag.connection, before.connection);
            self.line(&format!(
                "connection {number} has the same pinpad id as connection {other}, which is still open"
            ));
        }
        if pos_of.is_some() {
            // A POS is not a terminal: no message may be routed to it by its pinpad id.
            head.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("x-vfi-pinpad-id"));
        }
        let (mut names, is_terminal) = (Vec::new(), pos_of.is_none());
        if let Some(guest) = self.guests.get_mut(&tag) {
            (guest.asked, guest.pos_of, guest.named) = (true, pos_of, named);
            guest.until = tokio::time::Instant::now() + QUIET;
            names.clone_from(&guest.names);
        }
        Ok(self.broker.handle(BrokerInput::Asked { peer, head, names, is_terminal, answer: None }))
    }

    /// Carries out the outputs of the broker. `asker` is the POS whose request is being routed, `cause` the received
    /// frame that led to these outputs.
    fn carry_out(&mut self, outputs: Vec<BrokerOutput>, asker: Option<Peer>, cause: Option<&Cause>) {
        let Ok(()) = carry_out_of_broker(&mut Reaction { live: self, asker, cause }, outputs);
    }

    fn order(&mut self, peer: Peer, order: ServerOrder) {
        let tag = Tag { terminal: peer.terminal, line: None, connection: peer.connection };
        if let Some(guest) = self.guests.get(&tag)
            && guest.orders.try_send(order).is_err()
        {
            self.hang_up(tag, "its queue of outgoing messages is full");
        }
    }

    fn speak(&mut self, peer: Peer, text: String, cause: Option<&Cause>) {
        let outputs = self.broker.handle(BrokerInput::Speak { peer, frame: Frame::whole(opcode::TEXT, text) });
        self.carry_out(outputs, None, cause);
    }

    /// Passes a message of a POS to its terminal, and a message of a terminal to the POS it is for.
    fn deliver(&mut self, from: Peer, pinpad_id: &str, text: String, cause: Option<&Cause>) {
        let tag = Tag { terminal: from.terminal, line: None, connection: from.connection };
        match self.guests.get(&tag).and_then(|guest| guest.pos_of.clone()) {
            Some(id) => {
                self.says(&format!("pos -> {id}"), &text);
                if let Some((askers, on)) = self.askers.as_mut().zip(self.broker.route(&id)) {
                    askers.asked(&id, from, on, &text);
                }
                let outputs = self.broker.handle(BrokerInput::Route { pinpad_id: id, text });
                self.carry_out(outputs, Some(from), cause);
            }
            None => {
                self.says(&format!("{pinpad_id} -> pos"), &text);
                if asks(&text) {
                    let number = from.connection;
                    self.line(&format!(
                        "connection {number} sends requests but is no POS: a POS connects to /pos/PINPAD-ID"
                    ));
                }
                match self.askers.as_mut().map_or(Recipient::All, |askers| askers.answered(pinpad_id, &text)) {
                    Recipient::All => {}
                    Recipient::Nobody => return self.line("this answer matches no open request of a POS"),
                    Recipient::One(peer) => {
                        let tag = Tag { terminal: peer.terminal, line: None, connection: peer.connection };
                        if self.guests.contains_key(&tag) {
                            return self.speak(peer, text, cause);
                        }
                        let number = peer.connection;
                        return self.line(&format!("the POS that asked for this is gone (connection {number})"));
                    }
                }
                let listening: Vec<Peer> = self
                    .guests
                    .iter()
                    .filter(|(_, guest)| guest.pos_of.as_deref() == Some(pinpad_id))
                    .map(|(tag, _)| Peer { terminal: tag.terminal, connection: tag.connection })
                    .collect();
                for peer in listening {
                    self.speak(peer, text.clone(), cause);
                }
            }
        }
    }
}

/// The ports of the broker while it reacts to something.
struct Reaction<'l, 'a> {
    live: &'l mut Live<'a>,
    asker: Option<Peer>,
    cause: Option<&'l Cause>,
}

impl BrokerPorts for Reaction<'_, '_> {
    type Stop = Infallible;

    fn answer(&mut self, peer: Peer, bytes: Vec<u8>, open: bool) -> Result<(), Infallible> {
        self.live.order(peer, ServerOrder::Answer { bytes, open });
        Ok(())
    }

    fn write(&mut self, peer: Peer, frame: Frame) -> Result<(), Infallible> {
        let order = match self.cause {
            Some(cause) => cause.passes(frame),
            None => ServerOrder::Write(frame.encode()),
        };
        self.live.order(peer, order);
        Ok(())
    }

    fn hang_up(&mut self, peer: Peer) -> Result<(), Infallible> {
        self.live.order(peer, ServerOrder::HangUp);
        Ok(())
    }

    fn deliver(&mut self, peer: Peer, pinpad_id: &str, text: String) -> Result<(), Infallible> {
        self.live.deliver(peer, pinpad_id, text, self.cause);
        Ok(())
    }

    fn breach(&mut self, peer: Peer, what: &str) -> Result<(), Infallible> {
        self.live.line(&format!("connection {} sent {what}", peer.connection));
        Ok(())
    }

    fn complaint(&mut self, peer: Peer, what: &str) -> Result<(), Infallible> {
        self.breach(peer, what)
    }

    fn unrouted(&mut self, pinpad_id: &str) -> Result<(), Infallible> {
        let text = format!("{NO_TERMINAL} {pinpad_id} is connected");
        self.live.line(&text);
        if let Some(peer) = self.asker {
            self.live.speak(peer, refusal(text), self.cause);
        }
        Ok(())
    }
}
