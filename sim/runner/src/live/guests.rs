//! Who is at a broker's port, and what of what was read of them has not been delivered yet.

use std::cell::RefCell;
use std::rc::Rc;

use sca_network::{Held, ServerOrder};
use sca_protocol::frame::Frame;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A connection that stands.
pub(super) struct Guest {
    pub(super) orders: mpsc::Sender<ServerOrder>,
    pub(super) task: JoinHandle<()>,
    /// The pinpad id that a POS speaks to; none for a terminal.
    pub(super) pos_of: Option<String>,
    /// The pinpad id that a terminal has named.
    pub(super) named: Option<String>,
    /// The names in the certificate it has shown.
    pub(super) names: Vec<String>,
    pub(super) asked: bool,
    /// Whether it has been pinged since it was last heard.
    pub(super) pinged: bool,
    /// When patience ends.
    pub(super) until: tokio::time::Instant,
}

/// A frame that was read, of which others come.
pub(super) struct Cause {
    held: Held,
    /// What was last made of it: many may be sent the same.
    last: RefCell<Option<(Frame, Rc<Vec<u8>>)>>,
}

impl Cause {
    /// Nothing has been made of it yet.
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
