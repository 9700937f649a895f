//! Runs with an external broker: the terminal dials it, and each terminal's POS reaches it on a separate connection.
//!
//! The observations usually made at the broker's end are taken from the terminal's end, which is ours.

use std::collections::VecDeque;

use sca_core::{LinkEvent, Terminal};
use sca_judge::observation::Observation;
use sca_judge::time_format::stamp;
use sca_judge::verdict::Failure;
use sca_model::Send;
use sca_network::{ClientOrder, ClientSetup, Route, Tag, run_client};
use sca_protocol::handshake::{Head, Upgrade};
use sca_protocol::{Line, Reason, handshake};
use tokio::sync::mpsc;

use crate::broker_state::{ExternalBrokerRun, PosLink};
use crate::forwarding::Forwarding;
use crate::link_ends::{ConnectionState, OUTBOX};
use crate::state::World;
use crate::stop::Stop;

/// Maximum message size that a POS accepts, in bytes.
const MESSAGE_MAX: usize = 16 << 20;

impl<C: Terminal> World<'_, C> {
    /// Installs the external broker into the world.
    pub(crate) fn set_external_broker(&mut self, state: ExternalBrokerRun) {
        self.external_broker = Some(state);
    }

    /// Opens the connections of all POS and waits until they are up, because a message may be sent to a terminal from
    /// its first moment on.
    pub(super) async fn open_pos_links(&mut self) -> Result<(), Stop> {
        (0..self.parties.terminals.len()).try_for_each(|who| self.open_pos_link(who))?;
        let Some(patience) = self.external_broker.as_ref().map(|state| state.external.patience) else { return Ok(()) };
        let ready = async {
            while self.external_broker.as_ref().is_some_and(|state| !state.is_ready()) {
                self.connections.mailbox.posted().await;
                for posted in self.connections.mailbox.take() {
                    self.take(posted)?;
                }
            }
            Ok(())
        };
        match tokio::time::timeout(patience, ready).await {
            Ok(result) => result,
            Err(_) => Err(Stop::CannotRun(format!("no POS connected to the broker within {} s", patience.as_secs()))),
        }
    }

    fn open_pos_link(&mut self, who: usize) -> Result<(), Stop> {
        let pinpad_id = self.parties.terminals[who].settings.pinpad_id.clone();
        let Some(state) = &self.external_broker else { return Ok(()) };
        let wrong = |error: String| Stop::CannotRun(format!("the POS: {error}"));
        let (target, path) = state.external.pos_of(&pinpad_id);
        let tls = match target.secure {
            true => Some(state.external.credentials.client().map_err(|error| wrong(error.to_string()))?),
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
        // A POS is not a terminal, so it sends no pinpad id header.
        let asked = String::from_utf8_lossy(&upgrade.to_bytes()).into_owned();
        let asked: Vec<&str> = asked.split("\r\n").filter(|line| !line.starts_with("x-vfi-pinpad-id")).collect();
        let (orders, receiver) = mpsc::channel(OUTBOX);
        let tag = Tag { line: Some(Line::Primary), ..Self::tag(who, 0) };
        let route = Route::direct(target.host.clone(), target.port);
        let limits = ClientSetup::messages(MESSAGE_MAX, tls);
        let dialer = state.dialer.clone();
        tokio::task::spawn_local(run_client(dialer, route, limits, tag, self.connections.mailbox.clone(), receiver));
        let asks = (target.secure, asked.join("\r\n").into_bytes());
        let link = PosLink { orders, asks, waiting: VecDeque::new(), is_up: false, key };
        self.external_broker.as_mut().map(|state| state.pos_links.insert(who, link));
        Ok(())
    }

    /// Handles an event on a POS connection.
    pub(super) fn pos_link_event(&mut self, who: usize, event: LinkEvent) -> Result<(), Stop> {
        let Some(link) = self.external_broker.as_mut().and_then(|state| state.pos_links.get_mut(&who)) else {
            return Ok(());
        };
        match event {
            LinkEvent::Answered(head) => match handshake::judge(&head, &link.key, false) {
                Ok(()) => {
                    link.is_up = true;
                    drop(link.orders.try_send(ClientOrder::Open));
                    for text in link.waiting.drain(..) {
                        drop(link.orders.try_send(ClientOrder::Text(text)));
                    }
                    Ok(())
                }
                Err(reason) => Err(pos_fails(reason)),
            },
            LinkEvent::Failed(reason) => Err(pos_fails(reason)),
            LinkEvent::Text(text) => {
                let tag = self.newest_connection(who).unwrap_or_else(|| Self::tag(who, 0));
                self.note_frame(tag, "broker -> pos", text.as_bytes());
                self.check_received_by_pos(who, &text)?;
                if let Some(ends) = self.connections.ends.get_mut(&tag) {
                    ends.transit.in_flight.pop_front();
                }
                self.deliver_to_pos(tag, text)
            }
            LinkEvent::Closed | LinkEvent::Lost | LinkEvent::Violation(_) => {
                Err(Stop::Error("the broker ended the connection of the POS".to_owned()))
            }
            LinkEvent::Opened if link.asks.0 => Ok(()),
            LinkEvent::Opened | LinkEvent::Secured => {
                drop(link.orders.try_send(ClientOrder::Request(std::mem::take(&mut link.asks.1))));
                Ok(())
            }
            // The connection of a POS carries messages.
            _ => Ok(()),
        }
    }

    /// Records that the broker accepted the terminal's upgrade request.
    pub(super) fn upgrade_accepted(&mut self, tag: Tag, head: &Head) {
        if self.external_broker.is_some()
            && head.status == 101
            && let Some(ends) = self.connections.ends.get_mut(&tag)
        {
            ends.state = ConnectionState::Up;
        }
    }

    /// Records the terminal's upgrade request as an observation.
    pub(super) fn asks_external_broker(&mut self, who: usize, bytes: &[u8]) -> Result<(), Stop> {
        if self.external_broker.is_none() {
            return Ok(());
        }
        let Ok(Some((head, _))) = Head::parse_request(bytes) else { return Ok(()) };
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.observe(who, Observation::Http { head, text, repeats: false })
    }

    /// Sends a message of a POS to its terminal through the external broker.
    pub(super) fn says_by_external_broker(&mut self, send: &Send) {
        let text = self.text_of(send.to, &send.message);
        let (now, tag) = (self.now(), self.newest_connection(send.to).unwrap_or_else(|| Self::tag(send.to, 0)));
        self.note_frame(tag, "pos -> broker", text.as_bytes());
        let what = send.label.as_ref().map_or_else(|| "a request".to_owned(), |label| format!("`{label}`"));
        if let Some(state) = &mut self.external_broker {
            state.to_terminal.entry(send.to).or_default().goes_in(now, what, &text);
        }
        let Some(link) = self.external_broker.as_mut().and_then(|state| state.pos_links.get_mut(&send.to)) else {
            return;
        };
        let order = ClientOrder::Text(text.clone());
        if link.is_up {
            drop(link.orders.try_send(order));
        } else {
            link.waiting.push_back(text);
        }
    }
}

impl<C: Terminal> World<'_, C> {
    /// Records that our terminal handed a message to the broker, for its POS.
    pub(super) fn note_sent_to_broker(&mut self, tag: Tag, text: &str) {
        let (now, who) = (self.now(), usize::from(tag.terminal));
        if self.external_broker.is_none() {
            return;
        }
        self.note_frame(tag, "terminal ->", text.as_bytes());
        let before = self.connections.ends.get(&tag).map(|ends| ends.transit.in_flight.iter()).into_iter().flatten();
        let id = self.parties.terminals[who].asked.pos.would_answer_after(before, text);
        let label = id.and_then(|id| self.script.names.label_of(who, id));
        let what = label.map_or_else(|| "a message".to_owned(), |label| format!("the answer to `{label}`"));
        if let Some(state) = &mut self.external_broker {
            state.to_pos.entry(who).or_default().goes_in(now, what, text);
        }
    }

    /// Checks a message that the POS of a terminal has received.
    fn check_received_by_pos(&mut self, who: usize, text: &str) -> Result<(), Stop> {
        let now = self.now();
        let Some(state) = &mut self.external_broker else { return Ok(()) };
        let Err(what) = state.to_pos.entry(who).or_default().comes_out(now, text) else { return Ok(()) };
        let of_another = state.to_pos.iter().find(|(other, way)| **other != who && way.knows(text));
        let what = of_another
            .map_or(what, |(other, _)| format!("{} sent it to its own POS", self.parties.terminals[*other].name));
        let heard =
            format!("the POS of {} received a message at {}: {what}", self.parties.terminals[who].name, stamp(now));
        Err(self.is_not_passed_on(heard))
    }

    /// Checks a message that our terminal has received from a POS.
    pub(super) fn check_received_by_terminal(&mut self, who: usize, text: &str) -> Result<(), Stop> {
        let now = self.now();
        let Some(state) = &mut self.external_broker else { return Ok(()) };
        let Err(what) = state.to_terminal.entry(who).or_default().comes_out(now, text) else { return Ok(()) };
        let of_another = state.to_terminal.iter().find(|(other, way)| **other != who && way.knows(text));
        let what = of_another.map_or(what, |(other, _)| format!("it is for {}", self.parties.terminals[*other].name));
        let heard = format!("our {} received a message at {}: {what}", self.parties.terminals[who].name, stamp(now));
        Err(self.is_not_passed_on(heard))
    }

    fn is_not_passed_on(&self, heard: String) -> Stop {
        let failure = Failure::at(self.script.current(), "the broker does not forward messages correctly");
        Stop::Failed(Box::new(failure.label("the scenario was here").note(heard)))
    }

    /// Records that the broker ended our terminal's connection, unless the scenario ended it.
    pub(super) fn is_ended_by_broker(&mut self, tag: Tag, event: &LinkEvent) {
        let how = match event {
            LinkEvent::Lost => "hung up on",
            LinkEvent::Closed => "closed the link of",
            LinkEvent::Violation(_) => "broke the protocol on the link of",
            _ => return,
        };
        let (now, is_ours) =
            (self.now(), self.connections.ends.get(&tag).is_none_or(|ends| ends.is_excused() || !ends.is_up()));
        if let Some(state) = self.external_broker.as_mut().filter(|_| !is_ours) {
            state.ended.push((now, usize::from(tag.terminal), how));
        }
    }

    /// Excuses the messages in transit through the broker once our terminal's connection is over: they may be lost.
    pub(super) fn passage_is_over(&mut self, who: usize) {
        if let Some(state) = &mut self.external_broker {
            let ways = [&mut state.to_pos, &mut state.to_terminal];
            ways.into_iter().filter_map(|way| way.get_mut(&who)).for_each(Forwarding::link_is_over);
        }
    }

    /// Adds notes to a failure: messages that went into the external broker and never came out, and connections it
    /// ended.
    pub(crate) fn with_unforwarded_messages(&self, mut failure: Box<Failure>) -> Box<Failure> {
        let Some(state) = &self.external_broker else { return failure };
        failure.notes.extend(state.ended.iter().map(|(at, who, how)| {
            format!("the broker {how} our {} at {}", self.parties.terminals[*who].name, stamp(*at))
        }));
        for (who, way) in &state.to_pos {
            let name = &self.parties.terminals[*who].name;
            let told = |(what, at)| format!("our {name} sent {what} at {}; the broker has not forwarded it", stamp(at));
            failure.notes.extend(way.inside().map(told));
        }
        for way in state.to_terminal.values() {
            let told = |(what, at)| {
                format!("the POS sent {what} at {}; the broker has not forwarded it to our terminal", stamp(at))
            };
            failure.notes.extend(way.inside().map(told));
        }
        failure
    }
}

fn pos_fails(reason: Reason) -> Stop {
    Stop::CannotRun(format!("the POS cannot reach the broker: {}", reason.sentence()))
}
