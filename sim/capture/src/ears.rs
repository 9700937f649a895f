//! Hears one connection: the bytes of both sides as they pass, made into what happened.
//!
//! It reads along and changes nothing; what it cannot read it says, and passes over.

use sca_protocol::frame::Decoder;
use sca_protocol::handshake::{HEAD_BYTES_MAX, Head};

use crate::session::{Event, Side};

/// Bytes of a frame that is read.
const FRAME_MAX: usize = 1 << 20;
/// Bytes of a refusal's body that are kept.
const BODY_MAX: usize = 4_096;

/// The ears on one connection.
#[derive(Debug)]
pub struct Ears {
    /// What the terminal has said of its request, and the broker of its answer.
    heads: [Vec<u8>; 2],
    phase: Phase,
    decoders: [Decoder; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Asking,
    Answering,
    Talking,
    /// Nothing more can be read.
    Deaf,
}

impl Default for Ears {
    fn default() -> Self {
        Self {
            heads: Default::default(),
            phase: Phase::Asking,
            decoders: [Decoder::new(FRAME_MAX), Decoder::new(FRAME_MAX)],
        }
    }
}

fn place(side: Side) -> usize {
    usize::from(side == Side::Broker)
}

impl Ears {
    /// Whether the upgrade has been answered.
    #[must_use]
    pub fn is_past_the_answer(&self) -> bool {
        matches!(self.phase, Phase::Talking | Phase::Deaf)
    }

    /// Bytes that wait for the end of what they belong to.
    #[must_use]
    pub fn waiting(&mut self) -> usize {
        let decoders: usize = self.decoders.iter_mut().map(|decoder| decoder.buffer_mut().capacity()).sum();
        decoders + self.heads.iter().map(Vec::len).sum::<usize>()
    }

    /// Hears nothing more, for this reason.
    #[must_use]
    pub fn gives_up(&mut self, why: &str) -> Event {
        *self = Self { phase: Phase::Deaf, ..Self::default() };
        Event::Note(format!("nothing more of this connection is recorded: {why}"))
    }

    /// Hears what a side says next.
    pub fn hear(&mut self, side: Side, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        match self.phase {
            Phase::Deaf => {}
            Phase::Talking => self.talk(side, bytes, &mut events),
            Phase::Asking | Phase::Answering => {
                self.heads[place(side)].extend_from_slice(bytes);
                self.meet(&mut events);
            }
        }
        events
    }

    /// The request, and then its answer.
    fn meet(&mut self, events: &mut Vec<Event>) {
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
        while let Ok(Some((head, size))) = Head::parse_answer(&self.heads[1])
            && head.is_interim()
        {
            events.push(Event::Note(format!("the broker said first: {}", head.line)));
            self.heads[1].drain(..size);
        }
        let said = &self.heads[1];
        match Head::parse_answer(said) {
            Ok(Some((head, size))) => {
                let is_open = head.status == 101;
                let end = if is_open { size } else { said.len().min(size + BODY_MAX) };
                events.push(Event::Answered(String::from_utf8_lossy(&said[..end]).into_owned()));
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

    /// What is heard first is no request: the connection has been up for a while.
    fn begin_within(&mut self, events: &mut Vec<Event>) {
        let heads = std::mem::take(&mut self.heads);
        self.phase = Phase::Talking;
        events.push(Event::Note("the capture begins within a connection".to_owned()));
        events.push(Event::Up);
        self.talk(Side::Terminal, &heads[0], events);
        self.talk(Side::Broker, &heads[1], events);
    }

    fn talk(&mut self, side: Side, bytes: &[u8], events: &mut Vec<Event>) {
        let decoder = &mut self.decoders[place(side)];
        decoder.push(bytes);
        loop {
            match decoder.next_frame() {
                Ok(Some((frame, _))) => events.push(Event::Frame(side, frame)),
                Ok(None) => return,
                Err(error) => {
                    self.phase = Phase::Deaf;
                    return events.push(Event::Note(format!("nothing more can be read of this connection: {error}")));
                }
            }
        }
    }
}
