//! Connections of bytes: the terminal has TLS and WebSocket of its own. What a transport would tell of them is read from
//! the broker's end, and from the documents that the device says it passes.

use sca_core::{ConnectionId, LinkEvent, Passage, Terminal};
use sca_judge::coverage::State;
use sca_network::Tag;
use sca_protocol::frame::{Frame, opcode};
use sca_protocol::handshake::Head;

use crate::link_ends::{Carriage, ConnectionState};
use crate::link_laws::asked_pause;
use crate::state::World;

impl<C: Terminal> World<'_, C> {
    /// Whether a connection carries bytes.
    pub(super) fn carries_bytes(&self, tag: Tag) -> bool {
        self.connections.ends.get(&tag).is_some_and(|ends| ends.carriage != Carriage::Messages)
    }

    /// Whether the bytes that a terminal sends on a connection cannot be cut on their way, because they come from outside:
    /// they are read up to the cut and no further.
    pub(super) fn comes_from_outside(&self, tag: Tag) -> bool {
        self.external_terminals.is_some() || self.carries_bytes(tag)
    }

    /// Records that a document passes between a device and its connection of bytes.
    pub(super) fn document_passes(
        &mut self,
        who: usize,
        connection: ConnectionId,
        passage: Passage,
        text: Option<String>,
    ) {
        let actor = &mut self.parties.terminals[who];
        let ends = self.connections.ends.get_mut(&Self::tag(who, connection.0));
        match (passage, ends) {
            (Passage::Received, ends) => {
                if let Some(ends) = ends {
                    ends.transit.under_way.pop_front();
                }
                if text.is_some() {
                    actor.link.laws.carried();
                }
            }
            (Passage::Sent, ends) => {
                actor.asked.answered = true;
                if let Some(ends) = ends {
                    ends.transit.in_flight.extend(text);
                }
            }
        }
    }

    /// Records that the broker has ended a connection of bytes. After its FIN the terminal can still send.
    pub(super) fn bytes_ended_by_broker(&mut self, tag: Tag, event: &LinkEvent) {
        let orders = self.connections.ends.get(&tag).and_then(|ends| ends.client.clone());
        self.over(tag);
        if let Some(ends) = self.connections.ends.get_mut(&tag) {
            match event {
                LinkEvent::Ended => ends.half_closed = orders,
                _ => ends.carriage = Carriage::BytesEndedByBroker,
            }
        }
    }

    /// Records that TLS is complete at the broker's end of a connection of bytes.
    pub(super) fn bytes_are_secured(&mut self, tag: Tag) {
        if self.carries_bytes(tag) {
            let who = usize::from(tag.terminal);
            self.parties.terminals[who].link.phase = State::Upgrading;
            self.record_shaping_hit(who);
        }
    }

    /// Records the answer to the upgrade that a terminal reads from its bytes if they get through; why its attempt fails
    /// tells whether they did.
    pub(super) fn answer_in_bytes(&mut self, tag: Tag, answer: &[u8]) {
        if self.carries_bytes(tag)
            && let Ok(Some((head, _))) = Head::parse_response(answer)
        {
            let actor = &mut self.parties.terminals[usize::from(tag.terminal)];
            actor.link.laws.answered(asked_pause(&head, actor.clock.shows()));
        }
    }

    /// Records a ping that has come out of a terminal's bytes.
    pub(super) fn ping_in_bytes(&mut self, tag: Tag, frame: &Frame) {
        // A ping can arrive after the terminal has lost its connection.
        let is_over = self.connections.ends.get(&tag).is_none_or(|ends| ends.state == ConnectionState::Over);
        if frame.opcode == opcode::PING && self.carries_bytes(tag) && !is_over {
            let (now, actor) = (self.now(), &mut self.parties.terminals[usize::from(tag.terminal)]);
            actor.link.laws.pings(now, &frame.payload, &actor.settings);
        }
    }

    /// Records a pong that goes into the bytes for a terminal, if they get through.
    pub(super) fn pong_in_bytes(&mut self, tag: Tag, frame: &Frame) {
        if frame.opcode == opcode::PONG
            && self.carries_bytes(tag)
            && self.connections.ends.get(&tag).is_some_and(|ends| ends.excuse.lets_through())
        {
            self.parties.terminals[usize::from(tag.terminal)].link.laws.hears_pong(&frame.payload);
        }
    }
}
