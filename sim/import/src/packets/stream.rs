//! The TCP connections of a packet capture, with the bytes sent on each.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::tshark::{PacketsError, tshark};
use crate::session::Ending;

/// One TCP connection.
#[derive(Debug, Default)]
pub(super) struct Connection {
    /// The address that connected, or was seen first, and the other one.
    pub(super) client: String,
    pub(super) server: String,
    /// The time of the first packet, and whether it starts the connection.
    pub(super) first: f64,
    pub(super) begins: bool,
    pub(super) accepted: bool,
    pub(super) is_tls: bool,
    /// The code of the first TLS alert.
    pub(super) alert: Option<u8>,
    /// The end: time, address it came from, and kind.
    pub(super) ended: Option<(f64, String, Ending)>,
    /// The data sent, in order.
    pub(super) said: Vec<Said>,
    /// Times of missing segments, with the address of the segment after the gap.
    pub(super) missing: Vec<(f64, String)>,
    /// Sequence numbers per address.
    sent: BTreeMap<String, Sent>,
    pub(super) last: f64,
}

/// How much an address has sent, by TCP sequence numbers.
#[derive(Debug, Default)]
struct Sent {
    /// The end of the data in the capture.
    seen: u64,
    /// The end of the data sent, as far as any segment shows.
    told: u64,
}

/// Data sent by one side, or a gap in it.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) at: f64,
    /// The address it came from.
    pub(super) from: String,
    pub(super) what: What,
}

/// The data, or a gap.
#[derive(Debug)]
pub(super) enum What {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Data that is not in the capture; how much, as text.
    Missing(String),
}

impl Connection {
    /// All data in the capture, with the address it came from.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.said.iter().filter_map(|said| match &said.what {
            What::Bytes(bytes) => Some((said.from.as_str(), bytes.as_slice())),
            What::Missing(_) => None,
        })
    }

    /// Updates how much each side has sent from the sequence and acknowledgement numbers of a segment.
    fn counts(&mut self, [from, to]: [&str; 2], numbers: [&str; 3], acknowledges: bool) {
        let [sequence, next, acknowledged] = numbers.map(|number| number.parse::<u64>().unwrap_or(0));
        let mine = self.sent.entry(from.to_owned()).or_default();
        // An empty segment does not show that the data before it is in the capture.
        if next > sequence {
            mine.seen = mine.seen.max(next);
        }
        mine.told = mine.told.max(sequence);
        if acknowledges {
            let theirs = self.sent.entry(to.to_owned()).or_default();
            theirs.told = theirs.told.max(acknowledged);
        }
    }

    /// The address of one of two peers. For decrypted TLS tshark omits one of them; it is then the one that is not
    /// listed.
    fn address(&self, peers: &[(String, String)], peer: usize) -> String {
        let listed = |peer: usize| {
            peers.get(peer).filter(|(host, _)| !host.is_empty()).map(|(host, port)| format!("{host}:{port}"))
        };
        let not_the_other = || {
            listed(1 - peer.min(1))
                .map(|other| if other == self.client { self.server.clone() } else { self.client.clone() })
        };
        listed(peer).or_else(not_the_other).unwrap_or_default()
    }

    /// The address that connected, and the one that listens. If the start is not in the capture, the side that sends
    /// the upgrade request or masked frames has connected.
    pub(super) fn sides(&self) -> (&str, &str) {
        let by = |says: &dyn Fn(&[u8]) -> bool| self.texts().find(|(_, bytes)| says(bytes)).map(|(from, _)| from);
        let asks = || by(&|bytes| bytes.starts_with(b"GET ")).or_else(|| by(&|bytes| is_masked(bytes)));
        match if self.begins { None } else { asks() } {
            Some(dialler) if dialler == self.server => (&self.server, &self.client),
            _ => (&self.client, &self.server),
        }
    }
}

/// The data in a plausible order: a gap of the requesting side is placed as early as possible, one of the responding
/// side as late as possible, so that every response follows its request.
pub(super) fn in_turn<'s>(said: &'s [Said], asks: &dyn Fn(&str) -> bool) -> Vec<(f64, &'s Said)> {
    let mut all: Vec<(f64, &Said)> = Vec::with_capacity(said.len());
    for one in said {
        let is_early = matches!(one.what, What::Missing(_)) && asks(&one.from);
        let before = all.iter().rposition(|(_, before)| before.from == one.from).filter(|_| is_early);
        match before {
            Some(place) => all.insert(place + 1, (all[place].0, one)),
            None => all.push((one.at, one)),
        }
    }
    all
}

/// The tshark arguments that select the fields of every packet.
pub(super) const FIELDS: [&str; 38] = [
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
    "-e",
    "tcp.analysis.lost_segment",
    "-e",
    "tcp.seq",
    "-e",
    "tcp.nxtseq",
    "-e",
    "tcp.ack",
    "-e",
    "frame.len",
    "-e",
    "frame.cap_len",
];
/// The same for TLS packets.
const TLS_FIELDS: [&str; 8] = ["-Y", "tls", "-T", "fields", "-e", "frame.number", "-e", "tls.alert_message.desc"];

/// By packet number: its connection, and the number of bytes that the capture truncated.
pub(super) type Frames = BTreeMap<u64, (usize, usize)>;

/// Parses the connections of a file, and the connection of each packet.
pub(super) fn connections(text: &str) -> (BTreeMap<usize, Connection>, Frames) {
    const FIN: u32 = 1;
    const SYN: u32 = 2;
    const RESET: u32 = 4;
    const ACK: u32 = 16;
    let mut all: BTreeMap<usize, Connection> = BTreeMap::new();
    let mut frames = Frames::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [
            number,
            at,
            stream,
            flags,
            from4,
            from6,
            from_port,
            to4,
            to6,
            to_port,
            missing,
            sequence,
            next,
            acknowledged,
            long,
            kept,
        ] = fields.as_slice()
        else {
            continue;
        };
        let (Ok(number), Ok(at), Ok(stream)) = (number.parse(), at.parse::<f64>(), stream.parse()) else { continue };
        let flags = u32::from_str_radix(flags.trim_start_matches("0x"), 16).unwrap_or(0);
        let from = format!("{from4}{from6}:{from_port}");
        let to = format!("{to4}{to6}:{to_port}");
        let cut = |text: &str| text.parse::<usize>().unwrap_or(0);
        frames.insert(number, (stream, cut(long).saturating_sub(cut(kept))));
        let connection = all.entry(stream).or_default();
        connection.last = at;
        if connection.client.is_empty() {
            let is_answer = flags & (SYN | ACK) == SYN | ACK;
            (connection.client, connection.server) =
                if is_answer { (to.clone(), from.clone()) } else { (from.clone(), to.clone()) };
            (connection.first, connection.begins) = (at, flags & SYN != 0);
        }
        if !missing.is_empty() {
            connection.missing.push((at, from.clone()));
        }
        connection.counts([&from, &to], [sequence, next, acknowledged], flags & ACK != 0);
        let is_of_server = from == connection.server;
        connection.accepted |= is_of_server && flags & SYN != 0 || flags & (SYN | RESET) == 0;
        let ending = [(RESET, Ending::Reset), (FIN, Ending::Fin)].iter().find(|(bit, _)| flags & bit != 0);
        if let Some((_, ending)) = ending {
            connection.ended.get_or_insert((at, from, *ending));
        }
    }
    (all, frames)
}

/// Reads the data of every connection, with TLS decrypted.
pub(super) fn follow(
    file: &Path,
    keys: Option<&Path>,
    connections: &mut BTreeMap<usize, Connection>,
    frames: &Frames,
) -> Result<(), PacketsError> {
    let (text, _) = tshark(file, keys, &TLS_FIELDS)?;
    for line in text.lines() {
        let Some((number, alert)) = line.split_once('\t') else { continue };
        let stream = number.parse().ok().and_then(|number: u64| frames.get(&number));
        if let Some(connection) = stream.and_then(|(stream, _)| connections.get_mut(stream)) {
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
    connections.values_mut().filter(|connection| !connection.is_tls).for_each(missing_at_the_end);
    Ok(())
}

/// Adds a gap at the end of a side's data if only later sequence numbers show that more was sent.
fn missing_at_the_end(connection: &mut Connection) {
    for (address, sent) in &connection.sent {
        let missing = sent.told.saturating_sub(sent.seen);
        if missing > 0 && sent.seen > 0 {
            let what = What::Missing(format!("{missing} bytes"));
            connection.said.push(Said { at: connection.last, from: address.clone(), what });
        }
    }
}

/// Parses tshark's stream output (YAML): the peers, then for each packet its number, peer, time and Base64 data.
fn said(text: &str, connections: &mut BTreeMap<usize, Connection>, frames: &Frames) {
    let (mut number, mut peer, mut at, mut data) = (None, 0, 0.0, String::new());
    // The addresses of both peers, in the order in which they are listed.
    let mut peers: Vec<(String, String)> = Vec::new();
    let mut last = 0.0;
    for line in text.lines().chain(["  - packet: end"]) {
        let (key, value) = line.trim().split_once(": ").unwrap_or((line.trim(), ""));
        match key {
            // Another stream or packet begins, so the previous one is complete.
            "- packet" | "peers:" => {
                let stream = number.and_then(|number: u64| frames.get(&number));
                if let Some((connection, cut)) =
                    stream.and_then(|(stream, cut)| Some((connections.get_mut(stream)?, *cut)))
                {
                    let bytes = STANDARD.decode(&data).unwrap_or_default();
                    let from = connection.address(&peers, peer);
                    // Gaps have no time of their own.
                    let what = match missing(&bytes).filter(|_| at == 0.0) {
                        Some(missing) => What::Missing(missing),
                        None => What::Bytes(bytes),
                    };
                    last = if at > 0.0 { at } else { last };
                    let is_short = cut > 0 && matches!(what, What::Bytes(_));
                    connection.said.push(Said { at: last, from: from.clone(), what });
                    if is_short {
                        let what = What::Missing(format!("{cut} bytes"));
                        connection.said.push(Said { at: last, from, what });
                    }
                }
                (number, data) = (value.parse().ok(), String::new());
                if key == "peers:" {
                    peers.clear();
                }
            }
            "- peer" => peers.push((String::new(), String::new())),
            "peer" => peer = value.parse().unwrap_or(0),
            "host" => peers.iter_mut().next_back().into_iter().for_each(|peer| value.clone_into(&mut peer.0)),
            "port" => peers.iter_mut().next_back().into_iter().for_each(|peer| value.clone_into(&mut peer.1)),
            "timestamp" => at = value.parse().unwrap_or(at),
            "data" | "packets:" => {}
            base64 => data.push_str(base64),
        }
    }
}

/// The size of a gap as tshark reports it, if the data is such a report.
fn missing(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim_end_matches('\0');
    let count = text.strip_prefix('[')?.strip_suffix(" missing in capture file]")?;
    Some(count.to_owned())
}

/// Whether bytes begin like a frame of a terminal: known opcode, masked.
pub(super) fn is_masked(bytes: &[u8]) -> bool {
    matches!(bytes, [0x81 | 0x82 | 0x88..=0x8a | 0xc1 | 0xc2, second, ..] if second & 0x80 != 0)
}
