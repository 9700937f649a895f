//! What the words of faults are made of, and where they can be played.
//!
//! The table of every kind there is, with its evidence, is beside it in [`vocabulary`].

pub mod vocabulary;

use sca_network::{Cut, End, Point};
use sca_scenario::model::FaultKind;

/// The word of a kind.
#[must_use]
pub fn word_of(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::Refuse => "refuse",
        FaultKind::Dns => "dns",
        FaultKind::Unanswered => "unanswered",
        FaultKind::FirstAddress(_) => "first-address",
        FaultKind::Reset => "reset",
        FaultKind::Fin => "fin",
        FaultKind::Silence(_) => "silence",
        FaultKind::Latency(..) => "latency",
        FaultKind::Jitter(..) => "jitter",
        FaultKind::Throttle(..) => "throttle",
        FaultKind::Segment(..) => "segment",
        FaultKind::Lose => "lose",
        FaultKind::Duplicate => "duplicate",
        FaultKind::Swap => "swap",
        FaultKind::Late(_) => "late",
        FaultKind::KeyUpdate => "key-update",
        FaultKind::Corrupt => "corrupt",
        FaultKind::Tls(_) => "tls",
    }
}

/// Whether sockets can play a kind: nothing slows a real line as a scenario wants it.
#[must_use]
pub fn is_for_sockets(kind: &FaultKind) -> bool {
    !matches!(kind, FaultKind::Latency(..) | FaultKind::Jitter(..) | FaultKind::Throttle(..))
}

/// The end that a kind brings to a connection, where it does; `lasts` where its time will be over.
pub(crate) fn end_of(kind: &FaultKind, lasts: bool) -> Option<End> {
    match kind {
        FaultKind::Reset => Some(End::Reset),
        FaultKind::Fin => Some(End::Fin),
        FaultKind::Silence(None) => Some(if lasts { End::Hold } else { End::Silence }),
        FaultKind::Corrupt => Some(End::Corrupt),
        _ => None,
    }
}

/// The cut within a TLS handshake that a fault at one of its points makes.
pub(crate) fn cut(kind: &FaultKind, point: &str, before: bool, bytes: Option<usize>) -> Option<Cut> {
    /// A record's header; without a number of bytes a fault strikes behind it, inside the record.
    const HEADER: usize = 5;
    let place = match point {
        "client-hello" => Point::ClientHello,
        "server-hello" => Point::ServerHello,
        "server-flight" => Point::ServerFlight,
        _ => Point::ClientFlight,
    };
    let offset = bytes.unwrap_or(if before { 0 } else { HEADER });
    end_of(kind, false).map(|end| Cut { point: place, offset, end })
}

/// What a broker says in place of its hello.
pub(crate) fn instead_of_hello(word: &str) -> Vec<u8> {
    match word {
        // A fatal alert, handshake_failure, as a TLS 1.2 record.
        "alert" => vec![21, 3, 3, 0, 2, 2, 40],
        "garbage" => b"\x00\xff\x00\xffSSH-2.0-elsewhere\r\n".to_vec(),
        _ => b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec(),
    }
}
