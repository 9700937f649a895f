//! What the outputs of a broker mean in a world.

use sca_core::Terminal;
use sca_judge::record::Entry;
use sca_network::ServerOrder;
use sca_peers::Peer;
use sca_protocol::frame::{Frame, opcode};

use crate::connections::tag_of;
use crate::link_ends::ConnectionState;
use crate::state::World;
use crate::stop::Stop;
use sca_environment::ports::BrokerPorts;

impl<C: Terminal> BrokerPorts for World<'_, C> {
    type Stop = Stop;

    fn answer(&mut self, peer: Peer, bytes: Vec<u8>, open: bool) -> Result<(), Stop> {
        let tag = tag_of(peer);
        // A terminal that has given up the attempt in the meantime does not receive the answer.
        if let Some(ends) = self.connections.ends.get_mut(&tag)
            && open
            && ends.state == ConnectionState::Opening
        {
            ends.state = ConnectionState::Up;
            self.expect_answer_to_greeting(tag);
        }
        self.note_frame(tag, "<- broker", &bytes);
        self.send_answer(tag, bytes, open)
    }

    fn write(&mut self, peer: Peer, frame: Frame) -> Result<(), Stop> {
        let tag = tag_of(peer);
        if let (opcode::CLOSE, Some(ends)) = (frame.opcode, self.connections.ends.get_mut(&tag)) {
            ends.excuse.breached = true;
        }
        self.pong_in_bytes(tag, &frame);
        self.note_frame(tag, "<- broker", &frame.payload);
        self.server_order(tag, ServerOrder::Write(frame.encode()))
    }

    fn hang_up(&mut self, peer: Peer) -> Result<(), Stop> {
        self.server_order(tag_of(peer), ServerOrder::HangUp)
    }

    fn deliver(&mut self, peer: Peer, _pinpad_id: &str, text: String) -> Result<(), Stop> {
        self.deliver_to_pos(tag_of(peer), text)
    }

    fn breach(&mut self, peer: Peer, what: &str) -> Result<(), Stop> {
        let name = self.parties.terminals[usize::from(peer.terminal)].name.clone();
        self.violate("well-formed", format!("{name} sent {what}"));
        Ok(())
    }

    fn complaint(&mut self, _peer: Peer, what: &str) -> Result<(), Stop> {
        let now = self.now();
        self.book.record.push(now, Entry::Comment(format!("broker: the terminal sent {what}")));
        Ok(())
    }

    fn unrouted(&mut self, pinpad_id: &str) -> Result<(), Stop> {
        let now = self.now();
        let text = format!("broker: no terminal with pinpad id {pinpad_id} is connected");
        self.book.record.push(now, Entry::Comment(text));
        Ok(())
    }
}
