//! The two ends of each connection, as the driver holds them, and what waits for a connection to be accepted.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use sca_network::{
    CallLimits, CallOrder, ClientOrder, Mailbox, ServerOrder, ServerSetup, Side, Stream, Tag, TapHandle, run_called,
    run_server,
};
use sca_peers::RequestId;
use sca_protocol::frame::{Frame, opcode};
use tokio::sync::mpsc;

/// Orders that may wait on one end before the world is in error.
pub(crate) const OUTBOX: usize = 1_024;

/// What the end that is called gets when it is accepted.
pub(crate) enum Prepared {
    /// The broker's end of a link.
    Link {
        /// What it is given.
        setup: ServerSetup,
        /// What it is told.
        orders: mpsc::Receiver<ServerOrder>,
    },
    /// The end of a call that is called.
    Call {
        /// Whose end it is.
        side: Side,
        /// What it reads at the most.
        limits: CallLimits,
        /// What it is told.
        orders: mpsc::Receiver<CallOrder>,
    },
}

/// A connection.
pub(crate) struct Ends {
    pub(crate) client: Option<mpsc::Sender<ClientOrder>>,
    pub(crate) server: mpsc::Sender<ServerOrder>,
    pub(crate) tap: TapHandle,
    /// Which of the brokers it leads to.
    pub(crate) site: usize,
    /// The armed fault whose cut lies on the tap.
    pub(crate) cut: Option<usize>,
    pub(crate) state: EndState,
    /// Whether a fault or the power ended it.
    pub(crate) ours: bool,
    /// Whether a frame was sent on it that breaks the rules, or a close.
    pub(crate) breached: bool,
    /// Whether a silence that will end lies on it.
    pub(crate) muted: bool,
    /// Whether nothing that still comes on it is read: a fault has ended it where the terminal's end is not ours.
    pub(crate) unread: bool,
    /// The fragments of a message that the script is sending, and whether it is sending one.
    pub(crate) spoken: Vec<u8>,
    pub(crate) speaking: bool,
    /// Requests that have not reached the terminal yet, in their order.
    pub(crate) under_way: VecDeque<RequestId>,
    /// What the terminal has said and the broker has not heard yet.
    pub(crate) in_flight: VecDeque<String>,
    /// The ways that a fault without an end has silenced.
    pub(crate) silent: [bool; 2],
    /// The names in the certificate that the terminal has shown.
    pub(crate) names: Vec<String>,
    /// Whether its keys can be made new.
    pub(crate) rekeys: bool,
    /// When something last travelled on it, once it is up.
    pub(crate) moved: Option<Duration>,
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
    /// A connection that is being opened.
    pub(crate) fn new(client: mpsc::Sender<ClientOrder>, server: mpsc::Sender<ServerOrder>, tap: TapHandle) -> Self {
        Self {
            client: Some(client),
            server,
            tap,
            site: 0,
            cut: None,
            state: EndState::Opening,
            ours: false,
            breached: false,
            muted: false,
            unread: false,
            spoken: Vec::new(),
            speaking: false,
            under_way: VecDeque::new(),
            in_flight: VecDeque::new(),
            silent: [false; 2],
            names: Vec::new(),
            rekeys: false,
            moved: None,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.state == EndState::Up
    }

    /// Whether a terminal has to take this frame, as the next one on this connection, and stay.
    pub(crate) fn takes(&mut self, frame: &Frame, message_max: usize) -> bool {
        let plain =
            frame.reserved == 0 && frame.mask.is_none() && frame.declared.is_none() && frame.length_form.is_none();
        let whole = match frame.opcode {
            opcode::PING | opcode::PONG => return plain && frame.last && frame.payload.len() <= 125,
            opcode::CONTINUE => self.speaking,
            opcode::TEXT | opcode::BINARY => !self.speaking,
            _ => false,
        };
        self.speaking = whole && !frame.last;
        // A character may be split between fragments, so only whole messages are looked at.
        let readable = frame.opcode != opcode::TEXT || !frame.last || std::str::from_utf8(&frame.payload).is_ok();
        plain && whole && readable && self.spoken.len() + frame.payload.len() <= message_max
    }

    /// Whether a request on this connection may stay without an answer: we ended it, or nothing gets through.
    pub(crate) fn is_excused(&self) -> bool {
        self.ours || self.muted || self.breached
    }

    /// Whether what the terminal says now comes through.
    pub(crate) fn carries(&self) -> bool {
        !self.ours && !self.muted
    }
}

/// What accepts connections: starts the broker's end of each with what was prepared for it.
pub(crate) fn acceptor(prepared: Rc<RefCell<BTreeMap<Tag, Prepared>>>, mailbox: Mailbox) -> Rc<dyn Fn(Stream, Tag)> {
    Rc::new(move |stream, tag| {
        // Whoever dialled has prepared this; a stranger on a real port has not, and is hung up on.
        match prepared.borrow_mut().remove(&tag) {
            None => {}
            Some(Prepared::Link { setup, orders }) => {
                tokio::task::spawn_local(run_server(stream, setup, tag, mailbox.clone(), orders));
            }
            Some(Prepared::Call { side, limits, orders }) => {
                tokio::task::spawn_local(run_called(stream, side, limits, tag, mailbox.clone(), orders));
            }
        }
    })
}
