//! Carries out the effects that the device requests, and handles events on plain TCP connections.

use std::time::Duration;

use sca_core::{CallEvent, CallId, ClientCore, CoreInput, Output};
use sca_protocol::{Line, Now};

use crate::context::{Effect, Origin};
use crate::device::Device;
use crate::terminal::{Link, SimulatedTerminal};

/// Maximum number of open connections per classic port.
const CALLS_MAX: usize = 16;

/// The close code of a device that restarts: going away.
const RESTARTS: u16 = 1001;

impl<C: ClientCore> SimulatedTerminal<C> {
    /// Carries out one effect.
    pub(crate) fn carry_out(&mut self, now: Now, effect: Effect, out: &mut Vec<Output>) {
        match effect {
            Effect::Send { to: Origin::Link(connection), text, assumed } => {
                out.extend(assumed.into_iter().map(Output::Assumed));
                if self.link == Link::Up(connection) {
                    self.send(now, text, out);
                } else {
                    self.keep_late_answer(now, text, out);
                }
            }
            Effect::Send { to: Origin::Call(call), text, assumed } => {
                out.extend(assumed.into_iter().map(Output::Assumed));
                if self.calls.contains_key(&call) {
                    out.push(Output::Say { call, text });
                }
            }
            Effect::CallBack { address, text } => {
                self.notices_sent += 1;
                let call = CallId { line: Line::Notices, number: self.notices_sent };
                self.notices.insert(call.number, text);
                out.push(Output::Call { call, address: Some(address) });
            }
            Effect::Call(call) => out.push(Output::Call { call, address: None }),
            Effect::Say(call, text) => out.push(Output::Say { call, text }),
            Effect::HangUp(call) => out.push(Output::HangUp { call }),
            Effect::Flash(op) => {
                self.read_flash();
                out.push(Output::Flash(op));
            }
            Effect::Assume(id) => out.push(Output::Assumed(id)),
            Effect::Clock(at) => out.push(Output::Clock(at)),
            Effect::Reboot => {
                self.leaving = true;
                self.tell_core(now, CoreInput::Leave(RESTARTS), out);
                self.power_off(now, out);
                self.power_on(now, out);
            }
        }
    }

    /// Handles an answer whose connection is gone: it is dropped, or sent on the next connection if the settings say so
    ///
    fn keep_late_answer(&mut self, now: Now, text: String, out: &mut Vec<Output>) {
        out.push(Output::Assumed("A-41"));
        if !self.settings.payment.late_answer {
            return;
        }
        match self.link {
            Link::Up(_) => self.send(now, text, out),
            _ => self.late.push(text),
        }
    }

    /// Handles an event on a plain TCP connection.
    pub(crate) fn call_event(&mut self, now: Now, call: CallId, event: CallEvent, out: &mut Vec<Output>) {
        match (call.line, event) {
            (Line::Host | Line::Estate, event) => {
                self.work(now, out, |device, work| device.call_event(work, call, event));
            }
            (Line::Notices, CallEvent::Opened) => {
                if let Some(text) = self.notices.remove(&call.number) {
                    out.extend([Output::Say { call, text }, Output::HangUp { call }]);
                }
            }
            (Line::Notices, _) => drop(self.notices.remove(&call.number)),
            (_, CallEvent::Opened) if !self.powered || self.websockets || self.is_port_full(call.line) => {
                out.push(Output::HangUp { call });
            }
            (_, CallEvent::Opened) => drop(self.calls.insert(call, now.since_start)),
            (_, _) if !self.calls.contains_key(&call) => {}
            (_, CallEvent::Document(text)) => {
                self.calls.insert(call, now.since_start);
                self.work(now, out, |device, work| device.message(work, Origin::Call(call), &text));
            }
            (_, CallEvent::Broken(why)) => {
                self.work(now, out, |_, work| Device::refuse_unreadable(work, Origin::Call(call), &why, "A-58"));
                out.push(Output::HangUp { call });
                self.classic_connection_ended(now, call, out);
            }
            (_, CallEvent::Ended | CallEvent::Failed(_)) => self.classic_connection_ended(now, call, out),
        }
    }

    /// Handles the end of a connection on a classic port.
    pub(crate) fn classic_connection_ended(&mut self, now: Now, call: CallId, out: &mut Vec<Output>) {
        self.calls.remove(&call);
        self.work(now, out, |device, work| device.pos_lost(work, |origin| origin == Origin::Call(call)));
    }

    /// Whether a classic port is full. Each port counts separately, so the other one stays free for CANCEL.
    fn is_port_full(&self, line: Line) -> bool {
        self.calls.keys().filter(|call| call.line == line).count() >= CALLS_MAX
    }

    /// When the longest-idle connection on a classic port exceeds the idle timeout.
    pub(crate) fn idle_deadline(&self) -> Option<Duration> {
        let limit = self.settings.classic.idle_timeout;
        self.calls.values().min().filter(|_| !limit.is_zero()).map(|last| *last + limit)
    }
}
