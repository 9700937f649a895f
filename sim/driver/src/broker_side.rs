//! Events at the broker's ends of the connections, and the outputs of the brokers.

use std::fmt::Write;
use std::rc::Rc;

use sca_core::Terminal;
use sca_judge::lanes::{Control, Data};
use sca_judge::observation::Observation;
use sca_judge::record::Entry;
use sca_model::fault_table::FaultClass;
use sca_model::{Carrier, Place};
use sca_network::{End, Ending, ServerEvent, ServerOrder, Tag};
use sca_peers::{BrokerInput, BrokerOutput, RequestId};
use sca_protocol::frame::{Frame, opcode};
use sca_protocol::handshake::Head;
use sca_protocol::xml::Limits;
use tokio::sync::mpsc;

use crate::connections::peer;
use crate::link_ends::ConnectionState;
use crate::state::World;
use crate::stop::Stop;
use sca_environment::ports::carry_out_of_broker;
use sca_faults::armed::AttemptNumber;
use sca_faults::effects::Strike;
use sca_faults::probe::injection::Part;

impl<C: Terminal> World<'_, C> {
    /// Handles an event at the broker's end of a connection.
    pub(super) fn server_event(&mut self, tag: Tag, event: ServerEvent) -> Result<(), Stop> {
        let who = usize::from(tag.terminal);
        match event {
            ServerEvent::Accepted => {
                let secure = self.is_secure(tag);
                if secure { Ok(()) } else { self.before_request(who, tag) }
            }
            ServerEvent::Proxied(text) => self.observe(who, Observation::Proxied(text)),
            ServerEvent::Secured { names, rekeys } => {
                if let Some(ends) = self.connections.ends.get_mut(&tag) {
                    (ends.tls.names, ends.tls.rekeys) = (names, rekeys);
                }
                self.bytes_are_secured(tag);
                self.before_request(who, tag)
            }
            ServerEvent::Failed(reason) => {
                let now = self.now();
                self.book.record.push(now, Entry::Comment(format!("broker: {reason}")));
                Ok(())
            }
            ServerEvent::Asked(head, text, is_hasty) => {
                if is_hasty {
                    let name = self.parties.terminals[who].name.clone();
                    self.violate("well-formed", format!("{name} sent data before its upgrade request was answered"));
                }
                self.asked(who, tag, head, text)
            }
            ServerEvent::Frame(..) if self.connections.ends.get(&tag).is_some_and(|ends| ends.excuse.unread) => Ok(()),
            ServerEvent::Frame(frame, size) => self.frame(who, tag, frame, size),
            // In a world no budget limits an end; only the script does.
            ServerEvent::GivenUp(_) => Ok(()),
            ServerEvent::Ended(ending) => {
                if ending == Ending::Broken {
                    self.note_frame(tag, "the connection broke", &[]);
                }
                self.forget_what_is_left(tag);
                let outputs = self.tell_broker(tag, BrokerInput::Ended { peer: peer(tag) });
                self.broker_outputs(outputs)
            }
        }
    }

    /// Gives up on the messages still in transit when the broker's end is over: they will not arrive.
    fn forget_what_is_left(&mut self, tag: Tag) {
        let is_over = self.connections.ends.get(&tag).is_none_or(|ends| ends.state == ConnectionState::Over);
        let actor = &mut self.parties.terminals[usize::from(tag.terminal)];
        if !is_over || actor.asked.last_words.is_empty() {
            return;
        }
        let left = |(id, by): (&RequestId, &Option<Tag>)| (*by == Some(tag)).then_some(*id);
        let left: Vec<RequestId> = actor.asked.open.iter().filter_map(left).collect();
        actor.asked.pos.forget(|id| left.contains(&id));
        for id in left {
            actor.asked.open.remove(&id);
            actor.asked.oracle.lost(id);
        }
        actor.asked.last_words.clear();
    }

    fn before_request(&mut self, who: usize, tag: Tag) -> Result<(), Stop> {
        match self.faults.armed.at_upgrade(who, &Carrier::Upgrade, Place::Before) {
            Some(strike) => self.strike_order(who, tag, strike),
            None => Ok(()),
        }
    }

    /// Orders a broker's end to end its connection once all earlier orders are flushed.
    pub(super) fn strike_order(
        &mut self,
        who: usize,
        tag: Tag,
        (end, lasting): (sca_network::End, Option<std::time::Duration>),
    ) -> Result<(), Stop> {
        if let Some(ends) = self.connections.ends.get_mut(&tag) {
            ends.excuse.add(end);
        }
        self.record_fault_hit(who, sca_faults::effects::kind_of_end(end).row().class);
        self.stand(who, end, lasting);
        self.server_order(tag, ServerOrder::Strike(end))
    }

    pub(super) fn server_order(&mut self, tag: Tag, mut order: ServerOrder) -> Result<(), Stop> {
        if let ServerOrder::Write(bytes) | ServerOrder::Answer { bytes, .. } = &mut order
            && self.connections.ends.contains_key(&tag)
            && let Some((part, kind)) = self.injection_at_frame(tag, Some(bytes.len()))
        {
            bytes.truncate(match part {
                Part::Before => 0,
                Part::Bytes(count) => count as usize,
                Part::After => usize::MAX,
            });
            if part != Part::Before {
                self.server_order_as_it_is(tag, order)?;
            }
            return self.inject_behind_written(tag, kind);
        }
        self.server_order_as_it_is(tag, order)
    }

    fn server_order_as_it_is(&mut self, tag: Tag, order: ServerOrder) -> Result<(), Stop> {
        if self.external_broker.is_some() {
            return Ok(());
        }
        if matches!(order, ServerOrder::Write(_) | ServerOrder::Answer { open: true, .. }) {
            self.moves(tag);
        }
        let Some(ends) = self.connections.ends.get(&tag) else { return Ok(()) };
        self.connections.orders += 1;
        match ends.server.try_send(order) {
            Err(mpsc::error::TrySendError::Full(_)) => Err(Stop::Error("an outbox of the broker is full".to_owned())),
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }

    fn asked(&mut self, who: usize, tag: Tag, head: Head, text: String) -> Result<(), Stop> {
        match self.injection_at_frame(tag, None) {
            None => self.asked_in_full(who, tag, head, text),
            Some((Part::After, kind)) => {
                self.asked_in_full(who, tag, head, text)?;
                self.inject_behind_written(tag, kind)
            }
            Some((_, kind)) => self.inject_behind_written(tag, kind),
        }
    }

    fn asked_in_full(&mut self, who: usize, tag: Tag, head: Head, text: String) -> Result<(), Stop> {
        let repeats = same_but_for_key(&self.parties.terminals[who].link.last_http, &text);
        if !repeats {
            self.parties.terminals[who].link.last_http.clone_from(&text);
        }
        let bytes = text.len();
        self.observe(who, Observation::Http { head: head.clone(), text, repeats })?;
        if self.comes_from_outside(tag)
            && self.faults.armed.counts_bytes_of(&Carrier::Upgrade)
            && let Some(Strike::End { end, bytes: Some(passed), lasting }) =
                self.faults.armed.end_at(who, &Carrier::Upgrade, bytes)
        {
            self.note_prefix(tag, "terminal ->", "of the request for the upgrade were read", passed, bytes);
            return self.strike_order(who, tag, (end, lasting));
        }
        for (carrier, place) in [(Carrier::Upgrade, Place::After), (Carrier::Answer, Place::Before)] {
            if let Some(strike) = self.faults.armed.at_upgrade(who, &carrier, place) {
                return self.strike_order(who, tag, strike);
            }
        }
        let at = AttemptNumber {
            who,
            attempt: self.parties.terminals[who].link.attempts,
            connection: self.connections.opened + 1,
        };
        let answer = self.faults.armed.answer(false, at);
        let names = self.connections.ends.get(&tag).map(|ends| ends.tls.names.clone()).unwrap_or_default();
        if let Some(state) = &mut self.external_terminals {
            state.is_asked(tag, &head);
        }
        let outputs =
            self.tell_broker(tag, BrokerInput::Asked { peer: peer(tag), head, names, is_terminal: true, answer });
        self.broker_outputs(outputs)?;
        if let Some(strike) = self.faults.armed.at_upgrade(who, &Carrier::Answer, Place::After) {
            return self.strike_order(who, tag, strike);
        }
        Ok(())
    }

    fn frame(&mut self, who: usize, tag: Tag, frame: Frame, size: usize) -> Result<(), Stop> {
        self.note_frame(tag, "terminal ->", &frame.payload);
        self.moves(tag);
        self.ping_in_bytes(tag, &frame);
        if let (opcode::TEXT, Some(ends)) = (frame.opcode, self.connections.ends.get_mut(&tag)) {
            ends.transit.in_flight.pop_front();
        }
        match self.injection_at_frame(tag, None) {
            None => self.frame_in_full(who, tag, frame, size),
            Some((Part::After, kind)) => {
                self.frame_in_full(who, tag, frame, size)?;
                self.inject_behind_written(tag, kind)
            }
            Some((_, kind)) => {
                self.lose_reply(who, &String::from_utf8_lossy(&frame.payload));
                self.inject_behind_written(tag, kind)
            }
        }
    }

    fn frame_in_full(&mut self, who: usize, tag: Tag, frame: Frame, size: usize) -> Result<(), Stop> {
        if frame.opcode == opcode::TEXT
            && frame.last
            && self.faults.armed.awaits_reply()
            && let Some(strike) = self.reply_strike(who, &frame, size)
        {
            return self.strike_reply(who, tag, frame, strike);
        }
        self.pass_frame(who, tag, frame)?;
        let held = self.faults.held.take();
        match held.and_then(|held| self.unless_gone(held)) {
            Some(held) => self.release(held),
            None => Ok(()),
        }
    }

    /// Passes a frame of a terminal to the broker, and records it.
    pub(super) fn pass_frame(&mut self, who: usize, tag: Tag, frame: Frame) -> Result<(), Stop> {
        let control = match frame.opcode {
            opcode::PING => Some(Control::Ping(frame.payload.clone())),
            opcode::PONG => Some(Control::Pong(frame.payload.clone())),
            opcode::CLOSE => {
                let (code, reason) = frame.close_parts();
                Some(Control::Close(code, reason))
            }
            _ => None,
        };
        match control {
            Some(control) => self.observe(who, Observation::Control(control, frame.clone()))?,
            None => self.book.record.add_frame(&frame),
        }
        let outputs = self.tell_broker(tag, BrokerInput::Frame { peer: peer(tag), frame });
        self.broker_outputs(outputs)?;
        Ok(())
    }

    /// Carries out the outputs of a broker.
    pub(super) fn broker_outputs(&mut self, outputs: Vec<BrokerOutput>) -> Result<(), Stop> {
        carry_out_of_broker(self, outputs)
    }

    /// Sends the answer to an upgrade request, or as much of it as a fault lets through.
    pub(super) fn send_answer(&mut self, tag: Tag, mut bytes: Vec<u8>, open: bool) -> Result<(), Stop> {
        let who = usize::from(tag.terminal);
        let counts = self.faults.armed.counts_bytes_of(&Carrier::Answer);
        let strike = if counts { self.faults.armed.end_at(who, &Carrier::Answer, bytes.len()) } else { None };
        let Some(Strike::End { end, bytes: Some(passed), lasting }) = strike else {
            self.answer_is_sent(tag, &bytes)?;
            self.answer_in_bytes(tag, &bytes);
            return self.server_order(tag, ServerOrder::Answer { bytes, open });
        };
        match end {
            // The bytes held back by a silence are delivered when it ends.
            End::Hold => self.answer_is_sent(tag, &bytes)?,
            _ => self.answer_is_cut(tag, end),
        }
        self.note_prefix(tag, "<- broker", "of the answer to the upgrade left", passed, bytes.len());
        let rest = bytes.split_off(passed);
        self.server_order(tag, ServerOrder::Answer { bytes, open: true })?;
        self.strike_order(who, tag, (end, lasting))?;
        match end {
            End::Hold => self.server_order(tag, ServerOrder::Write(rest)),
            _ => Ok(()),
        }
    }

    /// Registers the message that the broker sends along with its 101 as a request, so that its answer is expected.
    pub(super) fn expect_answer_to_greeting(&mut self, tag: Tag) {
        let greeting = &self.parties.brokers.get(self.site_of(tag)).settings.greeting;
        if !greeting.is_empty() {
            let actor = &mut self.parties.terminals[usize::from(tag.terminal)];
            let id = actor.asked.pos.sent(greeting);
            actor.asked.oracle.asked(id, sca_protocol::Request::parse(greeting, Limits::default()).ok().as_ref());
            actor.asked.open.insert(id, Some(tag));
            self.under_way(tag, id);
        }
    }

    /// Handles a message that has reached the POS: pairs it with its request, checks it, and records it.
    pub(super) fn deliver_to_pos(&mut self, tag: Tag, text: String) -> Result<(), Stop> {
        let who = usize::from(tag.terminal);
        let pos = &mut self.parties.terminals[who].asked.pos;
        let mut heard = if self.faults.doubling { pos.receive_duplicate(&text) } else { pos.heard(&text) };
        self.book.messages += 1;
        // Result code -2 is the answer to a document that cannot be parsed.
        if heard.response.as_ref().is_some_and(|response| response.get("RESULT_CODE") == Some("-2")) {
            self.record_fault_hit(who, FaultClass::Document);
        }
        // A message that was in transit when the terminal disconnected may answer a request that has been given up.
        let has_left = match tag.line {
            None => self.connections.ends.get(&tag).is_some_and(|ends| ends.state == ConnectionState::Over),
            Some(_) => self.is_over(tag),
        };
        let may_be_late = self.parties.terminals[who].settings.payment.late_answer || self.faults.doubling || has_left;
        if let (Some(response), true, None, false) = (&heard.response, may_be_late, heard.answers, heard.notice) {
            heard.answers = self.parties.terminals[who].asked.pos.late(response);
        } else if !may_be_late {
            self.judge_pairing(who, &heard);
        }
        if let Some(id) = &heard.answers {
            self.parties.terminals[who].asked.open.remove(id);
        }
        self.judge_answer(who, &heard);
        self.take_note_of(&heard);
        let (response, answers, number) = (heard.response, heard.answers, self.book.messages);
        if response.is_none() && tag.line.is_none() && text.trim_start().starts_with("<TRANSACTION") {
            self.violate("hosts-apart", "the terminal sent a request to the POS".to_owned());
        }
        let encrypted = heard.encrypted;
        let data =
            Rc::new(Data { text, response, answers, encrypted, number, connection: tag.connection, line: tag.line });
        self.observe(who, Observation::Data(data))
    }

    /// Whether the scenario ignores a message.
    pub(super) fn is_ignored(&self, who: usize, data: &Data) -> bool {
        use sca_model::{Source, Suffix};
        self.setting.header.ignores.iter().any(|(source, pattern)| {
            *source == Source::ToPos(who)
                && pattern.0.as_ref().is_none_or(|message| {
                    sca_judge::matching::data(message, &Suffix::default(), data, who, &self.script.names).is_ok()
                })
        })
    }

    /// Appends a payload to the log of frames, if the log is kept.
    pub(super) fn note_frame(&mut self, tag: Tag, what: &str, payload: &[u8]) {
        const KEPT_MAX: usize = 8 << 20;
        if !self.setting.keeps.frames || self.book.frames.len() > KEPT_MAX {
            return;
        }
        let now = self.now();
        let (name, text) = (&self.parties.terminals[usize::from(tag.terminal)].name, String::from_utf8_lossy(payload));
        let (seconds, ms, text) = (now.as_secs(), now.subsec_millis(), sca_judge::mask::withheld(&text));
        let _ = writeln!(self.book.frames, "+{seconds}.{ms:03} {name} connection {} {what} {text:?}", tag.connection);
    }
}

fn same_but_for_key(one: &str, other: &str) -> bool {
    fn lines(text: &str) -> impl Iterator<Item = &str> {
        text.split("\r\n").filter(|line| !line.starts_with("Sec-WebSocket-Key"))
    }
    lines(one).eq(lines(other))
}
