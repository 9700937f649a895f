//! The table of faults: each word, what it is made of, where it can be played and which clause it tries.

use sca_network::{Cut, End, Point};
use sca_scenario::model::FaultKind;

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultRow {
    /// Its word in scenarios.
    pub word: &'static str,
    /// The primitives of the network it is made of.
    pub primitives: &'static str,
    /// The layer it strikes: dial, bytes, TLS or message.
    pub layer: &'static str,
    /// Whether sockets can play it too.
    pub on_the_wire: bool,
    /// The clause it tries first.
    pub clause: &'static str,
}

const fn row(
    word: &'static str,
    layer: &'static str,
    primitives: &'static str,
    on_the_wire: bool,
    clause: &'static str,
) -> FaultRow {
    FaultRow { word, primitives, layer, on_the_wire, clause }
}

/// Every kind of fault.
pub const FAULTS: &[FaultRow] = &[
    row("refuse", "dial", "the attempt meets a closed port", true, "BOOT-01"),
    row("dns", "dial", "the name has no address", true, "BOOT-05"),
    row("reset", "bytes", "RST at the broker's end, at once or at a point", true, "REC-01"),
    row("fin", "bytes", "FIN at the broker's end without a close", true, "REC-01"),
    row("silence", "bytes", "what is sent is held back, what comes is not read, one way or both", true, "REC-01"),
    row("latency", "bytes", "another delay from now on", false, "MSG-01"),
    row("throttle", "bytes", "a budget of bytes a second, with back-pressure", false, "MSG-01"),
    row("corrupt", "TLS", "one byte of a record is inverted", true, "WS-02"),
    row("tls", "TLS", "an alert, garbage or plain HTTP in place of the broker's hello", true, "WS-02"),
    row("lose", "message", "a message is dropped whole", true, "MSG-01"),
    row("duplicate", "message", "a message is passed on twice", true, "MSG-01"),
    row("swap", "message", "a message is held until the next one has passed", true, "CNT-05"),
];

/// The row of a kind.
#[must_use]
pub fn row_of(kind: &FaultKind) -> &'static FaultRow {
    let word = match kind {
        FaultKind::Refuse => "refuse",
        FaultKind::Dns => "dns",
        FaultKind::Reset => "reset",
        FaultKind::Fin => "fin",
        FaultKind::Silence(_) => "silence",
        FaultKind::Latency(..) => "latency",
        FaultKind::Throttle(..) => "throttle",
        FaultKind::Lose => "lose",
        FaultKind::Duplicate => "duplicate",
        FaultKind::Swap => "swap",
        FaultKind::Corrupt => "corrupt",
        FaultKind::Tls(_) => "tls",
    };
    FAULTS.iter().find(|row| row.word == word).unwrap_or(&FAULTS[0])
}

/// The end that a kind brings to a connection, where it does.
pub(crate) fn end_of(kind: &FaultKind) -> Option<End> {
    match kind {
        FaultKind::Reset => Some(End::Reset),
        FaultKind::Fin => Some(End::Fin),
        FaultKind::Silence(None) => Some(End::Silence),
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
    end_of(kind).map(|end| Cut { point: place, offset, end })
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
