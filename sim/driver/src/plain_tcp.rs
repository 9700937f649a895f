//! Plain TCP connections beside the link: from terminals to hosts, and from POS to the classic ports. No byte of the
//! link travels on them, and none of theirs on the link (CON-03).

use std::rc::Rc;
use std::time::Duration;

use sca_core::{CallEvent as Heard, CallId, Input, Terminal};
use sca_judge::observation::Observation;
use sca_model::{Message, Send, Speaker, Step};
use sca_network::{CallEvent, CallLimits, CallOrder, DialOutcome, Route, Side, Tag, run_call};
use sca_peers::{HostConnection, HostInput, HostOutput};
use sca_protocol::{Line, Request};
use tokio::sync::mpsc;

use crate::connections::{Call, which};
use crate::link_ends::{OUTBOX, PreparedEnd};
use crate::state::World;
use crate::stop::Stop;
use sca_environment::ports::{HostPorts, carry_out_of_host};

/// Limits for what hosts and POS read.
const PEER_LIMITS: CallLimits = CallLimits {
    document_size_max: 1 << 20,
    document_time_max: Duration::from_secs(60),
    bounds: None,
    may_be_quiet: true,
};

/// The far end of the connections on one line, where a host is.
struct HostSide<'w, 'a, C: Terminal> {
    world: &'w mut World<'a, C>,
    line: Line,
}

impl<C: Terminal> HostPorts for HostSide<'_, '_, C> {
    type Stop = Stop;

    fn order(&mut self, caller: HostConnection, order: CallOrder) -> Result<(), Stop> {
        let tag = Tag { terminal: caller.terminal, line: Some(self.line), connection: caller.call };
        self.world.call_order(tag, Side::Far, order)
    }
}

impl<C: Terminal> World<'_, C> {
    fn call_tag(who: usize, call: CallId) -> Tag {
        Tag { line: Some(call.line), ..Self::tag(who, call.number) }
    }

    /// Opens a connection from a terminal to a host, to the estate server, or to the POS that receives notices.
    pub(super) fn call(&mut self, who: usize, call: CallId) -> Result<(), Stop> {
        let up = match call.line {
            Line::Host => self.parties.host.is_up(),
            Line::Estate => self.parties.vhq.is_up(),
            _ => true,
        };
        self.connect(who, call, up, 0);
        Ok(())
    }

    fn connect(&mut self, who: usize, call: CallId, up: bool, of: usize) {
        let tag = Self::call_tag(who, call);
        self.connections.calls.retain(|_, call| !call.over);
        let settings = &self.parties.terminals[who].settings;
        let near_limits = CallLimits {
            document_size_max: usize::try_from(settings.document_size_max).unwrap_or(usize::MAX),
            document_time_max: self.setting.clock.real(settings.classic.document_timeout.max(self.setting.slack)),
            bounds: None,
            may_be_quiet: true,
        };
        let (near, near_orders) = mpsc::channel(OUTBOX);
        let (far, far_orders) = mpsc::channel(OUTBOX);
        let ends = [(Side::Near, near_limits, near_orders), (Side::Far, PEER_LIMITS, far_orders)];
        let [near_end, far_end] = ends;
        let (caller, called) =
            if call.line.is_opened_by_terminal() { (near_end, far_end) } else { (far_end, near_end) };
        let (side, limits, orders) = called;
        self.connections.prepared.borrow_mut().insert(tag, PreparedEnd::Call { side, limits, orders });
        self.connections.calls.insert(tag, Call { near: Some(near), far, of, over: false });
        self.connections.orders += 1;
        let (side, limits, orders) = caller;
        let outcome = if up { DialOutcome::Connect } else { DialOutcome::Refuse };
        let route = Route { outcome, ..Route::direct("host.test".to_owned(), 5_015) };
        let (dialer, mailbox) = (self.connections.dialer.clone(), self.connections.mailbox.clone());
        tokio::task::spawn_local(run_call(dialer, route, side, limits, tag, mailbox, orders));
    }

    fn call_order(&mut self, tag: Tag, side: Side, order: CallOrder) -> Result<(), Stop> {
        let Some(call) = self.connections.calls.get(&tag) else { return Ok(()) };
        let Some(sender) = (if side == Side::Near { call.near.as_ref() } else { Some(&call.far) }) else {
            return Ok(());
        };
        self.connections.orders += 1;
        match sender.try_send(order) {
            Err(mpsc::error::TrySendError::Full(_)) => Err(Stop::Error("a plain TCP outbox is full".to_owned())),
            // The outbox is closed if the connection has ended and its event is still queued.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }

    /// Sends a text from a terminal on one of its plain TCP connections.
    pub(super) fn say(&mut self, who: usize, call: CallId, text: String) -> Result<(), Stop> {
        self.call_order(Self::call_tag(who, call), Side::Near, CallOrder::Say(text))
    }

    /// Closes a plain TCP connection from the terminal's side.
    pub(super) fn hang_up(&mut self, who: usize, call: CallId) -> Result<(), Stop> {
        let tag = Self::call_tag(who, call);
        self.call_order(tag, Side::Near, CallOrder::HangUp)?;
        if let Some(call) = self.connections.calls.get_mut(&tag) {
            call.near = None;
        }
        Ok(())
    }

    /// Handles an event at one end of a plain TCP connection.
    pub(super) fn call_event(&mut self, tag: Tag, side: Side, event: CallEvent) -> Result<(), Stop> {
        let (who, Some(line)) = (usize::from(tag.terminal), tag.line) else { return Ok(()) };
        if side == Side::Near {
            let event = match event {
                CallEvent::Opened => Heard::Opened,
                CallEvent::Document(text) => Heard::Document(text),
                CallEvent::Broken(why) => Heard::Broken(why),
                CallEvent::Failed(reason) => Heard::Failed(reason),
                CallEvent::Ended | CallEvent::GivenUp(_) => Heard::Ended,
            };
            if matches!(event, Heard::Failed(_)) {
                self.connections.prepared.borrow_mut().remove(&tag);
                self.connections.calls.remove(&tag);
            }
            return self.tell(who, Input::Call { call: CallId { line, number: tag.connection }, event });
        }
        match (line, event) {
            (Line::Host | Line::Estate, CallEvent::Document(text)) => self.host_hears(who, line, tag, &text),
            (Line::Host, CallEvent::Ended | CallEvent::Broken(_)) => {
                let caller = HostConnection { terminal: tag.terminal, call: tag.connection };
                let now = self.now();
                self.parties.host.handle(now, HostInput::Ended { caller });
                self.far_is_over(tag);
                Ok(())
            }
            (Line::Notices | Line::Primary | Line::Secondary, CallEvent::Document(text)) => {
                self.deliver_to_pos(tag, text)
            }
            (Line::Primary | Line::Secondary, CallEvent::Ended | CallEvent::Failed(_)) => {
                self.pos_call_is_over(tag);
                Ok(())
            }
            (_, CallEvent::Ended) => {
                self.far_is_over(tag);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn far_is_over(&mut self, tag: Tag) {
        if let Some(call) = self.connections.calls.get_mut(&tag) {
            call.over = true;
        }
    }

    /// Whether a plain TCP connection is over.
    pub(super) fn is_over(&self, tag: Tag) -> bool {
        self.connections.calls.get(&tag).is_none_or(|call| call.over)
    }

    /// Ends every POS connection to a terminal's classic ports. Returns whether there was one.
    pub(super) fn cut_calls(&mut self, who: usize, order: &CallOrder) -> Result<bool, Stop> {
        let is_mine = |(tag, call): (&Tag, &Call)| {
            let of_pos = matches!(tag.line, Some(Line::Primary | Line::Secondary));
            (usize::from(tag.terminal) == who && of_pos && !call.over).then_some(*tag)
        };
        let tags: Vec<Tag> = self.connections.calls.iter().filter_map(is_mine).collect();
        for tag in &tags {
            self.call_order(*tag, Side::Far, order.clone())?;
            self.forget_call(*tag);
        }
        Ok(!tags.is_empty())
    }

    /// Handles the end of a POS connection: its unanswered requests will get no answer.
    fn pos_call_is_over(&mut self, tag: Tag) {
        let lost = self.forget_call(tag);
        let actor = &self.parties.terminals[usize::from(tag.terminal)];
        if lost && actor.device.powered && actor.device.listens {
            let name = actor.name.clone();
            self.violate("one-answer", format!("{name} ended a plain TCP connection with an unanswered request on it"));
        }
    }

    /// Forgets a plain TCP connection. Returns whether a request on it had no answer yet.
    fn forget_call(&mut self, tag: Tag) -> bool {
        self.far_is_over(tag);
        let actor = &mut self.parties.terminals[usize::from(tag.terminal)];
        let is_here = |connection: &Option<Tag>| *connection == Some(tag);
        let open = &actor.asked.open;
        actor.asked.pos.forget(|id| open.get(&id).is_some_and(is_here));
        let before = actor.asked.open.len();
        actor.asked.open.retain(|_, connection| !is_here(connection));
        before > actor.asked.open.len()
    }

    fn host_hears(&mut self, who: usize, line: Line, tag: Tag, text: &str) -> Result<(), Stop> {
        let now = self.now();
        let caller = HostConnection { terminal: tag.terminal, call: tag.connection };
        if let Ok(request) = Request::parse(text, sca_protocol::xml::Limits::default()) {
            self.observe(who, Observation::ToHost(line, Rc::new(request)))?;
        }
        let outputs = match line {
            Line::Estate => self.parties.vhq.document(caller, text),
            _ => self.parties.host.handle(now, HostInput::Document { caller, text: text.to_owned() }),
        };
        self.host_outputs(line, outputs)?;
        Ok(())
    }

    /// Carries out the outputs of a host.
    pub(super) fn host_outputs(&mut self, line: Line, outputs: Vec<HostOutput>) -> Result<(), Stop> {
        carry_out_of_host(&mut HostSide { world: self, line }, outputs)
    }

    /// Whether a message is sent to a classic port.
    pub(super) fn is_classic(&self, send: &Send) -> bool {
        let is_text = matches!(send.message, Message::Fields(_) | Message::Xml(_) | Message::Text(_));
        self.parties.terminals[send.to].device.listens && send.by != Speaker::Broker && is_text
    }

    /// Sends a message of a POS to a classic port: secondary commands to the secondary port, all others to the
    /// primary one. The connection stays open for later messages.
    pub(super) fn speak_on_a_call(&mut self, step: &Rc<Step>, send: &Send) -> Result<(), Stop> {
        let text = self.text_of(send.to, &send.message);
        let is_secondary = matches!(&send.message, Message::Fields(fields)
            if fields.routing.first().is_some_and(|word| word.starts_with("SECONDARY")));
        let line = if is_secondary { Line::Secondary } else { Line::Primary };
        let (who, of) = (send.to, which(send));
        let mine = |(tag, call): (&Tag, &Call)| {
            (usize::from(tag.terminal) == who && tag.line == Some(line) && call.of == of && !call.over).then_some(*tag)
        };
        let tag = match self.connections.calls.iter().find_map(mine) {
            Some(tag) => tag,
            None => {
                self.connections.pos_calls += 1;
                let call = CallId { line, number: self.connections.pos_calls };
                let up = self.parties.terminals[who].device.listens;
                self.connect(who, call, up, of);
                Self::call_tag(who, call)
            }
        };
        let frame = sca_protocol::frame::Frame::whole(sca_protocol::frame::opcode::TEXT, text.clone());
        self.expect_answer(step, send, Some(tag), &frame);
        self.call_order(tag, Side::Far, CallOrder::Say(text))
    }
}
