//! Connections to the classic ports in a packet capture: documents over plain TCP that a POS sends and a terminal
//! answers.

use std::collections::BTreeMap;

use sca_protocol::frame::{Frame, opcode};
use sca_protocol::xml::{Split, split};

use super::stream::{Connection, What, in_turn};
use crate::Imported;
use crate::document::is_request;
use crate::session::{Event, Side};

/// How the protocol's documents end.
const ENDS: [&str; 5] = ["TRANSACTION>", "RESPONSE>", "TRANSACTION />", "TRANSACTION/>", "RESPONSE/>"];
/// Maximum number of unsuccessful searches for the end of a document per connection.
const TRIES_MAX: usize = 2_000;
/// Maximum size in bytes of an unfinished document.
const DOCUMENT_MAX: usize = 1 << 20;

/// The events on the classic ports of each terminal, by its address.
pub(super) fn sessions(
    imported: &mut Imported,
    connections: &BTreeMap<usize, Connection>,
) -> BTreeMap<String, Vec<(f64, Event)>> {
    let mut all: BTreeMap<String, Vec<(f64, Event)>> = BTreeMap::new();
    for (stream, connection) in connections.iter().filter(|(_, connection)| is_classic(connection)) {
        for said in &connection.said {
            if let What::Missing(missing) = &said.what {
                let place = format!("connection {stream}, {:.3} s", said.at - connection.first);
                imported.unread(place, format!("{missing} from {} are missing in the capture", said.from));
            }
        }
        let terminal = answering(connection);
        let host = terminal.rsplit_once(':').map_or(terminal, |(host, _)| host).to_owned();
        documents(connection, terminal, all.entry(host).or_default());
    }
    for events in all.values_mut() {
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    all
}

/// Whether a connection carries bare documents: one to a broker begins with HTTP or has frames.
fn is_classic(connection: &Connection) -> bool {
    !connection.is_tls
        && connection.texts().any(|(_, bytes)| {
            let text = String::from_utf8_lossy(bytes);
            let text = text.trim_start_matches('\u{feff}').trim_start();
            is_request(text) || text.starts_with("<RESPONSE") || text.starts_with("<ERESPONSE")
        })
}

/// The address of the terminal: the side that answers requests, whichever side connected.
fn answering(connection: &Connection) -> &str {
    let asks = connection.texts().find(|(_, bytes)| is_request(&String::from_utf8_lossy(bytes))).map(|(from, _)| from);
    match asks {
        Some(asks) if asks == connection.server => &connection.client,
        Some(_) => &connection.server,
        // Only a notice: the terminal has connected to the POS.
        None => connection.texts().next().map_or("", |(from, _)| from),
    }
}

fn documents(connection: &Connection, terminal: &str, into: &mut Vec<(f64, Event)>) {
    let mut waiting = [String::new(), String::new()];
    let mut tries = TRIES_MAX;
    for (at, said) in in_turn(&connection.said, &|from| from != terminal) {
        let side = if said.from == terminal { Side::Terminal } else { Side::Broker };
        let text = &mut waiting[usize::from(side == Side::Broker)];
        match &said.what {
            What::Missing(missing) => {
                text.clear();
                into.push((at, Event::Lost { side, what: format!("{missing} from {} are missing", said.from) }));
            }
            What::Bytes(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
        }
        // Search only if a document can end here.
        while ENDS.iter().any(|end| text.contains(end)) && tries > 0 {
            let Split::Whole(end) = split(text) else {
                tries -= 1;
                break;
            };
            let mut frame = Frame::whole(opcode::TEXT, text[..end].trim());
            frame.mask = (side == Side::Terminal).then_some([0; 4]);
            into.push((at, Event::Frame(side, frame)));
            *text = text[end..].to_owned();
        }
        if text.len() > DOCUMENT_MAX {
            text.clear();
            into.push((at, Event::Lost { side, what: "unterminated document".to_owned() }));
        }
    }
}
