//! Messages on their way to a terminal or from one, and the faults that strike them there.

use sca_network::{ServerOrder, Tag};
use sca_peers::RequestId;
use sca_protocol::frame::Frame;
use sca_scenario::model::{Carrier, Send};

use super::{Stop, World};
use crate::armory::Strike;
use crate::core::Core;
use crate::coverage::Class;

/// A message that arrives late.
pub(crate) struct Late {
    /// When.
    pub(crate) at: std::time::Duration,
    /// The message.
    pub(crate) held: Held,
}

/// A message that is held until the next one has passed.
pub(crate) enum Held {
    /// An answer of a terminal.
    Reply(usize, Tag, Frame),
    /// A request to a terminal, on its way: its bytes, and whose request it is, where an answer is wanted.
    Request(Tag, Vec<u8>, Option<(usize, RequestId)>),
}

impl<C: Core> World<'_, C> {
    /// Sends a message's bytes, unless a fault strikes it.
    pub(super) fn transmit(&mut self, send: &Send, tag: Option<Tag>, bytes: Vec<u8>) -> Result<(), Stop> {
        if self.external_broker.is_some() {
            self.says_by_external_broker(send);
            return Ok(());
        }
        let Some(tag) = tag else { return Ok(()) };
        let who = usize::from(tag.terminal);
        let strike = send
            .label
            .as_ref()
            .and_then(|label| self.armory.at_message(send.to, &Carrier::Request(label.clone()), bytes.len()));
        let id = send.label.as_ref().and_then(|label| self.script.names.requests.get(label).copied());
        match &strike {
            Some(Strike::End { end, .. }) => self.meets(who, Class::of_end(*end)),
            Some(_) => self.meets(who, Class::Message),
            None => {}
        }
        match strike {
            None => {
                self.server_order(tag, ServerOrder::Write(bytes))?;
                match self.held.take() {
                    Some(held) => self.release(held),
                    None => Ok(()),
                }
            }
            Some(Strike::Lose) => {
                id.into_iter().for_each(|(to, id)| self.is_lost(to, id));
                Ok(())
            }
            Some(Strike::Duplicate) => self.send_twice(send, tag, bytes),
            Some(Strike::Swap) => {
                self.actors[who].reference.give_up();
                id.into_iter().for_each(|(to, id)| self.actors[to].pos.is_held(id));
                self.held = Some(Held::Request(tag, bytes, id));
                Ok(())
            }
            Some(Strike::Late(by)) => {
                self.actors[who].reference.give_up();
                // Until it arrives nobody owes it an answer.
                if let (Some((to, id)), Some(ends)) = (id, self.ends.get_mut(&tag)) {
                    ends.under_way.retain(|waiting| *waiting != id);
                    self.actors[to].open_requests.remove(&id);
                    self.actors[to].pos.is_held(id);
                }
                self.late.push(Late { at: self.now() + by, held: Held::Request(tag, bytes, id) });
                Ok(())
            }
            Some(Strike::End { end, bytes: prefix, lasting }) => {
                let part = &bytes[..prefix.unwrap_or(bytes.len()).min(bytes.len())];
                if !part.is_empty() {
                    self.server_order(tag, ServerOrder::Write(part.to_vec()))?;
                }
                if let Some(ends) = self.ends.get_mut(&tag) {
                    ends.ours = true;
                }
                self.stand(who, end, lasting);
                self.server_order(tag, ServerOrder::Strike(end))
            }
        }
    }

    /// Sends a message's bytes twice: both times it wants an answer.
    fn send_twice(&mut self, send: &Send, tag: Tag, bytes: Vec<u8>) -> Result<(), Stop> {
        let who = usize::from(tag.terminal);
        let text = self.text_of(send.to, &send.message);
        let actor = &mut self.actors[who];
        let again = actor.pos.sent(&text);
        actor.reference.asked(again, sca_peers::request_in(&text).as_ref());
        actor.open_requests.insert(again, Some(tag));
        self.under_way(tag, again);
        self.server_order(tag, ServerOrder::Write(bytes.clone()))?;
        self.server_order(tag, ServerOrder::Write(bytes))
    }

    /// Lets go of what was held.
    pub(super) fn release(&mut self, held: Held) -> Result<(), Stop> {
        match held {
            Held::Reply(who, tag, frame) => self.pass_frame(who, tag, frame),
            Held::Request(tag, bytes, id) => {
                id.into_iter().for_each(|(to, id)| self.actors[to].pos.goes_on(id));
                self.server_order(tag, ServerOrder::Write(bytes))
            }
        }
    }
}
