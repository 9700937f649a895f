//! The faults of a run: armed, standing, and in the middle of taking effect.

use std::time::Duration;

use sca_model::fault_table::FaultKind;
use sca_network::{End, Tag};
use sca_peers::RequestId;
use sca_protocol::frame::Frame;

use sca_faults::armed::ArmedFaults;

/// Every fault of a run, from the line that arms it to the end of its effect.
#[derive(Default)]
pub(crate) struct Faults {
    /// Faults that wait for their trigger, and standing ones.
    pub(crate) armed: ArmedFaults,
    /// The message that is held back until the next one has passed.
    pub(super) held: Option<Held>,
    /// Cuts in messages of terminals that have not taken effect yet.
    pub(super) cuts: Vec<PendingCut>,
    /// Delayed messages.
    pub(super) late: Vec<Late>,
    /// Whether a fault has already passed on the current message once.
    pub(super) doubling: bool,
    /// Permanent changes of the lines of terminals.
    pub(super) shaped: Vec<(usize, FaultKind)>,
}

/// A message that a fault has delayed.
pub(crate) struct Late {
    /// When it arrives.
    pub(crate) at: Duration,
    /// The message itself.
    pub(crate) held: Held,
}

/// A message that is held back until the next one has passed.
pub(crate) enum Held {
    /// An answer of a terminal.
    Reply(usize, Tag, Frame),
    /// A request to a terminal, on its way: its bytes, and whose request it is, where an answer is wanted.
    Request(Tag, Vec<u8>, Option<(usize, RequestId)>),
}

/// A message of a terminal that a fault can cut.
pub(crate) enum Sent {
    /// An answer, as text.
    Reply(String),
    /// The request for the upgrade: its bytes.
    Upgrade(usize),
}

/// A cut that has been ordered; the bytes before it have not all arrived yet.
pub(crate) struct PendingCut {
    pub(super) tag: Tag,
    pub(super) what: Sent,
    /// Bytes that get through, and the size of the whole message.
    pub(super) bytes: usize,
    pub(super) size: usize,
    pub(super) end: End,
    pub(super) lasting: Option<Duration>,
}
