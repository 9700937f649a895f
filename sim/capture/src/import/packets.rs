//! Packets (pcap, pcapng), taken apart by `tshark`: TCP put together, TLS opened with a key log. What travelled within is
//! read here, as it is of any connection.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sca_protocol::Reason;
use sca_protocol::handshake::Head;

use super::Imported;
use crate::ears::Ears;
use crate::session::{Ending, Event, Side};

/// Connections of one file that are looked into.
const CONNECTIONS_MAX: usize = 500;

/// Why packets cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PacketsError {
    /// There is no tshark.
    #[error("packets are read through tshark, which is not there; on Debian: apt-get install tshark")]
    NoTshark,
    /// tshark cannot be started.
    #[error("tshark cannot be started: {0}")]
    Start(io::Error),
    /// tshark cannot read the file at all.
    #[error("tshark cannot read it: {0}")]
    Tshark(String),
}

/// One TCP connection.
#[derive(Debug, Default)]
struct Connection {
    client: String,
    server: String,
    opened: Option<f64>,
    accepted: bool,
    is_tls: bool,
    /// The code of the first alert.
    alert: Option<u8>,
    ended: Option<(f64, Side, Ending)>,
    /// What was said, in order.
    said: Vec<(f64, u8, Vec<u8>)>,
    last: f64,
}

/// Reads a file of packets. `keys` is a TLS key log.
///
/// # Errors
/// [`PacketsError`], if tshark is missing or reads nothing. A file that is damaged further on is read up to there.
pub fn read(file: &Path, keys: Option<&Path>) -> Result<Imported, PacketsError> {
    let mut imported = Imported::default();
    let (text, complaint) = tshark(file, keys, &FIELDS)?;
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
    let start = connections.values().filter_map(|c| c.opened).fold(f64::MAX, f64::min);
    let brokers = brokers(&connections);
    let mut all: Vec<(f64, String, bool, Event)> = Vec::new();
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for (stream, connection) in connections.iter().filter(|(_, c)| brokers.contains(&c.server)) {
        events(&mut imported, (*stream, connection), &mut known, &mut all);
    }
    for (stream, connection) in &connections {
        let is_closed_book = connection.is_tls && connection.said.is_empty() && connection.alert.is_none();
        if is_closed_book {
            let place = format!("connection {stream} from {} to {}", connection.client, connection.server);
            let told =
                if keys.is_some() { "its secrets are not in the key log" } else { "give a key log with --keys FILE" };
            imported.unread(place, format!("TLS that cannot be opened; {told}"));
        }
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (at, name, secure, event) in all {
        let since = Duration::try_from_secs_f64((at - start).max(0.0)).unwrap_or_default();
        imported.session(&name, secure).push(since, event);
    }
    if imported.sessions.is_empty() {
        imported.unread("the file", "no connection asks for a WebSocket");
    }
    Ok(imported)
}

/// Runs tshark. What it printed, and what it complained of.
fn tshark(file: &Path, keys: Option<&Path>, arguments: &[&str]) -> Result<(String, Option<String>), PacketsError> {
    let mut command = Command::new("tshark");
    command.arg("-n").arg("-r").arg(file).stdin(Stdio::null());
    if let Some(keys) = keys {
        command.arg("-o").arg(format!("tls.keylog_file:{}", keys.display()));
    }
    let output = command.args(arguments).output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => PacketsError::NoTshark,
        _ => PacketsError::Start(error),
    })?;
    let complaint = (!output.status.success()).then(|| {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut lines = text.lines().filter(|line| !line.starts_with("Running as user") && !line.trim().is_empty());
        lines.next_back().unwrap_or("it says nothing").to_owned()
    });
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), complaint))
}

/// What is asked of every packet.
const FIELDS: [&str; 26] = [
    "-Y",
    "tcp",
    "-T",
    "fields",
    "-E",
    "occurrence=f",
    "-e",
    "frame.number",
    "-e",
    "frame.time_epoch",
    "-e",
    "tcp.stream",
    "-e",
    "tcp.flags",
    "-e",
    "ip.src",
    "-e",
    "ipv6.src",
    "-e",
    "tcp.srcport",
    "-e",
    "ip.dst",
    "-e",
    "ipv6.dst",
    "-e",
    "tcp.dstport",
];
/// And of TLS.
const TLS_FIELDS: [&str; 8] = ["-Y", "tls", "-T", "fields", "-e", "frame.number", "-e", "tls.alert_message.desc"];

type Frames = BTreeMap<u64, usize>;

/// The connections of a file, and which each packet belongs to.
fn connections(text: &str) -> (BTreeMap<usize, Connection>, Frames) {
    const FIN: u32 = 1;
    const SYN: u32 = 2;
    const RESET: u32 = 4;
    const ACK: u32 = 16;
    let mut all: BTreeMap<usize, Connection> = BTreeMap::new();
    let mut frames = Frames::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [number, at, stream, flags, from4, from6, from_port, to4, to6, to_port] = fields.as_slice() else {
            continue;
        };
        let (Ok(number), Ok(at), Ok(stream)) = (number.parse(), at.parse::<f64>(), stream.parse()) else { continue };
        let flags = u32::from_str_radix(flags.trim_start_matches("0x"), 16).unwrap_or(0);
        let from = format!("{from4}{from6}:{from_port}");
        let to = format!("{to4}{to6}:{to_port}");
        frames.insert(number, stream);
        let connection = all.entry(stream).or_default();
        connection.last = at;
        if connection.client.is_empty() {
            // Whoever is seen first in a connection that had begun before is taken for the client, until it says otherwise.
            let is_answer = flags & (SYN | ACK) == SYN | ACK;
            (connection.client, connection.server) =
                if is_answer { (to.clone(), from.clone()) } else { (from.clone(), to) };
            connection.opened = Some(at);
        }
        let side = if from == connection.client { Side::Terminal } else { Side::Broker };
        connection.accepted |= side == Side::Broker && flags & SYN != 0 || flags & (SYN | RESET) == 0;
        let ending =
            [(RESET, Ending::Reset), (FIN, Ending::Fin)].iter().find(|(bit, _)| flags & bit != 0).map(|(_, e)| *e);
        if let Some(ending) = ending {
            connection.ended.get_or_insert((at, side, ending));
        }
    }
    (all, frames)
}

/// Reads what was said on every connection, TLS opened.
fn follow(
    file: &Path,
    keys: Option<&Path>,
    connections: &mut BTreeMap<usize, Connection>,
    frames: &Frames,
) -> Result<(), PacketsError> {
    let (text, _) = tshark(file, keys, &TLS_FIELDS)?;
    for line in text.lines() {
        let Some((number, alert)) = line.split_once('\t') else { continue };
        let stream = number.parse().ok().and_then(|number: u64| frames.get(&number));
        if let Some(connection) = stream.and_then(|stream| connections.get_mut(stream)) {
            connection.is_tls = true;
            let code = alert.split(',').next().and_then(|code| code.parse().ok()).filter(|code: &u8| *code != 0);
            connection.alert = connection.alert.or(code);
        }
    }
    let wanted: Vec<String> = connections
        .iter()
        .map(|(stream, connection)| format!("follow,{},yaml,{stream}", if connection.is_tls { "tls" } else { "tcp" }))
        .collect();
    for some in wanted.chunks(50) {
        let mut arguments = vec!["-q"];
        some.iter().for_each(|one| arguments.extend(["-z", one.as_str()]));
        let (text, _) = tshark(file, keys, &arguments)?;
        said(&text, connections, frames);
    }
    Ok(())
}

/// Reads tshark's account of streams: number of the packet, who, when, and what as Base64.
fn said(text: &str, connections: &mut BTreeMap<usize, Connection>, frames: &Frames) {
    let (mut number, mut peer, mut at, mut data) = (None, 0, 0.0, String::new());
    for line in text.lines().chain(["  - packet: end"]) {
        let (key, value) = line.trim().split_once(": ").unwrap_or((line.trim(), ""));
        match key {
            "- packet" => {
                let stream = number.and_then(|number: u64| frames.get(&number));
                if let Some(connection) = stream.and_then(|stream| connections.get_mut(stream)) {
                    let bytes = STANDARD.decode(&data).unwrap_or_default();
                    connection.said.push((at, peer, bytes));
                }
                (number, data) = (value.parse().ok(), String::new());
            }
            "peer" | "- peer" => peer = value.parse().unwrap_or(0),
            "timestamp" => at = value.parse().unwrap_or(at),
            "data" | "peers:" | "packets:" | "host" | "port" => {}
            base64 => data.push_str(base64),
        }
    }
}

/// The addresses at which WebSockets were asked for; where none was, those at which frames were sent.
fn brokers(connections: &BTreeMap<usize, Connection>) -> BTreeSet<String> {
    let of = |says: &dyn Fn(&[u8]) -> bool| -> BTreeSet<String> {
        let mine = connections.values().filter(|connection| connection.said.iter().any(|(_, _, bytes)| says(bytes)));
        mine.map(|connection| connection.server.clone()).collect()
    };
    let asked = of(&is_upgrade);
    if asked.is_empty() { of(&is_masked) } else { asked }
}

fn is_upgrade(bytes: &[u8]) -> bool {
    let read = Head::parse_request(bytes).ok().flatten();
    read.is_some_and(|(head, _)| head.get("Upgrade").is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket")))
}

/// Whether bytes begin as a frame of a terminal does: whole, of a kind there is, masked.
fn is_masked(bytes: &[u8]) -> bool {
    matches!(bytes, [0x81 | 0x82 | 0x88..=0x8a | 0xc1 | 0xc2, second, ..] if second & 0x80 != 0)
}

/// What happened on one connection.
fn events(
    imported: &mut Imported,
    (stream, connection): (usize, &Connection),
    known: &mut BTreeMap<String, String>,
    all: &mut Vec<(f64, String, bool, Event)>,
) {
    let mut mine: Vec<(f64, Event)> = Vec::new();
    let opened = connection.opened.unwrap_or_default();
    mine.push((opened, Event::Opened));
    let by = |says: &dyn Fn(&[u8]) -> bool| {
        connection.said.iter().find(|(_, _, bytes)| says(bytes)).map(|(_, peer, _)| *peer)
    };
    // Of a connection that had begun before, whoever masks is the terminal.
    let asker = by(&|bytes| bytes.starts_with(b"GET ")).or_else(|| by(&is_masked));
    let mut ears = Ears::default();
    for (at, peer, bytes) in &connection.said {
        // Peer 1 is the one that listens in streams of TLS, as peer 0 is elsewhere: what it says tells.
        let side = if asker.is_none_or(|asker| asker == *peer) { Side::Terminal } else { Side::Broker };
        mine.extend(ears.hear(side, bytes).into_iter().map(|event| (*at, event)));
    }
    let ended = connection.ended;
    match (&connection.alert, ears.is_past_the_answer(), ended) {
        (Some(code), false, _) => {
            let by_terminal = ended.is_some_and(|(_, side, _)| side == Side::Terminal);
            let at = ended.map_or(connection.last, |(at, ..)| at);
            mine.push((at, Event::Failed(Reason::Tls(alert_word(*code, by_terminal)))));
        }
        (_, _, Some((at, _, Ending::Reset))) if !connection.accepted => mine.push((at, Event::Failed(Reason::Refused))),
        (_, _, None) if !connection.accepted => mine.push((connection.last, Event::Failed(Reason::Timeout))),
        (_, _, Some((at, side, ending))) => {
            let last = mine.last().map_or(at, |(last, _)| last.max(at));
            mine.push((last, Event::Ended(side, ending)));
        }
        (_, _, None) => {}
    }
    let pinpad_id = mine.iter().find_map(|(_, event)| match event {
        Event::Asked(text) => Head::parse_request(text.as_bytes())
            .ok()
            .flatten()
            .and_then(|(head, _)| head.get("x-vfi-pinpad-id").map(|id| id.trim().to_owned())),
        _ => None,
    });
    let host = connection.client.rsplit_once(':').map_or("", |(host, _)| host).to_owned();
    let name = match pinpad_id.filter(|id| !id.is_empty()) {
        Some(id) => {
            known.insert(host, id.clone());
            id
        }
        None => known.get(&host).cloned().unwrap_or_else(|| "1".to_owned()),
    };
    if mine.len() == 1 && connection.is_tls {
        imported.unread(format!("connection {stream}"), "nothing was said in it that could be read");
    }
    all.extend(mine.into_iter().map(|(at, event)| (at, name.clone(), connection.is_tls, event)));
}

/// What an alert of TLS tells: of the broker's certificate where the terminal sent it, else of the terminal's.
fn alert_word(code: u8, by_terminal: bool) -> &'static str {
    match (code, by_terminal) {
        (42, true) => "wrong-name",
        (43, true) => "wrong-usage",
        (44, true) => "revoked",
        (45, true) => "expired",
        (48, true) => "unknown-authority",
        (42, false) => "alert-bad-certificate",
        (43, false) => "alert-unsupported-certificate",
        (44, false) => "alert-certificate-revoked",
        (45, false) => "alert-certificate-expired",
        (48, false) => "alert-unknown-ca",
        (116, false) => "alert-certificate-required",
        (70, _) => "alert-protocol-version",
        _ => "alert-other",
    }
}
