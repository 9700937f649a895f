//! The two ends of each connection, as the driver holds them, and what waits for a connection to be accepted.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use sca_network::{ClientOrder, Mailbox, ServerOrder, ServerTls, Stream, Tag, TapHandle, run_server};
use tokio::sync::mpsc;

/// Orders that may wait on one end before the world is in error.
pub(crate) const OUTBOX: usize = 1_024;

/// What the broker's end of a connection gets when it is accepted.
pub(crate) struct Prepared {
    pub(crate) tls: ServerTls,
    pub(crate) tap: TapHandle,
    pub(crate) orders: mpsc::Receiver<ServerOrder>,
}

/// A connection.
pub(crate) struct Ends {
    pub(crate) client: Option<mpsc::Sender<ClientOrder>>,
    pub(crate) server: mpsc::Sender<ServerOrder>,
    pub(crate) tap: TapHandle,
    /// The armed fault whose cut lies on the tap.
    pub(crate) cut: Option<usize>,
    pub(crate) state: EndState,
    /// Whether a fault, a close of the broker or the power ended it, or a frame that breaks the rules was sent.
    pub(crate) ours: bool,
    /// The fragments of a message that the script is sending.
    pub(crate) spoken: Vec<u8>,
}

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndState {
    /// Not upgraded.
    Opening,
    /// The broker has answered 101.
    Up,
    /// Over, for the terminal.
    Over,
}

impl Ends {
    pub(crate) fn is_up(&self) -> bool {
        self.state == EndState::Up
    }

    pub(crate) fn was_ended_by_us(&self) -> bool {
        self.ours
    }
}

/// What accepts connections: starts the broker's end of each with what was prepared for it.
pub(crate) fn acceptor(prepared: Rc<RefCell<BTreeMap<Tag, Prepared>>>, mailbox: Mailbox) -> Rc<dyn Fn(Stream, Tag)> {
    Rc::new(move |stream, tag| {
        // Whoever dialled has prepared this; a stranger on a real port has not, and is hung up on.
        let Some(Prepared { tls, tap, orders }) = prepared.borrow_mut().remove(&tag) else { return };
        tokio::task::spawn_local(run_server(stream, tls, tap, tag, mailbox.clone(), orders));
    })
}
