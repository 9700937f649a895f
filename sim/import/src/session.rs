//! Sessions: the events between one terminal and its broker, from a recorder or a file.
//!
//! Order and times are kept; nothing is judged.

use std::time::Duration;

use sca_protocol::Reason;
use sca_protocol::frame::Frame;

/// A side of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The terminal.
    Terminal,
    /// The broker.
    Broker,
}

/// How a side ended the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// A TCP FIN.
    Fin,
    /// A TCP reset.
    Reset,
}

/// An event of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The terminal connected over TCP: an attempt begins.
    Opened,
    /// The upgrade request of the terminal: its head as text.
    Asked(String),
    /// The upgrade response of the broker: its head as text, with the body if it is not a 101.
    Answered(String),
    /// The link is up; its handshake is not in the capture.
    Up,
    /// The attempt failed before the response; the reason as the terminal sees it.
    Failed(Reason),
    /// A frame sent by a side.
    Frame(Side, Frame),
    /// A side ended the connection.
    Ended(Side, Ending),
    /// A remark that is not part of the exchange.
    Note(String),
    /// A gap: data of a side is missing or cannot be read.
    Lost {
        /// The side whose data is missing.
        side: Side,
        /// How much, and where.
        what: String,
    },
    /// The connection has ended; how is not in the capture.
    Vanished,
}

/// The events of one terminal, with times relative to the first one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    /// The terminal's pinpad id if known, else another name, such as its address.
    pub name: String,
    /// Whether the connection uses TLS.
    pub secure: bool,
    /// Whether a POS connected to the terminal's classic ports, without a broker.
    pub classic: bool,
    /// The events, in order.
    pub events: Vec<(Duration, Event)>,
}

impl Session {
    /// Creates an empty session.
    #[must_use]
    pub fn new(name: impl Into<String>, secure: bool) -> Self {
        Self { name: name.into(), secure, classic: false, events: Vec::new() }
    }

    /// Creates an empty session on the classic ports.
    #[must_use]
    pub fn classic(name: impl Into<String>) -> Self {
        Self { classic: true, ..Self::new(name, false) }
    }

    /// Inserts an event after the first `behind` events, at the time of the event before it.
    pub fn insert(&mut self, behind: usize, event: Event) {
        let behind = behind.min(self.events.len());
        let at = behind.checked_sub(1).and_then(|place| self.events.get(place)).map_or(Duration::ZERO, |(at, _)| *at);
        self.events.insert(behind, (at, event));
    }

    /// Appends an event. If its time is before that of the last event, it gets that time.
    pub fn push(&mut self, at: Duration, event: Event) {
        let last = self.events.last().map_or(Duration::ZERO, |(at, _)| *at);
        self.events.push((at.max(last), event));
    }
}
