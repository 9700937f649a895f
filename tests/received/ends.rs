//! The bytes that both ends of each connection of a run have read, and independent decoders for them that share no
//! code with the harness.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use sca_network::{Direction, Last, Layer, ReceivedBytes, Spot};

/// The bytes that arrived in one run.
pub(crate) struct Ends {
    all: BTreeMap<Spot, ReceivedBytes>,
    values: Vec<(String, String)>,
    /// Whether time is virtual, so that times can be checked exactly.
    pub(crate) in_memory: bool,
}

/// A frame: its first byte, whether it was masked, its payload unmasked, and the size of its length field in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) masked: bool,
    pub(crate) payload: Vec<u8>,
    pub(crate) length_takes: usize,
}

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

impl Ends {
    pub(crate) fn new(all: BTreeMap<Spot, ReceivedBytes>, values: &[(String, String)], in_memory: bool) -> Self {
        Self { all, values: values.to_vec(), in_memory }
    }

    /// The value with this name in the row.
    pub(crate) fn value(&self, name: &str) -> &str {
        let value = self.values.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        value.unwrap_or_else(|| panic!("no value {name}")).trim_matches('"')
    }

    pub(crate) fn number(&self, name: &str) -> usize {
        self.value(name).parse().expect("it is a number")
    }

    fn arrived(&self, who: u16, n: u32, way: Direction, layer: Layer) -> Option<&ReceivedBytes> {
        let is_it = |(tag, w, l): &Spot| {
            tag.terminal == who && tag.line.is_none() && tag.connection == n && *w == way && *l == layer
        };
        self.all.iter().find(|(spot, _)| is_it(spot)).map(|(_, arrived)| arrived)
    }

    fn bytes(&self, n: u32, way: Direction, layer: Layer) -> Vec<u8> {
        self.arrived(0, n, way, layer).map(ReceivedBytes::bytes).unwrap_or_default()
    }

    /// The bytes that the first terminal has read on its n-th connection, above TLS.
    pub(crate) fn terminal(&self, n: u32) -> Vec<u8> {
        self.bytes(n, Direction::ToTerminal, Layer::Plain)
    }

    /// The same below TLS.
    pub(crate) fn line_to_terminal(&self, n: u32) -> Vec<u8> {
        self.bytes(n, Direction::ToTerminal, Layer::Line)
    }

    /// The bytes that the broker has read on that connection, above TLS.
    pub(crate) fn broker(&self, n: u32) -> Vec<u8> {
        self.bytes(n, Direction::FromTerminal, Layer::Plain)
    }

    /// The same for another terminal.
    pub(crate) fn broker_from(&self, who: u16, n: u32) -> Vec<u8> {
        self.arrived(who, n, Direction::FromTerminal, Layer::Plain).map(ReceivedBytes::bytes).unwrap_or_default()
    }

    /// The same below TLS.
    pub(crate) fn line_to_broker(&self, n: u32) -> Vec<u8> {
        self.bytes(n, Direction::FromTerminal, Layer::Line)
    }

    /// Whether no byte was read at either end.
    pub(crate) fn is_untouched(&self, n: u32) -> bool {
        self.line_to_broker(n).is_empty() && self.line_to_terminal(n).is_empty()
    }

    /// The number of bytes of each read at an end.
    pub(crate) fn reads(&self, n: u32, way: Direction) -> Vec<usize> {
        let arrived = self.arrived(0, n, way, Layer::Line);
        arrived.map(|arrived| arrived.reads.iter().map(|(_, bytes)| bytes.len()).collect()).unwrap_or_default()
    }

    /// How the terminal's read side ended.
    pub(crate) fn last_at_terminal(&self, n: u32) -> Option<Last> {
        self.arrived(0, n, Direction::ToTerminal, Layer::Line).and_then(|arrived| arrived.last)
    }

    /// How the read side of another terminal ended.
    pub(crate) fn last_at(&self, who: u16, n: u32) -> Option<Last> {
        self.arrived(who, n, Direction::ToTerminal, Layer::Line).and_then(|arrived| arrived.last)
    }

    /// How the broker's read side ended.
    pub(crate) fn last_at_broker(&self, n: u32) -> Option<Last> {
        self.arrived(0, n, Direction::FromTerminal, Layer::Line).and_then(|arrived| arrived.last)
    }

    /// The number of bytes read above TLS so far, at each read, with the time since the first read of the run.
    fn moments(&self, n: u32, way: Direction) -> Vec<(usize, Duration)> {
        let first = self.all.values().flat_map(|arrived| arrived.reads.first()).map(|(at, _)| *at).min();
        let Some((arrived, first)) = self.arrived(0, n, way, Layer::Plain).zip(first) else { return Vec::new() };
        let mut so_far = 0;
        let moment = |(at, bytes): &(_, Vec<u8>)| {
            so_far += bytes.len();
            (so_far, tokio::time::Instant::duration_since(at, first))
        };
        arrived.reads.iter().map(moment).collect()
    }

    /// When the first byte behind the HTTP head was read.
    pub(crate) fn first_of(&self, n: u32, way: Direction) -> Duration {
        let head = head(&self.bytes(n, way, Layer::Plain)).len();
        let moments = self.moments(n, way);
        moments.iter().find(|(so_far, _)| *so_far > head).map(|(_, at)| *at).expect("something came behind the head")
    }

    /// When the last byte of each frame behind the HTTP head was read.
    pub(crate) fn frame_times(&self, n: u32, way: Direction) -> Vec<Duration> {
        let bytes = self.bytes(n, way, Layer::Plain);
        let moments = self.moments(n, way);
        let mut end = head(&bytes).len();
        let mut times = Vec::new();
        while let Some((_, size)) = frame(&bytes[end..]) {
            end += size;
            times.extend(moments.iter().find(|(so_far, _)| *so_far >= end).map(|(_, at)| *at));
        }
        times
    }

    /// The bytes of the terminal's first read above TLS.
    pub(crate) fn first_read(&self, n: u32) -> Vec<u8> {
        let arrived = self.arrived(0, n, Direction::ToTerminal, Layer::Plain);
        arrived.and_then(|arrived| arrived.reads.first()).map(|(_, bytes)| bytes.clone()).unwrap_or_default()
    }

    /// The bytes of the terminal's first read behind the HTTP head.
    pub(crate) fn first_read_behind_the_head(&self, n: u32) -> Vec<u8> {
        let arrived = self.arrived(0, n, Direction::ToTerminal, Layer::Plain);
        arrived.and_then(|arrived| arrived.reads.get(1)).map(|(_, bytes)| bytes.clone()).unwrap_or_default()
    }

    /// The bytes that any terminal has read on any connection, above TLS.
    pub(crate) fn everything(&self) -> Vec<Vec<u8>> {
        let is_it = |(spot, _): &(&Spot, &ReceivedBytes)| spot.1 == Direction::ToTerminal && spot.2 == Layer::Plain;
        self.all.iter().filter(is_it).map(|(_, arrived)| arrived.bytes()).collect()
    }

    /// Complete frames that the terminal has read.
    pub(crate) fn frames(&self, n: u32) -> Vec<Frame> {
        frames(&self.terminal(n))
    }

    /// Complete frames that the broker has read.
    pub(crate) fn said(&self, n: u32) -> Vec<Frame> {
        frames(&self.broker(n))
    }

    /// The texts that the terminal has read.
    pub(crate) fn texts(&self, n: u32) -> Vec<String> {
        texts(&self.frames(n))
    }

    /// The texts that the broker has read.
    pub(crate) fn answers(&self, n: u32) -> Vec<String> {
        texts(&self.said(n))
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((tag, way, layer), arrived) in &self.all {
            let bytes = arrived.bytes();
            let shown: String =
                bytes.iter().take(700).flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect();
            let reads = arrived.reads.iter().take(20).map(|(_, bytes)| bytes.len()).collect::<Vec<_>>();
            writeln!(
                f,
                "{} {} {way:?} {layer:?}: {} bytes {reads:?}, {:?}\n  {shown}",
                tag.terminal,
                tag.connection,
                bytes.len(),
                arrived.last
            )?;
        }
        Ok(())
    }
}

/// The bytes up to and including the first empty line.
pub(crate) fn head(bytes: &[u8]) -> &[u8] {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    &bytes[..end.map_or(bytes.len(), |end| end + 4)]
}

/// The frame at the start of these bytes, and its size in bytes.
fn frame(bytes: &[u8]) -> Option<(Frame, usize)> {
    let [first, second, rest @ ..] = bytes else { return None };
    let masked = second & 128 != 0;
    let (size, length_takes) = match second & 127 {
        126 => (u64::from(u16::from_be_bytes(rest.get(..2)?.try_into().ok()?)), 2),
        127 => (u64::from_be_bytes(rest.get(..8)?.try_into().ok()?), 8),
        size => (u64::from(size), 0),
    };
    let mut at = 2 + length_takes;
    let mask: [u8; 4] = if masked { bytes.get(at..at + 4)?.try_into().ok()? } else { [0; 4] };
    at += if masked { 4 } else { 0 };
    let end = at.checked_add(usize::try_from(size).ok()?)?;
    let payload = bytes.get(at..end)?.iter().enumerate().map(|(i, byte)| byte ^ mask[i % 4]).collect();
    Some((Frame { first: *first, masked, payload, length_takes }, end))
}

fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut rest = &bytes[head(bytes).len()..];
    let mut all = Vec::new();
    while let Some((frame, size)) = frame(rest) {
        all.push(frame);
        rest = &rest[size..];
    }
    all
}

fn texts(frames: &[Frame]) -> Vec<String> {
    let texts = frames.iter().filter(|frame| frame.first == TEXT);
    texts.map(|frame| String::from_utf8_lossy(&frame.payload).into_owned()).collect()
}

/// The TLS records in these bytes: type and contents. The last one may be truncated.
pub(crate) fn records(bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut rest = bytes;
    let mut all = Vec::new();
    while let [kind, _, _, high, low, body @ ..] = rest {
        let size = usize::from(u16::from_be_bytes([*high, *low])).min(body.len());
        all.push((*kind, &body[..size]));
        rest = &body[size..];
    }
    all
}

/// The unencrypted messages of a TLS 1.2 handshake: type and contents.
pub(crate) fn handshake(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let plain = records(bytes).into_iter().take_while(|(kind, _)| *kind == 22).flat_map(|(_, body)| body).copied();
    let plain: Vec<u8> = plain.collect();
    let mut rest = &plain[..];
    let mut all = Vec::new();
    while let [kind, a, b, c, body @ ..] = rest {
        let size = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let size = size.min(body.len());
        all.push((*kind, body[..size].to_vec()));
        rest = &body[size..];
    }
    all
}

/// The certificates that a side of a TLS 1.2 handshake has presented.
pub(crate) fn certificates(bytes: &[u8]) -> Vec<Vec<u8>> {
    let Some((_, body)) = handshake(bytes).into_iter().find(|(kind, _)| *kind == 11) else { return Vec::new() };
    let mut rest = &body[3..];
    let mut all = Vec::new();
    while let [a, b, c, more @ ..] = rest {
        let size = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        all.push(more[..size].to_vec());
        rest = &more[size..];
    }
    all
}

/// The unencrypted alert at the end of these bytes.
pub(crate) fn alert(bytes: &[u8]) -> Option<u8> {
    records(bytes).into_iter().rev().find_map(|(kind, body)| match body {
        [2, alert] if kind == 21 => Some(*alert),
        _ => None,
    })
}

/// Whether these bytes occur in the others.
pub(crate) fn has(bytes: &[u8], wanted: impl AsRef<[u8]>) -> bool {
    let wanted = wanted.as_ref();
    wanted.is_empty() || bytes.windows(wanted.len()).any(|window| window == wanted)
}
