//! The driver's handles to both ends of each connection, and the ends prepared for connections that are not accepted
//! yet.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use sca_core::Layer;
use sca_network::{
    CallLimits, CallOrder, ClientOrder, End, EventQueue, ServerOrder, ServerSetup, Side, Stream, Tag, TapHandle,
    run_called, run_server,
};
use sca_peers::RequestId;
use sca_protocol::frame::{Frame, opcode};
use tokio::sync::mpsc;

/// Maximum number of orders queued for one end; more than this stops the world with an error.
pub(crate) const OUTBOX: usize = 1_024;

/// The prepared end of the called side, started when the connection is accepted.
pub(crate) enum PreparedEnd {
    /// The broker's end of a link.
    Link {
        /// Its setup.
        setup: ServerSetup,
        /// The queue of its orders.
        orders: mpsc::Receiver<ServerOrder>,
    },
    /// The called end of a plain TCP connection.
    Call {
        /// Which side it is: the terminal's or the peer's.
        side: Side,
        /// Its read limits.
        limits: CallLimits,
        /// The queue of its orders.
        orders: mpsc::Receiver<CallOrder>,
    },
}

/// One connection of a terminal to a broker, with the state of both ends.
pub(crate) struct Ends {
    pub(crate) client: Option<mpsc::Sender<ClientOrder>>,
    /// The orders of a terminal on a connection of bytes that the broker sends nothing more on.
    pub(crate) half_closed: Option<mpsc::Sender<ClientOrder>>,
    pub(crate) carriage: Carriage,
    pub(crate) server: mpsc::Sender<ServerOrder>,
    pub(crate) tap: TapHandle,
    /// The index of the broker it leads to.
    pub(crate) site: usize,
    pub(crate) state: ConnectionState,
    pub(crate) excuse: Excuse,
    pub(crate) transit: Transit,
    pub(crate) tls: TlsState,
    /// When data last travelled on it; `None` until it is up.
    pub(crate) moved: Option<Duration>,
}

/// What a connection carries, and how far it is known what that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carriage {
    /// Messages, which are seen at both ends.
    Messages,
    /// Bytes: the terminal has TLS and WebSocket of its own, and what it sends is seen at the broker's end alone.
    Bytes,
    /// Bytes, on a connection that the broker has ended.
    BytesEndedByBroker,
}

impl Carriage {
    /// The carriage of a connection that is dialled.
    pub(crate) fn of(layer: Layer) -> Self {
        match layer {
            Layer::Documents => Self::Messages,
            Layer::Bytes => Self::Bytes,
        }
    }
}

/// Why something may be missing on a connection without fault of the terminal.
#[derive(Debug, Default)]
pub(crate) struct Excuse {
    /// Whether a fault or a power failure ended it.
    pub(crate) ours: bool,
    /// Whether a frame that breaks the protocol, or a close, was sent on it.
    pub(crate) breached: bool,
    /// Whether a temporary silence is active on it.
    pub(crate) muted: bool,
    /// Whether frames that still arrive are discarded: a fault has ended the connection, and the terminal is external.
    pub(crate) unread: bool,
    /// The directions that a permanent silence blocks, indexed by direction.
    pub(crate) silent: [bool; 2],
}

impl Excuse {
    /// Notes that a fault ends a connection, or silences it.
    pub(crate) fn add(&mut self, end: End) {
        match end {
            End::Hold => self.muted = true,
            End::Silence => (self.ours, self.silent) = (true, [true; 2]),
            End::Reset | End::Fin | End::Corrupt => self.ours = true,
        }
    }

    /// Whether what is sent on the connection arrives: nothing silences it.
    pub(crate) fn lets_through(&self) -> bool {
        !self.muted && self.silent == [false; 2]
    }
}

/// What is on its way on a connection.
#[derive(Debug, Default)]
pub(crate) struct Transit {
    /// The fragments of a message that the script is sending, and whether it is in the middle of one.
    pub(crate) spoken: Vec<u8>,
    pub(crate) speaking: bool,
    /// Requests that have not reached the terminal yet, in the order of sending.
    pub(crate) under_way: VecDeque<RequestId>,
    /// Messages the terminal has sent that have not reached the broker yet, in the order of sending.
    pub(crate) in_flight: VecDeque<String>,
}

/// What is known of TLS on a connection.
#[derive(Debug, Default)]
pub(crate) struct TlsState {
    /// The index of the armed fault whose cut is set on the tap.
    pub(crate) cut: Option<usize>,
    /// The names in the certificate that the terminal presented.
    pub(crate) names: Vec<String>,
    /// Whether its keys can be updated (TLS 1.3).
    pub(crate) rekeys: bool,
}

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionState {
    /// Not upgraded yet.
    Opening,
    /// The broker has answered 101.
    Up,
    /// Over, as far as the terminal is concerned.
    Over,
}

impl Ends {
    /// Creates a connection that is being opened.
    pub(crate) fn new(client: mpsc::Sender<ClientOrder>, server: mpsc::Sender<ServerOrder>, tap: TapHandle) -> Self {
        Self {
            client: Some(client),
            half_closed: None,
            carriage: Carriage::Messages,
            server,
            tap,
            site: 0,
            state: ConnectionState::Opening,
            excuse: Excuse::default(),
            transit: Transit::default(),
            tls: TlsState::default(),
            moved: None,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.state == ConnectionState::Up
    }

    /// Whether a terminal has to accept this frame as the next one on this connection, without closing it. Updates
    /// the fragmentation state.
    pub(crate) fn takes(&mut self, frame: &Frame, message_max: usize) -> bool {
        let plain =
            frame.reserved == 0 && frame.mask.is_none() && frame.declared.is_none() && frame.length_form.is_none();
        let whole = match frame.opcode {
            opcode::PING | opcode::PONG => return plain && frame.last && frame.payload.len() <= 125,
            opcode::CONTINUE => self.transit.speaking,
            opcode::TEXT | opcode::BINARY => !self.transit.speaking,
            _ => false,
        };
        self.transit.speaking = whole && !frame.last;
        // A character may be split between fragments, so only unfragmented messages are checked.
        let readable = frame.opcode != opcode::TEXT || !frame.last || std::str::from_utf8(&frame.payload).is_ok();
        plain && whole && readable && self.transit.spoken.len() + frame.payload.len() <= message_max
    }

    /// Whether a request on this connection may stay unanswered: a fault ended it, or no data gets through.
    pub(crate) fn is_excused(&self) -> bool {
        self.excuse.ours || self.excuse.muted || self.excuse.breached
    }

    /// Whether data that the terminal sends now gets through.
    pub(crate) fn carries(&self) -> bool {
        !self.excuse.ours && !self.excuse.muted
    }
}

/// The function that accepts connections: it starts the broker's end of each with what was prepared for it.
pub(crate) fn acceptor(
    prepared: Rc<RefCell<BTreeMap<Tag, PreparedEnd>>>,
    mailbox: EventQueue,
) -> Rc<dyn Fn(Stream, Tag)> {
    Rc::new(move |stream, tag| {
        // Every dial prepares its end first; a stranger on a real port has none, and the connection is dropped.
        match prepared.borrow_mut().remove(&tag) {
            None => {}
            Some(PreparedEnd::Link { setup, orders }) => {
                tokio::task::spawn_local(run_server(stream, setup, tag, mailbox.clone(), orders));
            }
            Some(PreparedEnd::Call { side, limits, orders }) => {
                tokio::task::spawn_local(run_called(stream, side, limits, tag, mailbox.clone(), orders));
            }
        }
    })
}
