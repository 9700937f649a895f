//! What happened between one terminal and its broker, wherever it was seen: on the way by a recorder, or in a file.
//!
//! It keeps the order and the times, and judges nothing.

use std::time::Duration;

use sca_protocol::Reason;
use sca_protocol::frame::Frame;

/// An end of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The terminal.
    Terminal,
    /// The broker.
    Broker,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// An end of writing.
    Fin,
    /// A reset.
    Reset,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The terminal has reached a port: an attempt begins.
    Opened,
    /// The terminal asks for the upgrade; the head as text.
    Asked(String),
    /// The broker answers that; the head as text, and a body where it is no 101.
    Answered(String),
    /// The link is up; how it came to be was not seen.
    Up,
    /// The attempt came to nothing before it was answered, for a reason in the terminal's eyes.
    Failed(Reason),
    /// A frame passes, from one side to the other.
    Frame(Side, Frame),
    /// A side has ended the connection.
    Ended(Side, Ending),
    /// Something that is no part of the exchange: what was done to the line, or what is known of it.
    Note(String),
    /// Here the capture has a gap: what a side said is not in it, or cannot be read.
    Lost {
        /// Whose words are missing.
        side: Side,
        /// How much, and where.
        what: String,
    },
    /// The connection is over, and how it ended is not in the capture.
    Vanished,
}

/// The events of one terminal with their times since the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    /// The terminal's pinpad id, where it said one; else where it was seen.
    pub name: String,
    /// Whether the line is TLS.
    pub secure: bool,
    /// Whether a POS has called the terminal on its classic ports, and no broker stands between.
    pub classic: bool,
    /// What happened, in order.
    pub events: Vec<(Duration, Event)>,
}

impl Session {
    /// A session in which nothing has happened.
    #[must_use]
    pub fn new(name: impl Into<String>, secure: bool) -> Self {
        Self { name: name.into(), secure, classic: false, events: Vec::new() }
    }

    /// A session on the classic ports in which nothing has happened.
    #[must_use]
    pub fn classic(name: impl Into<String>) -> Self {
        Self { classic: true, ..Self::new(name, false) }
    }

    /// Takes an event that happened before others that have been taken: behind so many.
    pub fn insert(&mut self, behind: usize, event: Event) {
        let behind = behind.min(self.events.len());
        let at = behind.checked_sub(1).and_then(|place| self.events.get(place)).map_or(Duration::ZERO, |(at, _)| *at);
        self.events.insert(behind, (at, event));
    }

    /// Takes an event. What comes out of order is as late as what came before it.
    pub fn push(&mut self, at: Duration, event: Event) {
        let last = self.events.last().map_or(Duration::ZERO, |(at, _)| *at);
        self.events.push((at.max(last), event));
    }
}
