//! The words of fault kinds, the way each kind ends a connection, and which kinds sockets can play.
//!
//! The table of all kinds, with their evidence, is in [`sca_scenario::fault_table`].

use sca_judge::coverage::FaultClass;
use sca_network::{Cut, End, Point};
use sca_scenario::model::FaultKind;

/// The keyword of a kind in scenarios.
#[must_use]
pub(crate) fn word_of(kind: &FaultKind) -> &'static str {
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

/// Whether real sockets can play a kind: latency, jitter and bandwidth cannot be set there.
#[must_use]
pub(crate) fn is_for_sockets(kind: &FaultKind) -> bool {
    !matches!(kind, FaultKind::Latency(..) | FaultKind::Jitter(..) | FaultKind::Throttle(..))
}

/// How a kind ends a connection, if it does; `lasts` if the fault has a limited duration.
pub(crate) fn end_of(kind: &FaultKind, lasts: bool) -> Option<End> {
    match kind {
        FaultKind::Reset => Some(End::Reset),
        FaultKind::Fin => Some(End::Fin),
        FaultKind::Silence(None) => Some(if lasts { End::Hold } else { End::Silence }),
        FaultKind::Corrupt => Some(End::Corrupt),
        _ => None,
    }
}

/// The cut that a fault makes within a record of the TLS handshake.
pub(crate) fn cut(kind: &FaultKind, point: &str, before: bool, bytes: Option<usize>) -> Option<Cut> {
    /// The size of a record header. Without a byte count a fault cuts after the header, inside the record.
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

/// The bytes that a broker sends in place of its ServerHello.
pub(crate) fn instead_of_hello(word: &str) -> Vec<u8> {
    match word {
        // A fatal alert, handshake_failure, as a TLS 1.2 record.
        "alert" => vec![21, 3, 3, 0, 2, 2, 40],
        "garbage" => b"\x00\xff\x00\xffSSH-2.0-elsewhere\r\n".to_vec(),
        _ => b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec(),
    }
}

/// The class that coverage counts the end of a connection under.
pub(crate) fn class_of_end(end: End) -> FaultClass {
    match end {
        End::Reset => FaultClass::Reset,
        End::Fin => FaultClass::End,
        End::Silence | End::Hold => FaultClass::Silence,
        End::Corrupt => FaultClass::Tls,
    }
}
