//! Faults as plain data. The runner's table defines how each kind is implemented.

use std::time::Duration;

use super::who::{Count, TerminalIndex};
use crate::problem::Span;

/// A fault: its kind, its trigger and its duration.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The terminal whose traffic it affects.
    pub who: TerminalIndex,
    /// The kind of fault.
    pub kind: FaultKind,
    /// The trigger; without one the fault occurs at once.
    pub arm: Option<Trigger>,
    /// How long the fault lasts, if it is limited.
    pub lasting: Option<Duration>,
    /// Its label, if it has one.
    pub label: Option<String>,
    /// Its position in the source.
    pub span: Span,
}

impl Fault {
    /// Creates a fault that occurs at once and has no position in a source.
    #[must_use]
    pub fn now(who: TerminalIndex, kind: FaultKind) -> Self {
        Self { who, kind, arm: None, lasting: None, label: None, span: Span::default() }
    }
}

/// The kind of a fault, as plain data. The runner's table defines which primitives implement it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// The broker's port is closed: attempts are refused.
    Refuse,
    /// The host name cannot be resolved.
    Dns,
    /// Packets to the broker get no reply, not even a SYN.
    Unanswered,
    /// The host name has two addresses, of which the first is dead.
    FirstAddress(DeadAddress),
    /// The connection is reset (RST).
    Reset,
    /// The connection is closed (FIN) without a WebSocket close.
    Fin,
    /// No data arrives any more, in one direction or in both.
    Silence(Option<Toward>),
    /// Sets the latency, in one direction or in both.
    Latency(Duration, Option<Toward>),
    /// Adds a random delay up to this long to the latency.
    Jitter(Duration, Option<Toward>),
    /// Limits the bandwidth, in bytes per second.
    Throttle(u64, Option<Toward>),
    /// Limits the size of a segment, in bytes.
    Segment(usize, Option<Toward>),
    /// A message is lost.
    Lose,
    /// A message is delivered twice.
    Duplicate,
    /// A message is delivered after the one that follows it.
    Swap,
    /// A message is delivered this much later, without delaying the messages after it.
    Late(Duration),
    /// The broker updates its keys within a TLS 1.3 connection.
    KeyUpdate,
    /// A byte is inverted.
    Corrupt,
    /// The broker answers the ClientHello with a fatal alert (`alert`), with garbage (`garbage`) or with plain HTTP
    /// (`plain`).
    Tls(String),
}

/// How an address fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadAddress {
    /// Its port is closed.
    Refuses,
    /// Packets to it get no reply.
    Unanswered,
}

impl FaultKind {
    /// Whether the fault decides the outcome of an attempt before the connection is established.
    #[must_use]
    pub fn decides_attempt(&self) -> bool {
        matches!(self, Self::Refuse | Self::Dns | Self::Unanswered | Self::FirstAddress(_) | Self::Tls(_))
    }

    /// Whether the fault affects a single message.
    #[must_use]
    pub fn affects_message(&self) -> bool {
        matches!(self, Self::Lose | Self::Duplicate | Self::Swap | Self::Late(_))
    }

    /// Whether the fault only shapes the traffic and ends no connection.
    #[must_use]
    pub fn shapes_traffic(&self) -> bool {
        matches!(self, Self::Latency(..) | Self::Jitter(..) | Self::Throttle(..) | Self::Segment(..))
    }
}

/// A direction of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    /// To the terminal.
    Terminal,
    /// From the terminal to the broker.
    Broker,
}

/// The trigger of an armed fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// At the attempts or connections with these numbers.
    On(Count),
    /// Relative to a point within a message or a handshake.
    At(Place, Point),
}

/// The position relative to a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before the point.
    Before,
    /// After the point.
    After,
    /// At the point itself.
    At,
}

/// A point within a message or a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The message or handshake part it lies in.
    pub carrier: Carrier,
    /// The number of bytes of the target before the point; without it, the whole target.
    pub bytes: Option<Bytes>,
}

/// A number of bytes of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {
    /// A fixed number.
    Count(usize),
    /// Each byte in turn: the row is played once per byte.
    Each,
}

/// The message or handshake part that a point lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carrier {
    /// The request with this label.
    Request(String),
    /// The answer to the request with this label.
    Reply(String),
    /// The upgrade request.
    Upgrade,
    /// The answer to the upgrade request.
    Answer,
    /// A step of the TLS handshake, one of [`TLS_POINTS`].
    Tls(&'static str),
}

/// The words for the points of a TLS handshake.
pub const TLS_POINTS: &[&str] = &["client-hello", "server-hello", "server-flight", "client-flight"];
