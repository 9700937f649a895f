//! The connections of a run: links to brokers, plain TCP connections, and what carries them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;

use sca_model::{Send, Speaker};
use sca_network::{CallOrder, Dialer, EventQueue, MemoryNetwork, Tag};
use sca_peers::Peer;
use tokio::sync::mpsc;

use crate::link_ends::{Ends, PreparedEnd};

/// Every connection of a run, open or over.
pub(crate) struct Connections {
    /// The queue of everything that connections post.
    pub(super) mailbox: EventQueue,
    pub(super) dialer: Dialer,
    /// The network, in memory; none on real sockets.
    pub(super) memory: Option<MemoryNetwork>,
    /// The ends of connections that are not accepted yet.
    pub(super) prepared: Rc<RefCell<BTreeMap<Tag, PreparedEnd>>>,
    /// The links.
    pub(super) ends: BTreeMap<Tag, Ends>,
    /// The plain TCP connections.
    pub(super) calls: BTreeMap<Tag, Call>,
    /// Number of connections that POS have opened on classic ports.
    pub(super) pos_calls: u32,
    /// Number of links so far.
    pub(super) opened: u32,
    /// Connection tasks that start when the driver next rests, in an order that a test chooses.
    pub(super) starting: Vec<Pin<Box<dyn Future<Output = ()>>>>,
    /// Number of orders given in this instant that connections have not carried out yet.
    pub(super) orders: u64,
}

impl Connections {
    /// Creates a run's connections, of which none is open.
    pub(crate) fn new(
        mailbox: EventQueue,
        (dialer, memory): (Dialer, Option<MemoryNetwork>),
        prepared: Rc<RefCell<BTreeMap<Tag, PreparedEnd>>>,
    ) -> Self {
        Self {
            mailbox,
            dialer,
            memory,
            prepared,
            ends: BTreeMap::new(),
            calls: BTreeMap::new(),
            pos_calls: 0,
            opened: 0,
            starting: Vec::new(),
            orders: 0,
        }
    }
}

/// The two ends of one plain TCP connection.
pub(super) struct Call {
    /// Orders to the terminal's end; `None` once the terminal has hung up.
    pub(super) near: Option<mpsc::Sender<CallOrder>>,
    pub(super) far: mpsc::Sender<CallOrder>,
    /// The index of the POS that dialled, on a classic port.
    pub(super) of: usize,
    pub(super) over: bool,
}

pub(super) fn peer(tag: Tag) -> Peer {
    Peer { terminal: tag.terminal, connection: tag.connection }
}

pub(super) fn tag_of(peer: Peer) -> Tag {
    Tag { terminal: peer.terminal, line: None, connection: peer.connection }
}

/// The index of the POS that sends a message; 0 for the broker.
pub(super) fn which(send: &Send) -> usize {
    match send.by {
        Speaker::Broker => 0,
        Speaker::Pos(which) => which,
    }
}
