//! Packets (pcap, pcapng), taken apart by `tshark`: TCP put together, TLS opened with a key log. What travelled within is
//! read here, as it is of any connection.

mod classic;
mod line;
mod stream;
mod tshark;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Imported;
use crate::session::{Event, Session};
use line::Line;
use stream::{Connection, connections, follow};
pub use tshark::PacketsError;
use tshark::tshark;

/// Connections of one file that are looked into.
const CONNECTIONS_MAX: usize = 500;

/// Reads a file of packets. `keys` is a TLS key log.
///
/// # Errors
/// [`PacketsError`], if tshark is missing or reads nothing. A file that is damaged further on is read up to there.
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
    let since = |at: f64| super::since(start, at);
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
    closed_books(&mut imported, &connections, keys.is_some());
    if imported.sessions.is_empty() {
        imported.unread("the file", "no connection asks for a WebSocket, and none is of a classic port");
    }
    Ok(imported)
}

/// What happened on the connections of terminals, in the order in which it happened.
fn lines(imported: &mut Imported, connections: &BTreeMap<usize, Connection>) -> Vec<Line> {
    let brokers = brokers(connections);
    let mut known = line::names(connections);
    let of_brokers = connections.iter().filter(|(_, connection)| brokers.contains(connection.sides().1));
    let mut lines: Vec<Line> =
        of_brokers.map(|(stream, connection)| Line::of(imported, (*stream, connection), &mut known)).collect();
    if lines.iter().any(|line| !line.is_pos) {
        for line in lines.iter().filter(|line| line.is_pos) {
            imported.remark(format!(
                "connection {} is a POS's; what it said is read of its terminal's connection",
                line.stream
            ));
        }
        lines.retain(|line| !line.is_pos);
    }
    in_turn(&lines)
}

/// One connection after the other. Where the end of one is not in the capture, it is over when the next of its terminal begins.
fn in_turn(lines: &[Line]) -> Vec<Line> {
    let mut all: Vec<(f64, usize, Event)> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        all.extend(line.events.iter().map(|(at, event)| (*at, place, event.clone())));
        let next = lines[place + 1..].iter().find(|next| next.name == line.name);
        let next = next.and_then(|next| next.events.first()).map(|(at, _)| *at);
        let last = line.events.last().map_or(0.0, |(at, _)| *at);
        // What overlaps is left as it is: two connections at once are what happened.
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

/// The addresses at which WebSockets were asked for; where none was, those at which frames were sent.
fn brokers(connections: &BTreeMap<usize, Connection>) -> BTreeSet<&str> {
    let of = |says: &dyn Fn(&[u8]) -> bool| -> BTreeSet<&str> {
        let mine = connections.values().filter(|connection| connection.texts().any(|(_, bytes)| says(bytes)));
        mine.map(|connection| connection.sides().1).collect()
    };
    let mut all = of(&line::is_upgrade);
    all.extend(of(&|bytes| stream::is_masked(bytes)));
    all
}

/// Says which connections could not be opened.
fn closed_books(imported: &mut Imported, connections: &BTreeMap<usize, Connection>, has_keys: bool) {
    for (stream, connection) in connections {
        if connection.is_tls && connection.said.is_empty() && connection.alert.is_none() {
            let place = format!("connection {stream} from {} to {}", connection.client, connection.server);
            let told = if has_keys { "its secrets are not in the key log" } else { "give a key log with --keys FILE" };
            imported.unread(place, format!("TLS that cannot be opened; {told}"));
        }
    }
}
