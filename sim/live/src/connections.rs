//! The connections at a broker's port, and the received frames whose bytes count against the memory budget until they
//! are delivered.

use std::cell::RefCell;
use std::rc::Rc;

use sca_network::{Held, ServerOrder};
use sca_protocol::frame::Frame;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// An open connection at the broker's port.
pub(super) struct Guest {
    pub(super) orders: mpsc::Sender<ServerOrder>,
    pub(super) task: JoinHandle<()>,
    /// The pinpad id that a POS talks to; `None` for a terminal.
    pub(super) pos_of: Option<String>,
    /// The pinpad id in a terminal's upgrade request.
    pub(super) named: Option<String>,
    /// The names in the certificate it presented.
    pub(super) names: Vec<String>,
    pub(super) asked: bool,
    /// Whether it has been pinged since its last message.
    pub(super) pinged: bool,
    /// When it is pinged or closed unless it sends something.
    pub(super) until: tokio::time::Instant,
}

/// A received frame that causes others to be sent; its bytes stay accounted until those are delivered.
pub(super) struct Cause {
    held: Held,
    /// The last frame made from it, with its encoding, because many receivers may get the same frame.
    last: RefCell<Option<(Frame, Rc<Vec<u8>>)>>,
}

impl Cause {
    /// Creates a cause from which no frame has been made yet.
    pub(super) fn new(held: Held) -> Self {
        Self { held, last: RefCell::default() }
    }

    pub(super) fn passes(&self, frame: Frame) -> ServerOrder {
        let mut last = self.last.borrow_mut();
        match &*last {
            Some((same, bytes)) if *same == frame => ServerOrder::Pass { bytes: bytes.clone(), held: self.held.copy() },
            _ => {
                let bytes = Rc::new(frame.encode());
                *last = Some((frame, bytes.clone()));
                let held = self.held.copy_of(bytes.len());
                ServerOrder::Pass { bytes, held }
            }
        }
    }
}
