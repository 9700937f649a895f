//! Messages in transit to or from a terminal, and the faults that strike them there.

use std::time::Duration;

use sca_core::Terminal;
use sca_judge::record::Entry;
use sca_model::fault_table::FaultClass;
use sca_model::{Carrier, Send};
use sca_network::{ClientOrder, End, ServerOrder, Tag};
use sca_protocol::frame::{Frame, opcode};

use crate::fault_state::{Held, Late, PendingCut, Sent};
use crate::link_ends::ConnectionState;
use crate::state::World;
use crate::stop::Stop;
use sca_faults::effects::Strike;

/// How a fault ends a connection within a message to a terminal.
#[derive(Clone, Copy)]
struct Ending {
    /// Number of bytes of the message that are sent.
    passed: usize,
    end: End,
    lasting: Option<Duration>,
}

impl<C: Terminal> World<'_, C> {
    /// Sends the bytes of messages in one segment, unless a fault strikes one of them. If a fault ends the
    /// connection, bytes behind that point are not sent.
    pub(super) fn transmit(&mut self, messages: &[(&Send, Vec<u8>)], tag: Option<Tag>) -> Result<(), Stop> {
        if self.external_broker.is_some() {
            messages.iter().for_each(|(send, _)| self.says_by_external_broker(send));
            return Ok(());
        }
        let Some(tag) = tag else { return Ok(()) };
        let mut segment = Vec::new();
        for (at, (send, bytes)) in messages.iter().enumerate() {
            let Some(ending) = self.pass_on(send, tag, bytes, &mut segment) else { continue };
            let rest = messages[at + 1..].iter().flat_map(|(_, bytes)| bytes.iter().copied());
            return self.end_within(tag, segment, &bytes[ending.passed..], rest, ending);
        }
        if segment.is_empty() { Ok(()) } else { self.server_order(tag, ServerOrder::Write(segment)) }
    }

    /// Appends a message to the segment as the fault that strikes it leaves it. Returns how the connection ends
    /// within it, if it does.
    fn pass_on(&mut self, send: &Send, tag: Tag, bytes: &[u8], segment: &mut Vec<u8>) -> Option<Ending> {
        let who = usize::from(tag.terminal);
        let label = send.label.as_ref();
        let strike = label
            .and_then(|label| self.faults.armed.at_message(send.to, &Carrier::Request(label.clone()), bytes.len()));
        let id = label.and_then(|label| self.script.names.requests.get(label).copied());
        match &strike {
            Some(Strike::End { end, .. }) => {
                self.record_fault_hit(who, sca_faults::effects::kind_of_end(*end).row().class);
            }
            Some(_) => self.record_fault_hit(who, FaultClass::Message),
            None => {}
        }
        match strike {
            None => {
                segment.extend_from_slice(bytes);
                let held = self.faults.held.take();
                if let Some(held) = held.and_then(|held| self.unless_gone(held)) {
                    self.release_into(tag, held, segment);
                }
            }
            Some(Strike::Lose) => id.into_iter().for_each(|(to, id)| self.is_lost(to, id)),
            Some(Strike::Duplicate) => {
                self.asks_again(send, tag);
                segment.extend(bytes.repeat(2));
            }
            Some(Strike::Swap) => {
                self.parties.terminals[who].asked.oracle.give_up();
                id.into_iter().for_each(|(to, id)| self.parties.terminals[to].asked.pos.hold(id));
                self.faults.held = Some(Held::Request(tag, bytes.to_vec(), id));
            }
            Some(Strike::Late(by)) => {
                self.parties.terminals[who].asked.oracle.give_up();
                // Until the delayed request arrives, nobody owes an answer to it.
                if let (Some((to, id)), Some(ends)) = (id, self.connections.ends.get_mut(&tag)) {
                    ends.transit.under_way.retain(|waiting| *waiting != id);
                    self.parties.terminals[to].asked.open.remove(&id);
                    self.parties.terminals[to].asked.pos.hold(id);
                }
                self.faults.late.push(Late { at: self.now() + by, held: Held::Request(tag, bytes.to_vec(), id) });
            }
            Some(Strike::End { end, bytes: prefix, lasting }) => {
                let passed = prefix.unwrap_or(bytes.len()).min(bytes.len());
                segment.extend_from_slice(&bytes[..passed]);
                self.note_prefix(tag, "<- broker", "of this request left", passed, bytes.len());
                return Some(Ending { passed, end, lasting });
            }
        }
        None
    }

    /// Sends the bytes before the point where the connection ends, and ends it. A temporary silence keeps the bytes
    /// behind that point and sends them when it is over.
    fn end_within(
        &mut self,
        tag: Tag,
        segment: Vec<u8>,
        rest: &[u8],
        behind: impl Iterator<Item = u8>,
        ending: Ending,
    ) -> Result<(), Stop> {
        if !segment.is_empty() {
            self.server_order(tag, ServerOrder::Write(segment))?;
        }
        self.stand(usize::from(tag.terminal), ending.end, ending.lasting);
        let is_held = ending.end == End::Hold;
        if let Some(ends) = self.connections.ends.get_mut(&tag) {
            ends.excuse.add(ending.end);
        }
        self.server_order(tag, ServerOrder::Strike(ending.end))?;
        let held: Vec<u8> = rest.iter().copied().chain(behind).collect();
        if is_held && !held.is_empty() {
            return self.server_order(tag, ServerOrder::Write(held));
        }
        Ok(())
    }

    /// Arms a cut within or around the next message of a terminal, if a fault waits for that message.
    pub(super) fn cut_what_is_sent(&mut self, tag: Tag, what: Sent) -> Option<ClientOrder> {
        let who = usize::from(tag.terminal);
        let (carrier, size) = match &what {
            Sent::Reply(text) if self.faults.armed.awaits_reply() => {
                let before = self.connections.ends.get(&tag)?.transit.in_flight.iter();
                let id = self.parties.terminals[who].asked.pos.would_answer_after(before, text)?;
                let label = self.script.names.label_of(who, id)?.to_owned();
                (Carrier::Reply(label), Frame::whole(opcode::TEXT, text.as_bytes()).masked([0; 4]).encode().len())
            }
            // With an external broker, every cut in outgoing bytes is made here.
            Sent::Upgrade(size)
                if self.faults.armed.counts_bytes_of(&Carrier::Upgrade) || self.external_broker.is_some() =>
            {
                (Carrier::Upgrade, *size)
            }
            Sent::Reply(_) | Sent::Upgrade(_) => return None,
        };
        let Strike::End { end, bytes, lasting } = self.faults.armed.end_at(who, &carrier, size)? else { return None };
        let bytes = bytes.unwrap_or(size).min(size);
        let ends = self.connections.ends.get_mut(&tag)?;
        ends.excuse.add(end);
        self.faults.cuts.push(PendingCut { tag, what, bytes, size, end, lasting });
        Some(ClientOrder::Cut(bytes, end))
    }

    /// Completes the cuts whose preceding bytes have all arrived, now that the connection has ended there.
    pub(super) fn look_at_cuts(&mut self) {
        let ends = &self.connections.ends;
        let has_struck = |cut: &PendingCut| ends.get(&cut.tag).is_none_or(|ends| ends.tap.byte_cut().has_struck());
        let (struck, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.faults.cuts).into_iter().partition(has_struck);
        self.faults.cuts = waiting;
        for cut in struck {
            let who = usize::from(cut.tag.terminal);
            let what = match &cut.what {
                Sent::Reply(_) => "of this reply arrived",
                Sent::Upgrade(_) => "of the request for the upgrade arrived",
            };
            self.note_prefix(cut.tag, "terminal ->", what, cut.bytes, cut.size);
            self.record_fault_hit(who, sca_faults::effects::kind_of_end(cut.end).row().class);
            self.stand(who, cut.end, cut.lasting);
            match &cut.what {
                Sent::Reply(text) if cut.bytes < cut.size && cut.end != End::Hold => self.lose_reply(who, text),
                Sent::Reply(_) | Sent::Upgrade(_) => {}
            }
        }
    }

    /// Records in transcript and frame log how many bytes of a message got through.
    pub(super) fn note_prefix(&mut self, tag: Tag, direction: &str, what: &str, passed: usize, size: usize) {
        let text = format!("fault: {passed} of {size} bytes {what}");
        self.note_frame(tag, direction, text.as_bytes());
        let now = self.now();
        self.book.record.push(now, Entry::Comment(text));
    }

    /// Registers the second copy of a duplicated request, which needs an answer of its own.
    fn asks_again(&mut self, send: &Send, tag: Tag) {
        let who = usize::from(tag.terminal);
        let text = self.text_of(send.to, &send.message);
        let actor = &mut self.parties.terminals[who];
        let again = actor.asked.pos.sent(&text);
        actor.asked.oracle.asked(again, sca_peers::unrouted_request_in(&text).as_ref());
        actor.asked.open.insert(again, Some(tag));
        self.under_way(tag, again);
    }

    /// Appends the held message behind the one that has overtaken it.
    fn release_into(&mut self, tag: Tag, held: Held, segment: &mut Vec<u8>) {
        match held {
            Held::Request(on, bytes, id) if on == tag => {
                id.into_iter().for_each(|(to, id)| self.parties.terminals[to].asked.pos.goes_on(id));
                segment.extend(bytes);
            }
            // What is held on another connection waits for the next message there.
            other => self.faults.held = Some(other),
        }
    }

    /// A held message, unless its connection is gone: then it is lost.
    pub(super) fn unless_gone(&mut self, held: Held) -> Option<Held> {
        let tag = match &held {
            Held::Reply(_, tag, _) | Held::Request(tag, ..) => *tag,
        };
        if self.connections.ends.get(&tag).is_some_and(|ends| ends.state != ConnectionState::Over) {
            return Some(held);
        }
        match &held {
            Held::Reply(who, _, frame) => self.lose_reply(*who, &String::from_utf8_lossy(&frame.payload)),
            Held::Request(_, _, id) => id.iter().for_each(|(to, id)| self.is_lost(*to, *id)),
        }
        None
    }

    /// Sends a held message.
    pub(super) fn release(&mut self, held: Held) -> Result<(), Stop> {
        match held {
            Held::Reply(who, tag, frame) => self.pass_frame(who, tag, frame),
            Held::Request(tag, bytes, id) => {
                id.into_iter().for_each(|(to, id)| self.parties.terminals[to].asked.pos.goes_on(id));
                self.server_order(tag, ServerOrder::Write(bytes))
            }
        }
    }
}
