//! What each kind of fault does to an attempt, a connection, a line or a message.
//!
//! The table of all kinds, with their words and their evidence, is [`sca_model::fault_table`].

use std::time::Duration;

use sca_model::fault_table::{FaultKind, Toward};
use sca_network::{CallOrder, Cut, DialOutcome, Direction, End, MemoryNetwork, Point, TapHandle};

/// The effect of a fault on one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// It never arrives.
    Lose,
    /// It arrives twice.
    Duplicate,
    /// It arrives after the next one.
    Swap,
    /// The message is delayed by this long.
    Late(Duration),
    /// The connection ends after this many bytes of the message, or after the whole message if `bytes` is `None`.
    End {
        /// How the connection ends.
        end: End,
        /// The bytes that get through.
        bytes: Option<usize>,
        /// How long the fault lasts, if it is limited.
        lasting: Option<Duration>,
    },
}

/// How a kind affects a whole message, if it affects messages.
pub fn message_effect(kind: FaultKind) -> Option<Strike> {
    match kind {
        FaultKind::Lose => Some(Strike::Lose),
        FaultKind::Duplicate => Some(Strike::Duplicate),
        FaultKind::Swap => Some(Strike::Swap),
        FaultKind::Late(by) => Some(Strike::Late(by)),
        _ => None,
    }
}

/// What an attempt comes to, if a kind decides it before anything is sent.
pub fn dial_outcome(kind: FaultKind) -> Option<DialOutcome> {
    match kind {
        FaultKind::Refuse => Some(DialOutcome::Refuse),
        FaultKind::Dns => Some(DialOutcome::Dns),
        FaultKind::Unanswered => Some(DialOutcome::Lost),
        FaultKind::FirstAddress("refuses") => Some(DialOutcome::FirstRefuses),
        FaultKind::FirstAddress(_) => Some(DialOutcome::FirstLost),
        _ => None,
    }
}

/// Whether a kind keeps data from arriving while the connection stays open.
pub fn is_silence(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Silence(_))
}

/// Whether a kind ends connections or silences them.
pub fn ends_or_silences(kind: FaultKind) -> bool {
    end_of(kind, false).is_some() || is_silence(kind)
}

/// The order to one end of a plain TCP connection that a kind amounts to, if it ends those.
pub fn call_order(kind: FaultKind) -> Option<CallOrder> {
    match kind {
        FaultKind::Reset => Some(CallOrder::Reset),
        FaultKind::Fin => Some(CallOrder::HangUp),
        _ => None,
    }
}

/// Applies a kind that ends or silences a connection to its tap.
pub fn apply_to_tap(tap: &TapHandle, kind: FaultKind, lasts: bool) {
    match (kind, end_of(kind, lasts)) {
        (FaultKind::Silence(Some(toward)), _) => tap.silence(direction(toward), true),
        (_, Some(end)) => tap.end(end),
        (_, None) => {}
    }
}

/// Applies a kind that shapes traffic to the line of a terminal, if it acts there.
pub fn shape_line(memory: &MemoryNetwork, line: u16, kind: FaultKind) {
    for way in directions(kind.values().toward) {
        match kind {
            FaultKind::Latency(by, _) => memory.set_latency(line, way, by),
            FaultKind::Jitter(by, _) => memory.set_jitter(line, way, by),
            FaultKind::Throttle(rate, _) => memory.set_bandwidth(line, way, rate),
            _ => {}
        }
    }
}

/// The greatest segment that a kind allows, in bytes, if it limits segments.
pub fn segment_size(kind: FaultKind) -> Option<usize> {
    match kind {
        FaultKind::Segment(bytes, _) => usize::try_from(bytes).ok(),
        _ => None,
    }
}

fn direction(toward: Toward) -> Direction {
    match toward {
        Toward::Terminal => Direction::ToTerminal,
        Toward::Broker => Direction::FromTerminal,
    }
}

/// The network directions of a fault; both if it names none.
pub fn directions(toward: Option<Toward>) -> Vec<Direction> {
    toward.map_or_else(|| vec![Direction::ToTerminal, Direction::FromTerminal], |toward| vec![direction(toward)])
}

/// How a kind ends a connection, if it does; `lasts` if the fault has a limited duration.
pub fn end_of(kind: FaultKind, lasts: bool) -> Option<End> {
    match kind {
        FaultKind::Reset => Some(End::Reset),
        FaultKind::Fin => Some(End::Fin),
        FaultKind::Silence(None) => Some(if lasts { End::Hold } else { End::Silence }),
        FaultKind::Corrupt => Some(End::Corrupt),
        _ => None,
    }
}

/// The cut that a fault makes within a record of the TLS handshake.
pub fn cut(kind: FaultKind, point: &str, before: bool, bytes: Option<usize>) -> Option<Cut> {
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

/// A fatal alert, handshake_failure, as a TLS 1.2 record.
pub const FATAL_ALERT: &[u8] = &[21, 3, 3, 0, 2, 2, 40];

/// The bytes that a broker sends in place of its ServerHello, if a kind replaces it.
pub fn instead_of_hello(kind: FaultKind) -> Option<Vec<u8>> {
    let FaultKind::Tls(word) = kind else { return None };
    Some(match word {
        "alert" => FATAL_ALERT.to_vec(),
        "garbage" => b"\x00\xff\x00\xffSSH-2.0-elsewhere\r\n".to_vec(),
        _ => b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec(),
    })
}

/// The kind whose effect is this end of a connection.
pub fn kind_of_end(end: End) -> FaultKind {
    match end {
        End::Reset => FaultKind::Reset,
        End::Fin => FaultKind::Fin,
        End::Silence | End::Hold => FaultKind::Silence(None),
        End::Corrupt => FaultKind::Corrupt,
    }
}
