//! Imports packet captures (pcap, pcapng) through `tshark`, which reassembles TCP and decrypts TLS with a key log. The
//! contents are parsed here.

mod broker_connection;
mod classic;
mod stream;
mod tshark;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use broker_connection::Line;
use stream::{Connection, connections, follow};

use super::Imported;
use crate::session::{Event, Session};
pub use tshark::PacketsError;
use tshark::tshark;

/// Maximum number of connections read from one file.
const CONNECTIONS_MAX: usize = 500;

/// Reads a packet capture. `keys` is a TLS key log.
///
/// # Errors
/// [`PacketsError`], if tshark is missing or reads nothing. A damaged file is read up to the damage.
pub fn read(file: &Path, keys: Option<&Path>) -> Result<Imported, PacketsError> {
    let mut imported = Imported::default();
    let (text, complaint) = tshark(file, keys, &stream::FIELDS)?;
    if let Some(why) = complaint {
        if text.trim().is_empty() {
            return Err(PacketsError::Tshark(why));
        }
        imported.unread("the end of the file", why);
    }
    let (mut connections, frames) = connections(&text);
    if connections.len() > CONNECTIONS_MAX {
        imported.unread(
            "the file",
            format!("it holds {} connections; the first {CONNECTIONS_MAX} are read", connections.len()),
        );
        while connections.len() > CONNECTIONS_MAX {
            connections.pop_last();
        }
    }
    follow(file, keys, &mut connections, &frames)?;
    let start = connections.values().map(|connection| connection.first).fold(f64::MAX, f64::min);
    let since = |at: f64| crate::imported::since(start, at);
    for line in lines(&mut imported, &connections) {
        for (at, event) in line.events {
            imported.session(&line.name, line.secure).push(since(at), event);
        }
    }
    for (name, events) in classic::sessions(&mut imported, &connections) {
        let mut session = Session::classic(name);
        events.into_iter().for_each(|(at, event)| session.push(since(at), event));
        imported.sessions.push(session);
    }
    report_undecrypted(&mut imported, &connections, keys.is_some());
    if imported.sessions.is_empty() {
        imported.unread("the file", "no connection is a WebSocket upgrade or goes to a classic port");
    }
    Ok(imported)
}

/// The events of all connections of terminals, in order.
fn lines(imported: &mut Imported, connections: &BTreeMap<usize, Connection>) -> Vec<Line> {
    let brokers = brokers(connections);
    let mut known = broker_connection::names(connections);
    let of_brokers = connections.iter().filter(|(_, connection)| brokers.contains(connection.sides().1));
    let mut lines: Vec<Line> =
        of_brokers.map(|(stream, connection)| Line::of(imported, (*stream, connection), &mut known)).collect();
    if lines.iter().any(|line| !line.is_pos) {
        for line in lines.iter().filter(|line| line.is_pos) {
            imported.remark(format!(
                "connection {} is a POS; its messages are read from its terminal's connection",
                line.stream
            ));
        }
        lines.retain(|line| !line.is_pos);
    }
    in_turn(&lines)
}

/// Orders all events. If the end of a connection is not in the capture, it ends when the terminal's next one begins.
fn in_turn(lines: &[Line]) -> Vec<Line> {
    let mut all: Vec<(f64, usize, Event)> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        all.extend(line.events.iter().map(|(at, event)| (*at, place, event.clone())));
        let next = lines[place + 1..].iter().find(|next| next.name == line.name);
        let next = next.and_then(|next| next.events.first()).map(|(at, _)| *at);
        let last = line.events.last().map_or(0.0, |(at, _)| *at);
        // Overlapping connections are left as they are: there really were two at once.
        if let Some(at) = next.filter(|at| !line.is_ended && *at >= last) {
            all.push((at, place, Event::Vanished));
        }
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let of = |(at, place, event): (f64, usize, Event)| {
        let line: &Line = &lines[place];
        Line { events: vec![(at, event)], name: line.name.clone(), ..*line }
    };
    all.into_iter().map(of).collect()
}

/// The addresses that received upgrade requests or masked frames.
fn brokers(connections: &BTreeMap<usize, Connection>) -> BTreeSet<&str> {
    let of = |says: &dyn Fn(&[u8]) -> bool| -> BTreeSet<&str> {
        let mine = connections.values().filter(|connection| connection.texts().any(|(_, bytes)| says(bytes)));
        mine.map(|connection| connection.sides().1).collect()
    };
    let mut all = of(&broker_connection::is_upgrade);
    all.extend(of(&|bytes| stream::is_masked(bytes)));
    all
}

/// Reports connections whose TLS could not be decrypted.
fn report_undecrypted(imported: &mut Imported, connections: &BTreeMap<usize, Connection>, has_keys: bool) {
    for (stream, connection) in connections {
        if connection.is_tls && connection.said.is_empty() && connection.alert.is_none() {
            let place = format!("connection {stream} from {} to {}", connection.client, connection.server);
            let told = if has_keys { "its secrets are not in the key log" } else { "use --keys FILE for a key log" };
            imported.unread(place, format!("cannot decrypt TLS; {told}"));
        }
    }
}
