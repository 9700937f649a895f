//! A WebSocket frame as it is sent, valid or not (RFC 6455, section 5): every bit can be set.
//!
//! The broker sends these frames so that it can break every rule of the protocol. Nothing here validates a frame.

/// The opcodes that RFC 6455 defines.
pub mod opcode {
    /// The continuation of a fragmented message.
    pub const CONTINUE: u8 = 0;
    /// A text message or its first fragment.
    pub const TEXT: u8 = 1;
    /// A binary message or its first fragment.
    pub const BINARY: u8 = 2;
    /// Close.
    pub const CLOSE: u8 = 8;
    /// Ping.
    pub const PING: u8 = 9;
    /// Pong.
    pub const PONG: u8 = 10;
}

/// A WebSocket frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// FIN: whether it is the last frame of its message.
    pub last: bool,
    /// The three reserved bits, 0 to 7.
    pub reserved: u8,
    /// The opcode, 0 to 15.
    pub opcode: u8,
    /// The masking key; a client must use one, a server must not.
    pub mask: Option<[u8; 4]>,
    /// A length to declare in place of the true one, written in eight bytes if it is over 65,535.
    pub declared: Option<u64>,
    /// The encoding of the length, if it is not the shortest, which RFC 6455 requires (section 5.2).
    pub length_form: Option<LengthForm>,
    /// The payload, unmasked.
    pub payload: Vec<u8>,
}

/// A longer encoding of the length than the seven bits of the second byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthForm {
    /// In the two bytes after the second.
    Two,
    /// In the eight bytes after the second.
    Eight,
}

impl LengthForm {
    /// The number of bytes it takes.
    #[must_use]
    pub const fn bytes(self) -> u8 {
        match self {
            Self::Two => 2,
            Self::Eight => 8,
        }
    }

    /// The shortest encoding of this length; `None` for the seven bits.
    fn shortest(length: u64) -> Option<Self> {
        match length {
            0..126 => None,
            126..65_536 => Some(Self::Two),
            _ => Some(Self::Eight),
        }
    }
}

/// Why a frame cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The declared length is over the limit.
    #[error("frame of {got} bytes, at most {limit} are allowed")]
    TooLong {
        /// Bytes declared.
        got: u64,
        /// Bytes allowed.
        limit: usize,
    },
}

impl Frame {
    /// An unfragmented, unmasked frame.
    #[must_use]
    pub fn whole(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self { last: true, reserved: 0, opcode, mask: None, declared: None, length_form: None, payload: payload.into() }
    }

    /// A close frame with an optional code and reason. The code is written unchanged, valid or not.
    #[must_use]
    pub fn close(code: Option<u16>, reason: &str) -> Self {
        let mut payload = Vec::new();
        if let Some(code) = code {
            payload.extend(code.to_be_bytes());
            payload.extend(reason.as_bytes());
        }
        Self::whole(opcode::CLOSE, payload)
    }

    /// The same frame with this mask.
    #[must_use]
    pub fn masked(mut self, mask: [u8; 4]) -> Self {
        self.mask = Some(mask);
        self
    }

    /// The code and reason of a close frame, as sent.
    #[must_use]
    pub fn close_parts(&self) -> (Option<u16>, String) {
        match self.payload.split_first_chunk::<2>() {
            Some((code, reason)) => (Some(u16::from_be_bytes(*code)), String::from_utf8_lossy(reason).into_owned()),
            None => (None, String::new()),
        }
    }

    /// Encodes the frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let length = self.declared.unwrap_or(self.payload.len() as u64);
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let mut out = Vec::with_capacity(self.payload.len() + 14);
        out.push(u8::from(self.last) << 7 | (self.reserved & 7) << 4 | self.opcode & 15);
        match self.length_form.or(LengthForm::shortest(length)) {
            None => out.push(masked | length.to_le_bytes()[0]),
            Some(LengthForm::Two) => {
                out.push(masked | 126);
                out.extend(&length.to_be_bytes()[6..]);
            }
            Some(LengthForm::Eight) => {
                out.push(masked | 127);
                out.extend(length.to_be_bytes());
            }
        }
        match self.mask {
            Some(mask) => {
                out.extend(mask);
                out.extend(self.payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
            }
            None => out.extend_from_slice(&self.payload),
        }
        out
    }
}

/// The buffer capacity that is kept between frames, in bytes.
const KEPT: usize = 8 << 10;

/// A decoder of frames from a byte stream.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    payload_max: usize,
}

struct Header {
    mask: Option<[u8; 4]>,
    start: usize,
    length: u64,
    form: Option<LengthForm>,
}

impl Decoder {
    /// A decoder that refuses frames with more payload than this many bytes.
    #[must_use]
    pub fn new(payload_max: usize) -> Self {
        Self { buffer: Vec::new(), payload_max }
    }

    /// Appends received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The receive buffer, to which bytes can be appended without a copy.
    pub fn buffer_mut(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// The next complete frame and its size on the wire; `None` if it is not complete yet.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] as soon as the header declares a payload over the limit.
    pub fn next_frame(&mut self) -> Result<Option<(Frame, usize)>, FrameError> {
        let Some(header) = self.header() else { return Ok(None) };
        let limit = self.payload_max;
        let length = usize::try_from(header.length).ok().filter(|&n| n <= limit);
        let length = length.ok_or(FrameError::TooLong { got: header.length, limit })?;
        let end = header.start + length;
        if self.buffer.len() < end {
            return Ok(None);
        }
        let mut payload = self.buffer[header.start..end].to_vec();
        if let Some(mask) = header.mask {
            // Four bytes at a time, which the compiler can vectorise.
            for four in payload.chunks_mut(4) {
                four.iter_mut().zip(mask).for_each(|(byte, key)| *byte ^= key);
            }
        }
        let first = self.buffer[0];
        self.buffer.drain(..end);
        // A long frame does not leave a large buffer behind.
        if self.buffer.len() < KEPT {
            self.buffer.shrink_to(KEPT);
        }
        let frame = Frame {
            last: first & 0x80 != 0,
            reserved: first >> 4 & 7,
            opcode: first & 15,
            mask: header.mask,
            declared: None,
            length_form: header.form.filter(|_| header.form != LengthForm::shortest(header.length)),
            payload,
        };
        Ok(Some((frame, end)))
    }

    fn header(&self) -> Option<Header> {
        let second = *self.buffer.get(1)?;
        let (form, length, mut start) = match second & 0x7f {
            126 => (Some(LengthForm::Two), u64::from(u16::from_be_bytes(*self.buffer.get(2..4)?.first_chunk()?)), 4),
            127 => (Some(LengthForm::Eight), u64::from_be_bytes(*self.buffer.get(2..10)?.first_chunk()?), 10),
            short => (None, u64::from(short), 2),
        };
        let mut mask = None;
        if second & 0x80 != 0 {
            mask = Some(*self.buffer.get(start..start + 4)?.first_chunk()?);
            start += 4;
        }
        Some(Header { mask, start, length, form })
    }
}
