//! Faults as plain data: the kind, its trigger and its duration.

use std::time::Duration;

use super::who::{Count, TerminalIndex};
use crate::fault_table::FaultKind;
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
