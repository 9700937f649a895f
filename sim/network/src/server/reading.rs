//! What comes from the other side: frames, within the limits of a connection.

use std::task::Context;

use sca_protocol::frame::{Decoder, Frame};

use super::writing::Writer;
use crate::events::{Event, ServerEvent};
use crate::held::{Bounds, Patience};
use crate::queue::Pen;

/// Bytes of one frame: no message is longer.
const FRAME_BYTES_MAX: usize = 1 << 20;

/// What is read of frames, and how patiently.
pub(super) struct Reading {
    pub(super) decoder: Decoder,
    bounds: Option<Bounds>,
    frames: u64,
    sending: Patience,
    receiving: Patience,
}

impl Reading {
    pub(super) fn new(tail: &[u8], bounds: Option<Bounds>) -> Self {
        let mut decoder = Decoder::new(FRAME_BYTES_MAX);
        decoder.push(tail);
        let (sending, receiving) = (Patience::default(), Patience::default());
        Self { decoder, bounds, frames: 0, sending, receiving }
    }

    /// Whether there is room for more.
    pub(super) fn has_room(&mut self, cx: &Context<'_>) -> bool {
        match &self.bounds {
            None => true,
            Some(bounds) => {
                bounds.share.buffers(self.decoder.buffer_mut().capacity());
                bounds.share.has_room(cx)
            }
        }
    }

    /// Posts what has been read.
    pub(super) fn posts(&mut self, frame: Frame, size: usize, pen: &mut Pen) {
        self.frames += 1;
        let held = self.bounds.as_ref().map(|bounds| bounds.share.holds(size));
        pen.post_held(Event::Server(ServerEvent::Frame(frame, size)), held);
    }

    /// Why the other side is waited for no longer.
    pub(super) fn gives_up(&mut self, writer: &Writer, cx: &mut Context<'_>) -> Option<&'static str> {
        let Bounds { share, patience: after } = self.bounds.clone()?;
        if self.sending.ends(!writer.queue.is_empty(), writer.steps, after, cx) {
            return Some("takes nothing of what it is sent");
        }
        // Who is not read while others take what it has sent cannot end its frame.
        let is_open = !share.is_paused() && !self.decoder.buffer_mut().is_empty();
        self.receiving.ends(is_open, self.frames, after, cx).then_some("does not end the frame it has begun")
    }
}
