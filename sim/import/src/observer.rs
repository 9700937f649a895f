//! A passive parser of one connection: turns the bytes of both sides into events.
//!
//! It changes nothing, and reports and skips what it cannot parse.

use sca_protocol::frame::Decoder;
use sca_protocol::handshake::{HEAD_BYTES_MAX, Head};

use crate::session::{Event, Side};

/// Maximum size in bytes of a frame.
const FRAME_MAX: usize = 1 << 20;
/// Maximum number of bytes kept of the body of a rejected upgrade.
const BODY_MAX: usize = 4_096;

/// The passive parser of one connection.
#[derive(Debug)]
pub struct Observer {
    /// Received bytes of the upgrade request (terminal), and of its response (broker).
    heads: [Vec<u8>; 2],
    phase: Phase,
    decoders: [Decoder; 2],
    /// Bytes received after a gap, in which the start of the next frame has not been found yet.
    behind: [Option<Vec<u8>>; 2],
    /// Whether the upgrade request is missing or incomplete.
    has_no_request: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Asking,
    Answering,
    Talking,
    /// Parsing has been given up.
    Deaf,
}

impl Default for Observer {
    fn default() -> Self {
        Self {
            heads: Default::default(),
            phase: Phase::Asking,
            decoders: [Decoder::new(FRAME_MAX), Decoder::new(FRAME_MAX)],
            behind: [None, None],
            has_no_request: false,
        }
    }
}

/// How the text messages of this protocol begin.
const BEGINNINGS: [&[u8]; 6] =
    [b"<TRANSACTION", b"<RESPONSE", b"<ETRANSACTION", b"<ERESPONSE", b"<?xml", b"\xef\xbb\xbf<"];

/// Whether these bytes may be the start of a frame of a side: a known opcode, masked as required, and a text that
/// begins like a document.
fn may_begin(bytes: &[u8], side: Side) -> bool {
    let [first, second, rest @ ..] = bytes else { return false };
    let is_masked = second & 0x80 != 0;
    if is_masked != (side == Side::Terminal) {
        return false;
    }
    let (length, rest) = match (second & 0x7f, rest) {
        (126, [a, b, rest @ ..]) => (usize::from(u16::from_be_bytes([*a, *b])), rest),
        (127, [0, 0, 0, 0, 0, a, b, c, rest @ ..]) => {
            (usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c), rest)
        }
        (126 | 127, _) => return false,
        (short, rest) => (usize::from(short), rest),
    };
    let (mask, payload) = match (is_masked, rest) {
        (true, [a, b, c, d, payload @ ..]) => ([*a, *b, *c, *d], payload),
        (true, _) => return false,
        (false, payload) => ([0; 4], payload),
    };
    let mut begin = payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).take(length.min(16));
    match *first {
        0x81 | 0x01 => {
            let begin: Vec<u8> = begin.by_ref().skip_while(u8::is_ascii_whitespace).collect();
            BEGINNINGS.iter().any(|words| begin.starts_with(words))
        }
        // A control frame that ends exactly with the data.
        0x88..=0x8a => length <= 125 && payload.len() == length,
        _ => false,
    }
}

/// Whether bytes of a side cannot belong to an upgrade request or its response.
fn is_past_heads(side: Side, answer: &[u8], bytes: &[u8]) -> bool {
    match side {
        Side::Terminal => may_begin(bytes, side),
        Side::Broker => answer.is_empty() && !bytes.starts_with(b"HTTP/"),
    }
}

fn place(side: Side) -> usize {
    usize::from(side == Side::Broker)
}

impl Observer {
    /// Whether the upgrade response has been seen, or parsing has been given up.
    #[must_use]
    pub fn is_upgraded(&self) -> bool {
        matches!(self.phase, Phase::Talking | Phase::Deaf)
    }

    /// Bytes buffered for unfinished heads and frames.
    #[must_use]
    pub fn waiting(&mut self) -> usize {
        let decoders: usize = self.decoders.iter_mut().map(|decoder| decoder.buffer_mut().capacity()).sum();
        let behind: usize = self.behind.iter().flatten().map(Vec::len).sum();
        decoders + behind + self.heads.iter().map(Vec::len).sum::<usize>()
    }

    /// Reports a gap in the bytes of a side; `missing` says how much. Parsing resumes at the next possible frame.
    #[must_use]
    pub fn misses(&mut self, side: Side, missing: &str) -> Vec<Event> {
        let who = if side == Side::Terminal { "terminal" } else { "broker" };
        let what = format!("{missing} from the {who} are missing");
        let mut events = vec![Event::Lost { side, what }];
        match (self.phase, side) {
            // The response is still to come.
            (Phase::Asking | Phase::Answering, Side::Terminal) => {
                self.heads[0].clear();
                self.has_no_request |= self.phase == Phase::Asking;
                self.phase = Phase::Answering;
            }
            (Phase::Asking | Phase::Answering, Side::Broker) => {
                self.heads = Default::default();
                self.phase = Phase::Talking;
                events.push(Event::Up);
            }
            (Phase::Talking | Phase::Deaf, _) => {}
        }
        self.decoders[place(side)] = Decoder::new(FRAME_MAX);
        self.behind[place(side)] = Some(Vec::new());
        events
    }

    /// Searches for the next frame after a gap. Returns the bytes from there on; none if no frame starts yet.
    fn resynchronise(&mut self, side: Side, bytes: &[u8], events: &mut Vec<Event>) -> Option<Vec<u8>> {
        let waiting = self.behind[place(side)].as_mut()?;
        let seen = waiting.len();
        waiting.extend_from_slice(bytes);
        // A frame usually starts at the start of a segment.
        let mut places = std::iter::once(seen).chain(0..waiting.len());
        let found = places.find(|at| may_begin(&waiting[*at..], side));
        if found.is_none() && waiting.len() > FRAME_MAX {
            waiting.drain(..FRAME_MAX / 2);
        }
        let found = found?;
        let rest = waiting.split_off(found);
        self.behind[place(side)] = None;
        if found > 0 {
            events.push(Event::Note(format!("{found} bytes after the gap belong to the missing data")));
        }
        Some(rest)
    }

    /// Gives up parsing, for this reason.
    #[must_use]
    pub fn gives_up(&mut self, why: &str) -> Event {
        *self = Self { phase: Phase::Deaf, ..Self::default() };
        Event::Note(format!("recording of this connection stops: {why}"))
    }

    /// Parses the next bytes of a side.
    pub fn hear(&mut self, side: Side, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        match self.phase {
            Phase::Deaf => {}
            Phase::Talking => self.talk(side, bytes, &mut events),
            // Neither side sends frames before the upgrade response, so the response is missing too.
            Phase::Answering if self.has_no_request && is_past_heads(side, &self.heads[1], bytes) => {
                let heads = std::mem::take(&mut self.heads);
                self.phase = Phase::Talking;
                events.push(Event::Up);
                self.talk(Side::Terminal, &heads[0], &mut events);
                self.talk(side, bytes, &mut events);
            }
            Phase::Asking | Phase::Answering => {
                self.heads[place(side)].extend_from_slice(bytes);
                self.parse_upgrade(&mut events);
            }
        }
        events
    }

    /// Parses the upgrade request, and then its response.
    fn parse_upgrade(&mut self, events: &mut Vec<Event>) {
        if self.phase == Phase::Asking {
            let said = &self.heads[0];
            match Head::parse_request(said) {
                Ok(Some((_, size))) => {
                    events.push(Event::Asked(String::from_utf8_lossy(&said[..size]).into_owned()));
                    self.heads[0].drain(..size);
                    self.phase = Phase::Answering;
                }
                Ok(None) if said.len() <= HEAD_BYTES_MAX && self.heads[1].is_empty() => return,
                _ => return self.begin_within(events),
            }
        }
        while let Ok(Some((head, size))) = Head::parse_response(&self.heads[1])
            && head.is_interim()
        {
            events.push(Event::Note(format!("interim response of the broker: {}", head.line)));
            self.heads[1].drain(..size);
        }
        let said = &self.heads[1];
        match Head::parse_response(said) {
            Ok(Some((head, size))) => {
                let is_open = head.status == 101;
                let end = if is_open { size } else { said.len().min(size + BODY_MAX) };
                events.push(match self.has_no_request && is_open {
                    true => Event::Up,
                    false => Event::Answered(String::from_utf8_lossy(&said[..end]).into_owned()),
                });
                self.phase = if is_open { Phase::Talking } else { Phase::Deaf };
                let rest = self.heads[1].split_off(end);
                let early = std::mem::take(&mut self.heads[0]);
                if is_open {
                    self.talk(Side::Broker, &rest, events);
                    self.talk(Side::Terminal, &early, events);
                }
            }
            Ok(None) if said.len() <= HEAD_BYTES_MAX => {}
            _ => {
                events.push(Event::Answered(String::from_utf8_lossy(&said[..said.len().min(BODY_MAX)]).into_owned()));
                self.phase = Phase::Deaf;
            }
        }
    }

    /// The first bytes are not a request: the capture begins within an established connection.
    fn begin_within(&mut self, events: &mut Vec<Event>) {
        let heads = std::mem::take(&mut self.heads);
        self.phase = Phase::Talking;
        events.push(Event::Note("the capture begins within an established connection".to_owned()));
        events.push(Event::Up);
        self.talk(Side::Terminal, &heads[0], events);
        self.talk(Side::Broker, &heads[1], events);
    }

    fn talk(&mut self, side: Side, bytes: &[u8], events: &mut Vec<Event>) {
        let found;
        let bytes = match self.behind[place(side)] {
            None => bytes,
            Some(_) => {
                let Some(rest) = self.resynchronise(side, bytes, events) else { return };
                found = rest;
                found.as_slice()
            }
        };
        let decoder = &mut self.decoders[place(side)];
        decoder.push(bytes);
        loop {
            match decoder.next_frame() {
                Ok(Some((frame, _))) => events.push(Event::Frame(side, frame)),
                Ok(None) => return,
                Err(error) => {
                    self.phase = Phase::Deaf;
                    return events.push(Event::Note(format!("cannot parse the rest of this connection: {error}")));
                }
            }
        }
    }
}
