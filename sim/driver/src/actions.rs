//! Performs the actions of the script: messages, power, settings, faults.

use std::rc::Rc;

use sca_core::{Input, Terminal};
use sca_judge::record::Entry;
use sca_judge::transcript;
use sca_model::{Action, Demand, Fault, Fields, Message, RawFrame, Send, Set, Speaker, Step};
use sca_network::Tag;
use sca_peers::RequestId;
use sca_protocol::Request;
use sca_protocol::frame::{Frame, opcode};
use sca_protocol::message::Layout;

use crate::connections::which;
use crate::link_ends::ConnectionState;
use crate::state::World;
use crate::stop::Stop;

impl<C: Terminal> World<'_, C> {
    /// Performs the action of one step.
    pub(super) fn perform(&mut self, step: &Rc<Step>) -> Result<(), Stop> {
        let span = step.span;
        match &step.action {
            Action::Send(send) if self.is_classic(send) => self.speak_on_a_call(step, send),
            Action::Send(send) => {
                let bytes = self.speak(step, send)?;
                let tag = self.route(send.to);
                self.transmit(&[(send, bytes)], tag)
            }
            Action::Together(block) => self.together(block),
            Action::Power { on, who } => self.power(step, *who, *on),
            Action::Cardholder { who, act } => self.cardholder(step, *who, act),
            Action::File { who, path, name } => {
                let (who, path) = (*who, path.clone());
                let bytes = name.as_ref().map(|name| self.script.names.assets.get(name).cloned().unwrap_or_default());
                self.note(step);
                self.put_file(who, path, bytes)
            }
            Action::Host(act) => {
                let act = act.clone();
                self.note(step);
                act.sets.iter().try_for_each(|(name, value)| {
                    self.set(&Set { party: act.party, name: (*name).to_owned(), value: value.clone() })
                })
            }
            Action::Set(set) => {
                let set = set.clone();
                self.note(step);
                self.set(&set)
            }
            Action::Fault(fault) => self.fault(step, fault.clone()),
            Action::Network(act) => {
                self.change_network(&act.change);
                self.note(step);
                Ok(())
            }
            Action::Answers { by_proxy, count, lines } => {
                self.faults.armed.replace_answer(*by_proxy, *count, lines, span);
                self.note(step);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Switches a terminal on or off.
    fn power(&mut self, step: &Rc<Step>, who: usize, on: bool) -> Result<(), Stop> {
        self.note(step);
        if self.parties.terminals[who].device.powered == on {
            let state = if on { "on" } else { "off" };
            let remark = format!("{} is already {state}: no effect", self.parties.terminals[who].name);
            self.book.record.push(self.now(), Entry::Comment(remark));
        }
        self.switch(who, on)?;
        self.tell(who, if on { Input::PowerOn } else { Input::PowerOff })
    }

    /// Arms a fault, or lets it strike at once.
    fn fault(&mut self, step: &Rc<Step>, fault: Fault) -> Result<(), Stop> {
        if let Some(label) = &fault.label {
            let now = self.now();
            self.script.names.moments.insert(label.clone(), now);
        }
        if fault.arm.is_some() {
            self.note(step);
            self.faults.armed.arm(fault);
        } else if self.strike_now(&fault)? {
            self.note(step);
        }
        Ok(())
    }

    /// Sends several messages in one segment.
    fn together(&mut self, block: &[Step]) -> Result<(), Stop> {
        let mut all = Vec::new();
        for inner in block {
            let Action::Send(send) = &inner.action else { continue };
            let inner = Rc::new(inner.clone());
            if self.is_classic(send) {
                // Messages sent on a plain TCP connection in one instant leave in one segment anyway.
                self.speak_on_a_call(&inner, send)?;
            } else {
                all.push((send, self.speak(&inner, send)?));
            }
        }
        match all.first().map(|(send, _)| self.route(send.to)) {
            Some(tag) => self.transmit(&all, tag),
            None => Ok(()),
        }
    }

    /// The text of a step as the scenario would write it, without its time stamp.
    pub(super) fn said(&self, step: &Step) -> String {
        let names: Vec<String> = self.parties.terminals.iter().map(|actor| actor.name.clone()).collect();
        let mut out = String::new();
        sca_scenario::Printer::new(&names, &[]).step(&mut out, &Step { stamp: None, ..step.clone() }, 0);
        out.trim_end().to_owned()
    }

    pub(super) fn note(&mut self, step: &Rc<Step>) {
        let now = self.now();
        self.book.record.push(now, Entry::Played(step.clone()));
    }

    /// The open connection on which a message to this terminal is sent, if there is one.
    pub(super) fn route(&self, to: usize) -> Option<Tag> {
        if self.external_broker.is_some() {
            return self
                .newest_connection(to)
                .filter(|tag| self.connections.ends.get(tag).is_some_and(|ends| ends.is_up()));
        }
        self.routed(&self.parties.terminals[to].settings.pinpad_id)
    }

    /// Encodes a message as the bytes of its frame, and records it as sent.
    fn speak(&mut self, step: &Rc<Step>, send: &Send) -> Result<Vec<u8>, Stop> {
        let tag = self.route(send.to);
        let frame = match &send.message {
            Message::Fields(_) | Message::Xml(_) | Message::Text(_) => {
                Frame::whole(opcode::TEXT, self.text_of(send.to, &send.message))
            }
            Message::Binary(bytes) => Frame::whole(opcode::BINARY, bytes.clone()),
            Message::Ping(payload) => Frame::whole(opcode::PING, payload.clone().unwrap_or_default()),
            Message::Pong(payload) => Frame::whole(opcode::PONG, payload.clone().unwrap_or_default()),
            Message::Close(code, reason) => Frame::close(*code, reason.as_deref().unwrap_or_default()),
            Message::Frame(raw) => self.raw(raw, send.to),
            Message::Http(_) => return Ok(Vec::new()),
        };
        self.expect_answer(step, send, tag, &frame);
        self.book.record.set_frame(&frame);
        let Some(tag) = tag else {
            let now = self.now();
            self.book.record.push(now, Entry::Comment("broker: not delivered, no terminal is connected".to_owned()));
            self.script.names.unheard.extend(send.label.clone().map(|label| (label, now)));
            return Ok(Vec::new());
        };
        let heard_by = usize::from(tag.terminal);
        if let Some(label) = send.label.as_ref().filter(|_| heard_by != send.to) {
            let (name, id) =
                (&self.parties.terminals[heard_by].name, &self.parties.terminals[heard_by].settings.pinpad_id);
            let why = format!("`{label}` went to {name}, which has the pinpad id {id} too and the newest connection");
            self.script.names.astray.insert(label.clone(), why);
        }
        if let Some(ends) = self.connections.ends.get_mut(&tag) {
            // From here on the connection may end without an answer, and the scenario caused it.
            let limit =
                usize::try_from(self.parties.terminals[send.to].settings.message_size_max).unwrap_or(usize::MAX);
            ends.excuse.breached |= !ends.takes(&frame, limit);
        }
        self.note_frame(tag, "<- broker", &frame.payload);
        let outputs = self.broker_says(tag, frame);
        let frames = outputs.into_iter().filter_map(|output| match output {
            sca_peers::BrokerOutput::Frame { frame, .. } => Some(frame.encode()),
            _ => None,
        });
        Ok(frames.flatten().collect())
    }

    /// Registers the request that a frame completes, so that its answer is expected. Every whole message in data
    /// frames counts as a request, no matter who sends it.
    pub(super) fn expect_answer(&mut self, step: &Rc<Step>, send: &Send, tag: Option<Tag>, frame: &Frame) {
        // A terminal that shares a pinpad id may receive what was meant for another terminal.
        let to = tag.map_or(send.to, |tag| usize::from(tag.terminal));
        let whole = match (frame.opcode, tag.and_then(|tag| self.connections.ends.get_mut(&tag))) {
            (opcode::TEXT | opcode::BINARY, _) if frame.last => Some(frame.payload.clone()),
            (opcode::TEXT | opcode::BINARY, Some(ends)) => {
                ends.transit.spoken.clone_from(&frame.payload);
                None
            }
            (opcode::CONTINUE, Some(ends)) => {
                ends.transit.spoken.extend_from_slice(&frame.payload);
                frame.last.then(|| std::mem::take(&mut ends.transit.spoken))
            }
            _ => None,
        };
        let now = self.now();
        let text = whole.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let id = text.as_ref().map(|text| {
            let request = match &send.message {
                Message::Fields(fields) => Some(self.request_of(send.to, fields)),
                _ => sca_peers::unrouted_request_in(text),
            };
            let actor = &mut self.parties.terminals[to];
            let id = actor.asked.pos.asked(request.as_ref());
            match tag {
                Some(tag) if tag.line.is_none() => actor.asked.oracle.asked(id, request.as_ref()),
                Some(_) => actor.asked.oracle.give_up(),
                // A request that no connection carries changes nothing and gets no answer. A real broker may still
                // store it.
                None if self.external_broker.is_none() => actor.asked.pos.discard(id),
                None => {}
            }
            id
        });
        if let Some(label) = &send.label {
            self.script.names.moments.insert(label.clone(), now);
            self.script.names.requests.extend(id.map(|id| (label.clone(), (to, id))));
        }
        if let Some(id) = id {
            self.parties.terminals[to].asked.open.insert(id, tag);
            tag.into_iter().for_each(|tag| self.under_way(tag, id));
        }
        match (&send.message, id, text) {
            (Message::Fields(_) | Message::Xml(_) | Message::Text(_), Some(id), Some(text))
                if send.by != Speaker::Broker =>
            {
                let message = self.as_sent(&send.message, &text);
                self.book.record.push(
                    now,
                    Entry::Asked { by: which(send), to, message, id, label: send.label.clone(), span: step.span },
                );
            }
            _ => self.note(step),
        }
        let has_left =
            tag.and_then(|tag| self.connections.ends.get(&tag)).is_some_and(|ends| ends.state == ConnectionState::Over);
        if let (Some(id), true) = (id, has_left) {
            self.is_lost(to, id);
        }
    }

    /// Drops the expectation of an answer to a request that never arrives.
    pub(super) fn is_lost(&mut self, to: usize, id: RequestId) {
        let actor = &mut self.parties.terminals[to];
        actor.asked.pos.forget(|pending| pending == id);
        actor.asked.open.remove(&id);
        actor.asked.oracle.lost(id);
        self.script.lose(to, id);
    }

    /// A message as the transcript shows it, with its inserts filled in.
    fn as_sent(&self, message: &Message, text: &str) -> Message {
        let Message::Fields(fields) = message else { return transcript::request(text) };
        let mut fields = fields.clone();
        for test in &mut fields.tests {
            if let Demand::Is(_, value) = &mut test.demand {
                *value = self.script.names.interpolate(value);
            }
        }
        Message::Fields(fields)
    }

    pub(super) fn text_of(&self, to: usize, message: &Message) -> String {
        let names = &self.script.names;
        match message {
            Message::Fields(fields) => {
                let request = self.request_of(to, fields);
                let text = request.to_xml(Layout::Indented);
                if !fields.encrypted {
                    return text;
                }
                let iv = self.setting.chance.stream("pos-iv", &[to as u64, self.book.sequence]).bytes();
                self.parties.terminals[to].asked.pos.encrypt(&request, &text, iv)
            }
            Message::Xml(text) | Message::Text(text) => names.interpolate(text),
            _ => String::new(),
        }
    }

    /// Builds the request from the fields of a message: inserts filled in first, the MAC computed last.
    pub(super) fn request_of(&self, to: usize, fields: &Fields) -> Request {
        let names = &self.script.names;
        let routing = ["FUNCTION_TYPE", "COMMAND"].into_iter().map(str::to_owned).zip(fields.routing.clone());
        let value = |value: &str| match value {
            "{{pos.key}}" => sca_peers::key().public(),
            other => names.interpolate(other),
        };
        let values = fields.tests.iter().filter_map(|test| match &test.demand {
            Demand::Is(_, text) => Some((test.field.clone(), value(text))),
            _ => None,
        });
        let mut all: Vec<(String, String)> = routing.chain(values).collect();
        if all.iter().any(|(_, value)| value == "{{mac}}") {
            let mac = self.parties.terminals[to].asked.pos.mac(&Request::new(all.clone())).unwrap_or_default();
            all.iter_mut().filter(|(_, value)| value == "{{mac}}").for_each(|(_, value)| value.clone_from(&mac));
        }
        Request::new(all)
    }

    fn raw(&self, raw: &RawFrame, to: usize) -> Frame {
        let mask = raw.masked.then(|| self.setting.chance.stream("mask", &[to as u64, self.book.sequence]).bytes());
        Frame {
            last: raw.last,
            reserved: raw.reserved,
            opcode: raw.opcode,
            mask,
            declared: raw.length,
            length_form: raw.length_form,
            payload: match std::str::from_utf8(&raw.payload) {
                Ok(text) if raw.has_inserts => self.script.names.interpolate(text).into_bytes(),
                _ => raw.payload.clone(),
            },
        }
    }
}
