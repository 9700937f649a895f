//! Host calls: one connection, one request, one answer, with a timeout. Hosts are never reached over the link.

use std::time::Duration;

use sca_core::{CallEvent, CallId};
use sca_protocol::xml::Limits;
use sca_protocol::{Line, Response};

use crate::context::{Effect, Task, Work};

/// The purpose of a host call.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    /// The request that occupies the device.
    Holder,
    /// The reversal of a payment.
    Reversal {
        /// TRANS_SEQ_NUM of the payment.
        sequence: String,
        /// Whether the request that occupies the device waits for it and is answered with its result.
        awaited: bool,
    },
    /// Submission of the stored transaction with this number.
    Stored(u32),
    /// A request on the secondary channel.
    Aside(Box<Task>),
}

/// Why a host call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The host was not reached, or the call ended before the request was sent: the host knows nothing.
    NotReached,
    /// The host was reached, but the call ended without a readable answer.
    BrokeOff,
    /// The host was reached, but did not answer in time.
    TimedOut,
}

/// Progress of a host call.
#[derive(Debug)]
pub(crate) enum Report {
    /// The connection is established; nothing has been sent yet.
    Reached(CallId),
    /// The call has ended, with the host's answer or the reason of the failure.
    Over(Purpose, Result<Response, Trouble>),
}

#[derive(Debug, Clone)]
struct HostCall {
    call: CallId,
    purpose: Purpose,
    text: String,
    said: bool,
    until: Duration,
}

/// All open host calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct HostCalls {
    open: Vec<HostCall>,
    calls: u32,
}

impl HostCalls {
    /// Starts a host call.
    pub(crate) fn begin(&mut self, work: &mut Work<'_>, line: Line, purpose: Purpose, text: String) {
        self.calls += 1;
        let call = CallId { line, number: self.calls };
        let until = work.now.since_start + host_timeout(work);
        self.open.push(HostCall { call, purpose, text, said: false, until });
        work.does(Effect::Call(call));
    }

    /// Sends the request. From here on the host knows about it.
    pub(crate) fn say(&mut self, work: &mut Work<'_>, call: CallId) {
        let until = work.now.since_start + host_timeout(work);
        if let Some(host_call) = self.open.iter_mut().find(|host_call| host_call.call == call) {
            (host_call.said, host_call.until) = (true, until);
            work.does(Effect::Say(call, host_call.text.clone()));
        }
    }

    /// Handles an event on a connection to a host; returns the progress of the call.
    pub(crate) fn event(&mut self, work: &mut Work<'_>, call: CallId, event: CallEvent) -> Option<Report> {
        let at = self.open.iter().position(|host_call| host_call.call == call)?;
        let said = self.open[at].said;
        let result = match event {
            CallEvent::Opened => return Some(Report::Reached(call)),
            CallEvent::Document(text) if said => {
                work.does(Effect::HangUp(call));
                Response::parse(&text, Limits::default()).map_err(|_| Trouble::BrokeOff)
            }
            CallEvent::Document(_) | CallEvent::Broken(_) => {
                work.does(Effect::HangUp(call));
                Err(if said { Trouble::BrokeOff } else { Trouble::NotReached })
            }
            CallEvent::Ended if said => Err(Trouble::BrokeOff),
            CallEvent::Ended | CallEvent::Failed(_) => Err(Trouble::NotReached),
        };
        Some(Report::Over(self.open.remove(at).purpose, result))
    }

    /// Ends one host call whose timeout has expired, and returns it.
    pub(crate) fn overdue(&mut self, work: &mut Work<'_>) -> Option<(Purpose, Trouble)> {
        let at = self.open.iter().position(|host_call| host_call.until <= work.now.since_start)?;
        let host_call = self.open.remove(at);
        work.does(Effect::HangUp(host_call.call));
        Some((host_call.purpose, if host_call.said { Trouble::TimedOut } else { Trouble::NotReached }))
    }

    /// Ends the host call of the request that occupies the device.
    pub(crate) fn abandon_occupant(&mut self, work: &mut Work<'_>) {
        if let Some(at) = self.open.iter().position(|host_call| matches!(host_call.purpose, Purpose::Holder)) {
            work.does(Effect::HangUp(self.open.remove(at).call));
        }
    }

    /// Whether an open host call has a purpose that satisfies the predicate.
    pub(crate) fn any(&self, fits: impl Fn(&Purpose) -> bool) -> bool {
        self.open.iter().any(|host_call| fits(&host_call.purpose))
    }

    /// The purpose of the host call on a connection.
    pub(crate) fn purpose(&self, call: CallId) -> Option<&Purpose> {
        self.open.iter().find(|host_call| host_call.call == call).map(|host_call| &host_call.purpose)
    }

    /// The host request of the request that occupies the device.
    pub(crate) fn request_of_occupant(&self) -> Option<&str> {
        self.open.iter().find(|e| matches!(e.purpose, Purpose::Holder)).map(|e| e.text.as_str())
    }

    /// When the next host call times out.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.open.iter().map(|host_call| host_call.until).min()
    }

    /// Ends all host calls at power off, and returns their connections.
    pub(crate) fn drop_all(&mut self) -> Vec<CallId> {
        std::mem::take(&mut self.open).into_iter().map(|host_call| host_call.call).collect()
    }
}

fn host_timeout(work: &Work<'_>) -> Duration {
    Duration::from_millis(work.settings.payment.host_timeout_ms)
}
