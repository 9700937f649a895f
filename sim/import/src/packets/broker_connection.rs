//! The events of one connection to a broker in a packet capture.

use std::collections::{BTreeMap, BTreeSet};

use sca_protocol::frame::opcode;
use sca_protocol::handshake::Head;
use sca_protocol::{Reason, TlsFailure};

use super::stream::{Connection, What, in_turn};
use crate::Imported;
use crate::document::is_request;
use crate::observer::Observer;
use crate::session::{Ending, Event, Side};

/// A connection to a broker.
pub(super) struct Line {
    pub(super) stream: usize,
    /// The pinpad id of the terminal.
    pub(super) name: String,
    pub(super) secure: bool,
    /// Whether it is the connection of a POS, not of a terminal.
    pub(super) is_pos: bool,
    /// Whether its end is in the capture.
    pub(super) is_ended: bool,
    pub(super) events: Vec<(f64, Event)>,
}

impl Line {
    /// Reads the events of a connection. `known` maps hosts to the names of their terminals.
    pub(super) fn of(
        imported: &mut Imported,
        (stream, connection): (usize, &Connection),
        known: &mut BTreeMap<String, String>,
    ) -> Self {
        let (dialler, _) = connection.sides();
        let side = |from: &str| if from == dialler { Side::Terminal } else { Side::Broker };
        let mut ears = Observer::default();
        let mut events: Vec<(f64, Event)> = Vec::new();
        if connection.begins {
            events.push((connection.first, Event::Opened));
        }
        for (at, said) in in_turn(&connection.said, &|from| side(from) == Side::Broker) {
            let heard = match &said.what {
                What::Bytes(bytes) => ears.hear(side(&said.from), bytes),
                What::Missing(missing) => {
                    imported.unread(
                        format!("connection {stream}, {:.3} s", at - connection.first),
                        format!("{missing} from {} are missing in the capture", said.from),
                    );
                    ears.misses(side(&said.from), missing)
                }
            };
            events.extend(heard.into_iter().map(|event| (at, event)));
        }
        if connection.is_tls {
            missing_in_tls(imported, (stream, connection), &mut events, &side);
        }
        let is_pos = speaks_as_a_pos(&events);
        let (ending, is_ended) = end(connection, &ears, &side, events.last().map(|(at, _)| *at));
        events.extend(ending);
        if events.len() == 1 && connection.is_tls {
            imported.unread(format!("connection {stream}"), "it contains nothing that could be read");
        }
        let name = name(&events, dialler, known);
        if is_pos {
            swap_sides(&mut events);
        }
        Self { stream, name, secure: connection.is_tls, is_pos, is_ended: is_ended && !is_pos, events }
    }
}

/// Adds gaps for missing TLS segments: whatever the same side sends afterwards may not be decrypted.
fn missing_in_tls(
    imported: &mut Imported,
    (stream, connection): (usize, &Connection),
    events: &mut Vec<(f64, Event)>,
    side: &dyn Fn(&str) -> Side,
) {
    for (at, from) in &connection.missing {
        let place = format!("connection {stream}, {:.3} s", at - connection.first);
        imported.unread(place, format!("a segment from {from} is missing in the capture; later TLS may be unreadable"));
        let what = "a segment with TLS data is missing".to_owned();
        events.push((*at, Event::Lost { side: side(from), what }));
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
}

/// The end of a connection, as far as the capture shows it, and whether it does.
fn end(
    connection: &Connection,
    ears: &Observer,
    side: &dyn Fn(&str) -> Side,
    last: Option<f64>,
) -> (Option<(f64, Event)>, bool) {
    let ended = connection.ended.as_ref().map(|(at, from, ending)| (*at, side(from), *ending));
    let event = match (&connection.alert, ears.is_upgraded(), ended) {
        (Some(code), false, _) => {
            let by_terminal = ended.is_some_and(|(_, side, _)| side == Side::Terminal);
            let at = ended.map_or(connection.last, |(at, ..)| at);
            (at, Event::Failed(Reason::Tls(tls_failure(*code, by_terminal))))
        }
        (_, _, Some((at, _, Ending::Reset))) if !connection.accepted => (at, Event::Failed(Reason::Refused)),
        (_, _, None) if !connection.accepted => (connection.last, Event::Failed(Reason::Timeout)),
        (_, _, Some((at, side, ending))) => (last.map_or(at, |last| last.max(at)), Event::Ended(side, ending)),
        (_, _, None) => return (None, false),
    };
    (Some(event), true)
}

/// The pinpad id of each host, as found anywhere in the capture. If several hosts have none, each is named by its
/// address.
pub(super) fn names(connections: &BTreeMap<usize, Connection>) -> BTreeMap<String, String> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut unnamed: BTreeSet<String> = BTreeSet::new();
    for connection in connections.values() {
        let (dialler, _) = connection.sides();
        let host = dialler.rsplit_once(':').map_or("", |(host, _)| host).to_owned();
        let asks = connection.texts().filter(|(from, _)| *from == dialler).find_map(|(_, bytes)| {
            let (head, _) = Head::parse_request(bytes).ok().flatten()?;
            let is_pos = head.path().starts_with("/pos/");
            Some((head.get("x-vfi-pinpad-id").map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()), is_pos))
        });
        match asks {
            Some((Some(id), _)) => drop(known.entry(host).or_insert(id)),
            Some((None, false)) => drop(unnamed.insert(host)),
            _ => {}
        }
    }
    unnamed.retain(|host| !known.contains_key(host));
    if unnamed.len() > 1 {
        known.extend(unnamed.into_iter().map(|host| (host.clone(), host)));
    }
    known
}

/// The pinpad id of a connection: the one it sent, or the one known for its host.
fn name(events: &[(f64, Event)], dialler: &str, known: &mut BTreeMap<String, String>) -> String {
    let head = events.iter().find_map(|(_, event)| match event {
        Event::Asked(text) => Head::parse_request(text.as_bytes()).ok().flatten(),
        _ => None,
    });
    let said = head.as_ref().and_then(|(head, _)| head.get("x-vfi-pinpad-id")).map(|id| id.trim().to_owned());
    let asked_for = head.as_ref().and_then(|(head, _)| head.path().strip_prefix("/pos/")).map(str::to_owned);
    let host = dialler.rsplit_once(':').map_or("", |(host, _)| host).to_owned();
    match said.or(asked_for).filter(|id| !id.is_empty()) {
        Some(id) => {
            known.insert(host, id.clone());
            id
        }
        None => known.get(&host).cloned().unwrap_or_else(|| "1".to_owned()),
    }
}

/// Whether the side that connected is a POS: it sends requests.
fn speaks_as_a_pos(events: &[(f64, Event)]) -> bool {
    events.iter().any(|(_, event)| match event {
        Event::Frame(Side::Terminal, frame) if frame.opcode == opcode::TEXT => {
            std::str::from_utf8(&frame.payload).is_ok_and(is_request)
        }
        _ => false,
    })
}

/// Converts the messages between a POS and a broker to those between the broker and the terminal. The start and end of
/// the terminal's own connection are not included.
fn swap_sides(events: &mut Vec<(f64, Event)>) {
    let mut is_up = false;
    let mut all = Vec::new();
    for (at, event) in std::mem::take(events) {
        match event {
            Event::Frame(side, mut frame) if frame.opcode < opcode::CLOSE => {
                if !std::mem::replace(&mut is_up, true) {
                    all.push((at, Event::Up));
                }
                let side = if side == Side::Terminal { Side::Broker } else { Side::Terminal };
                frame.mask = (side == Side::Terminal).then_some([0; 4]);
                all.push((at, Event::Frame(side, frame)));
            }
            Event::Lost { side, what } => {
                let side = if side == Side::Terminal { Side::Broker } else { Side::Terminal };
                all.push((at, Event::Lost { side, what }));
            }
            _ => {}
        }
    }
    *events = all;
}

pub(super) fn is_upgrade(bytes: &[u8]) -> bool {
    let read = Head::parse_request(bytes).ok().flatten();
    read.is_some_and(|(head, _)| head.get("Upgrade").is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket")))
}

/// The failure of a TLS alert: about the broker's certificate if the terminal sent it, else about the terminal's.
fn tls_failure(code: u8, by_terminal: bool) -> TlsFailure {
    match (code, by_terminal) {
        (42, true) => TlsFailure::WrongName,
        (43, true) => TlsFailure::WrongUsage,
        (44, true) => TlsFailure::Revoked,
        (45, true) => TlsFailure::Expired,
        (48, true) => TlsFailure::UnknownAuthority,
        (42, false) => TlsFailure::AlertBadCertificate,
        (43, false) => TlsFailure::AlertUnsupportedCertificate,
        (44, false) => TlsFailure::AlertCertificateRevoked,
        (45, false) => TlsFailure::AlertCertificateExpired,
        (48, false) => TlsFailure::AlertUnknownAuthority,
        (116, false) => TlsFailure::AlertCertificateRequired,
        (70, _) => TlsFailure::AlertProtocolVersion,
        _ => TlsFailure::AlertOther,
    }
}
