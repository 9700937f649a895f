//! Assembles WebSocket frames into messages: joins fragments and decompresses. Frames that do not form a valid message
//! stay frames.

use std::borrow::Cow;

use flate2::{Decompress, FlushDecompress};
use sca_protocol::frame::{Frame, opcode};

use sca_import::Side;

/// The result of taking one frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Assembled<'f> {
    /// A fragment of a message that is not complete yet.
    Part,
    /// A complete message, in one frame or in several valid fragments.
    Message {
        /// TEXT or BINARY.
        opcode: u8,
        /// The message, joined and decompressed.
        payload: Cow<'f, [u8]>,
        /// Its fragments, if there were several and they were not compressed.
        fragments: Vec<Frame>,
    },
    /// A control frame.
    Control(Frame),
    /// A frame that violates the protocol, or a message over the limits.
    Odd(Frame),
}

/// Maximum size in bytes of a joined or decompressed message.
const MESSAGE_MAX: usize = 1 << 20;
/// Maximum number of fragments of a message.
const FRAGMENTS_MAX: usize = 1_000;

/// The message assembly of one connection, both directions.
#[derive(Default)]
pub(crate) struct Frames {
    /// Whether permessage-deflate (RFC 7692) was negotiated, and for each side whether it resets its context after
    /// every message.
    deflate: Option<[bool; 2]>,
    ways: [HalfConnection; 2],
}

#[derive(Default)]
struct HalfConnection {
    opcode: u8,
    is_packed: bool,
    parts: Vec<Frame>,
    size: usize,
    unpacker: Option<Decompress>,
}

impl Frames {
    /// The assembly of a new connection, given the head of the upgrade response.
    pub(crate) fn open(answer: &str) -> Self {
        let lower = answer.to_ascii_lowercase();
        let line = lower
            .lines()
            .find(|line| line.starts_with("sec-websocket-extensions:") && line.contains("permessage-deflate"));
        let deflate =
            line.map(|line| [line.contains("client_no_context_takeover"), line.contains("server_no_context_takeover")]);
        Self { deflate, ways: Default::default() }
    }

    /// Bytes of unfinished messages.
    pub(crate) fn waiting(&self) -> usize {
        self.ways.iter().filter(|way| !way.parts.is_empty()).map(|way| way.size).sum()
    }

    /// Drops unfinished messages.
    pub(crate) fn forget(&mut self) {
        self.ways.iter_mut().for_each(|way| way.parts.clear());
    }

    /// Takes the next frame sent by a side.
    pub(crate) fn take<'f>(&mut self, side: Side, frame: &'f Frame) -> Assembled<'f> {
        let has_mask = frame.mask.is_some() == (side == Side::Terminal);
        let way = &mut self.ways[usize::from(side == Side::Broker)];
        let is_control = frame.opcode >= opcode::CLOSE;
        let packs = frame.reserved == 4 && self.deflate.is_some() && !is_control && frame.opcode != opcode::CONTINUE;
        let continues = frame.opcode == opcode::CONTINUE;
        let is_known = matches!(
            frame.opcode,
            opcode::CONTINUE | opcode::TEXT | opcode::BINARY | opcode::CLOSE | opcode::PING | opcode::PONG
        );
        let fits = is_control || continues != way.parts.is_empty();
        if !has_mask
            || !is_known
            || !fits
            || (frame.reserved != 0 && !packs)
            || (is_control && (!frame.last || frame.payload.len() > 125))
        {
            return Assembled::Odd(frame.clone());
        }
        if is_control {
            return Assembled::Control(frame.clone());
        }
        if !continues {
            (way.opcode, way.is_packed, way.size) = (frame.opcode, packs, 0);
        }
        way.size += frame.payload.len();
        if way.size > MESSAGE_MAX || way.parts.len() > FRAGMENTS_MAX {
            way.parts.clear();
            return Assembled::Odd(Frame { payload: Vec::new(), ..frame.clone() });
        }
        if !frame.last {
            way.parts.push(frame.clone());
            return Assembled::Part;
        }
        let mut parts = std::mem::take(&mut way.parts);
        // Most messages are a single frame and need no copy.
        let mut whole = Cow::Borrowed(frame.payload.as_slice());
        if !parts.is_empty() {
            parts.push(frame.clone());
            whole = Cow::Owned(parts.iter().map(|part| part.payload.as_slice()).collect::<Vec<_>>().concat());
        }
        let payload = match (way.is_packed, self.deflate) {
            (true, Some(forgets)) => match way.decompress(&whole, forgets[usize::from(side == Side::Broker)]) {
                Some(payload) => Cow::Owned(payload),
                None => return Assembled::Odd(Frame { payload: Vec::new(), ..frame.clone() }),
            },
            _ => whole,
        };
        Assembled::Message { opcode: way.opcode, payload, fragments: if way.is_packed { Vec::new() } else { parts } }
    }
}

impl HalfConnection {
    fn decompress(&mut self, packed: &[u8], forgets: bool) -> Option<Vec<u8>> {
        let unpacker = self.unpacker.get_or_insert_with(|| Decompress::new(false));
        if forgets {
            unpacker.reset(false);
        }
        // The tail that the sender strips from every message (RFC 7692, 7.2.1).
        let mut input: Vec<u8> = packed.to_vec();
        input.extend([0, 0, 0xff, 0xff]);
        let begin = unpacker.total_in();
        let mut out = Vec::with_capacity(packed.len() * 4 + 64);
        loop {
            let read = usize::try_from(unpacker.total_in() - begin).ok()?;
            let before = out.len();
            unpacker.decompress_vec(&input[read..], &mut out, FlushDecompress::Sync).ok()?;
            let read = usize::try_from(unpacker.total_in() - begin).ok()?;
            if read == input.len() && out.len() < out.capacity() {
                return Some(out);
            }
            if out.len() > MESSAGE_MAX || (out.len() == before && out.len() < out.capacity()) {
                return None;
            }
            out.reserve(out.len().max(1_024));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(last: bool, opcode: u8, payload: &str) -> Frame {
        Frame { last, ..Frame::whole(opcode, payload) }
    }

    #[test]
    fn fragments_become_a_message_and_control_frames_stand_between_them() {
        let mut frames = Frames::open("HTTP/1.1 101 Switching Protocols\r\n\r\n");
        assert_eq!(frames.take(Side::Broker, &text(false, opcode::TEXT, "<a>")), Assembled::Part);
        assert!(matches!(frames.take(Side::Broker, &text(true, opcode::PING, "x")), Assembled::Control(_)));
        let last = text(true, opcode::CONTINUE, "</a>");
        let Assembled::Message { payload, fragments, .. } = frames.take(Side::Broker, &last) else {
            panic!("the last fragment completes it");
        };
        assert_eq!((&*payload, fragments.len()), (b"<a></a>".as_slice(), 2));
        // There is no message to continue, and a terminal must mask.
        assert!(matches!(frames.take(Side::Broker, &text(true, opcode::CONTINUE, "x")), Assembled::Odd(_)));
        assert!(matches!(frames.take(Side::Terminal, &text(true, opcode::TEXT, "x")), Assembled::Odd(_)));
    }

    #[test]
    fn what_was_packed_is_unpacked_with_what_came_before() {
        let answer = "HTTP/1.1 101 x\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
        let mut frames = Frames::open(answer);
        // The example of RFC 7692, section 7.2.3.2: the same word twice, the second time by reference to the first.
        let packed = |bytes: &[u8]| Frame { reserved: 4, ..Frame::whole(opcode::TEXT, bytes) };
        for bytes in [&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..], &[0xf2, 0x00, 0x11, 0x00, 0x00][..]] {
            let frame = packed(bytes);
            let Assembled::Message { payload, .. } = frames.take(Side::Broker, &frame) else { panic!("it unpacks") };
            assert_eq!(&*payload, b"Hello");
        }
        assert!(matches!(frames.take(Side::Broker, &packed(&[0xff, 0xff, 0xff])), Assembled::Odd(_)));
    }
}
