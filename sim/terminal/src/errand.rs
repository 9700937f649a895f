//! Errands to the hosts: one call, one request, one answer, each with its deadline. A host is never reached by the link.

use std::time::Duration;

use sca_protocol::xml::Limits;
use sca_protocol::{Line, Response};

use crate::event::{CallEvent, CallId};
use crate::work::{Deed, Task, Work};

/// What an errand is for.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    /// The request that holds the device.
    Holder,
    /// To take a payment back; whether the request that holds the device waits for it.
    Reversal {
        /// Which payment.
        sequence: String,
        /// Whether the request that holds the device is answered by it.
        awaited: bool,
    },
    /// To hand over a stored transaction of this number.
    Stored(u32),
    /// A request on the secondary channel.
    Aside(Box<Task>),
}

/// Why an errand came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The host was not reached: it knows nothing.
    NotReached,
    /// The host was reached, and the call ended without an answer that can be read.
    BrokeOff,
    /// The host was reached, and did not answer in time.
    TimedOut,
}

/// What an errand comes to.
#[derive(Debug)]
pub(crate) enum Report {
    /// The host listens; nothing has been said yet.
    Reached(CallId),
    /// It is over.
    Over(Purpose, Result<Response, Trouble>),
}

#[derive(Debug, Clone)]
struct Errand {
    call: CallId,
    purpose: Purpose,
    text: String,
    said: bool,
    until: Duration,
}

/// All errands that are under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Errands {
    open: Vec<Errand>,
    calls: u32,
}

impl Errands {
    /// Begins an errand.
    pub(crate) fn begin(&mut self, work: &mut Work<'_>, line: Line, purpose: Purpose, text: String) {
        self.calls += 1;
        let call = CallId { line, number: self.calls };
        let until = work.now.since_start + patience(work);
        self.open.push(Errand { call, purpose, text, said: false, until });
        work.does(Deed::Call(call));
    }

    /// Says what the errand is about. From here on the host knows.
    pub(crate) fn say(&mut self, work: &mut Work<'_>, call: CallId) {
        let until = work.now.since_start + patience(work);
        if let Some(errand) = self.open.iter_mut().find(|errand| errand.call == call) {
            (errand.said, errand.until) = (true, until);
            work.does(Deed::Say(call, errand.text.clone()));
        }
    }

    /// What an event on a call means for its errand.
    pub(crate) fn event(&mut self, work: &mut Work<'_>, call: CallId, event: CallEvent) -> Option<Report> {
        let at = self.open.iter().position(|errand| errand.call == call)?;
        let said = self.open[at].said;
        let result = match event {
            CallEvent::Opened => return Some(Report::Reached(call)),
            CallEvent::Document(text) if said => {
                work.does(Deed::HangUp(call));
                Response::parse(&text, Limits::default()).map_err(|_| Trouble::BrokeOff)
            }
            CallEvent::Document(_) | CallEvent::Broken(_) => {
                work.does(Deed::HangUp(call));
                Err(if said { Trouble::BrokeOff } else { Trouble::NotReached })
            }
            CallEvent::Ended if said => Err(Trouble::BrokeOff),
            CallEvent::Ended | CallEvent::Failed(_) => Err(Trouble::NotReached),
        };
        Some(Report::Over(self.open.remove(at).purpose, result))
    }

    /// The first errand that has taken too long.
    pub(crate) fn overdue(&mut self, work: &mut Work<'_>) -> Option<(Purpose, Trouble)> {
        let at = self.open.iter().position(|errand| errand.until <= work.now.since_start)?;
        let errand = self.open.remove(at);
        work.does(Deed::HangUp(errand.call));
        Some((errand.purpose, if errand.said { Trouble::TimedOut } else { Trouble::NotReached }))
    }

    /// Gives up the errand of the request that holds the device.
    pub(crate) fn abandon_holder(&mut self, work: &mut Work<'_>) {
        if let Some(at) = self.open.iter().position(|errand| matches!(errand.purpose, Purpose::Holder)) {
            work.does(Deed::HangUp(self.open.remove(at).call));
        }
    }

    /// Whether an errand fits.
    pub(crate) fn any(&self, fits: impl Fn(&Purpose) -> bool) -> bool {
        self.open.iter().any(|errand| fits(&errand.purpose))
    }

    /// What the errand of a call is for.
    pub(crate) fn purpose(&self, call: CallId) -> Option<&Purpose> {
        self.open.iter().find(|errand| errand.call == call).map(|errand| &errand.purpose)
    }

    /// The request of the errand that the request which holds the device is on.
    pub(crate) fn text_of_holder(&self) -> Option<&str> {
        self.open.iter().find(|e| matches!(e.purpose, Purpose::Holder)).map(|e| e.text.as_str())
    }

    /// The earliest instant at which an errand has taken too long.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.open.iter().map(|errand| errand.until).min()
    }

    /// Ends every call, without power.
    pub(crate) fn drop_all(&mut self) -> Vec<CallId> {
        std::mem::take(&mut self.open).into_iter().map(|errand| errand.call).collect()
    }
}

fn patience(work: &Work<'_>) -> Duration {
    Duration::from_millis(work.settings.payment.host_timeout_ms)
}
