//! The words of faults as plain data. What they are made of, the runner's table says.

use std::time::Duration;

use super::who::{Count, Who};
use crate::problem::Span;

/// A fault: what, where or when, how long.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Of which terminal.
    pub who: Who,
    /// What happens.
    pub kind: FaultKind,
    /// When it strikes; now where absent.
    pub arm: Option<Arm>,
    /// How long it stands.
    pub lasting: Option<Duration>,
    /// Its label.
    pub label: Option<String>,
    /// Where.
    pub span: Span,
}

impl Fault {
    /// A fault that strikes now, of a step that no file holds.
    #[must_use]
    pub fn now(who: Who, kind: FaultKind) -> Self {
        Self { who, kind, arm: None, lasting: None, label: None, span: Span::default() }
    }
}

/// What a fault does: plain data; the table of the runner says which primitives it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// The port is closed.
    Refuse,
    /// The name has no address.
    Dns,
    /// Nothing comes back, not even for a SYN.
    Unanswered,
    /// The name has two addresses, and nobody is at the first.
    FirstAddress(DeadAddress),
    /// RST.
    Reset,
    /// FIN without a close.
    Fin,
    /// Nothing arrives any more, one way or both.
    Silence(Option<Toward>),
    /// Another latency.
    Latency(Duration, Option<Toward>),
    /// Chance adds to the latency, up to this much.
    Jitter(Duration, Option<Toward>),
    /// Another bandwidth, in bytes a second.
    Throttle(u64, Option<Toward>),
    /// So many bytes a segment at the most.
    Segment(usize, Option<Toward>),
    /// A message is lost.
    Lose,
    /// A message comes twice.
    Duplicate,
    /// Two neighbouring messages change places: this one comes after the next.
    Swap,
    /// A message comes so much later; what follows it does not wait.
    Late(Duration),
    /// The broker takes new keys within a connection of TLS 1.3.
    KeyUpdate,
    /// A byte is inverted.
    Corrupt,
    /// A fatal alert in place of the broker's hello, or no TLS at all.
    Tls(String),
}

/// How an address is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadAddress {
    /// Its port is closed.
    Refuses,
    /// Nothing comes back.
    Unanswered,
}

impl FaultKind {
    /// Whether it decides what becomes of an attempt before there is a connection.
    #[must_use]
    pub fn is_of_dial(&self) -> bool {
        matches!(self, Self::Refuse | Self::Dns | Self::Unanswered | Self::FirstAddress(_) | Self::Tls(_))
    }

    /// Whether it happens to one message.
    #[must_use]
    pub fn is_of_message(&self) -> bool {
        matches!(self, Self::Lose | Self::Duplicate | Self::Swap | Self::Late(_))
    }

    /// Whether it gives the line another shape, and ends nothing.
    #[must_use]
    pub fn is_of_shape(&self) -> bool {
        matches!(self, Self::Latency(..) | Self::Jitter(..) | Self::Throttle(..) | Self::Segment(..))
    }
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    /// What goes to the terminal.
    Terminal,
    /// What comes from the terminal.
    Broker,
}

/// When an armed fault strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arm {
    /// At these attempts or connections.
    On(Count),
    /// At a point.
    At(Place, Point),
}

/// On which side of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before it.
    Before,
    /// After it.
    After,
    /// At it.
    At,
}

/// A point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Within what.
    pub carrier: Carrier,
    /// After how many bytes of it; none for all of it.
    pub bytes: Option<Bytes>,
}

/// Bytes of a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {
    /// This many.
    Count(usize),
    /// Each in turn: the row is played once for every one.
    Each,
}

/// What a point lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carrier {
    /// The request with this label.
    Request(String),
    /// The answer to the request with this label.
    Reply(String),
    /// The request for the upgrade.
    Upgrade,
    /// The answer to it.
    Answer,
    /// A step of the TLS handshake, by its word.
    Tls(&'static str),
}

/// The words of TLS points.
pub const TLS_POINTS: &[&str] = &["client-hello", "server-hello", "server-flight", "client-flight"];
