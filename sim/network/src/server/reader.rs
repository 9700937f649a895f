//! The reading direction of the broker's end: frames, within the connection's limits.

use std::task::Context;

use sca_protocol::frame::{Decoder, Frame};

use super::writer::Writer;
use crate::backpressure::{Bounds, ProgressTimeout};
use crate::events::{Event, ServerEvent};
use crate::queue::EventSender;

/// Maximum size of a frame, in bytes; no message is longer.
const FRAME_BYTES_MAX: usize = 1 << 20;

/// Frame decoder of a connection, with its limits and timeouts.
pub(super) struct Reading {
    pub(super) decoder: Decoder,
    bounds: Option<Bounds>,
    frames: u64,
    sending: ProgressTimeout,
    receiving: ProgressTimeout,
}

impl Reading {
    pub(super) fn new(tail: &[u8], bounds: Option<Bounds>) -> Self {
        let mut decoder = Decoder::new(FRAME_BYTES_MAX);
        decoder.push(tail);
        let (sending, receiving) = (ProgressTimeout::default(), ProgressTimeout::default());
        Self { decoder, bounds, frames: 0, sending, receiving }
    }

    /// Whether more may be read.
    pub(super) fn has_room(&mut self, cx: &Context<'_>) -> bool {
        match &self.bounds {
            None => true,
            Some(bounds) => {
                bounds.share.set_buffered(self.decoder.buffer_mut().capacity());
                bounds.share.has_room(cx)
            }
        }
    }

    /// Posts a frame.
    pub(super) fn posts(&mut self, frame: Frame, size: usize, pen: &mut EventSender) {
        self.frames += 1;
        let held = self.bounds.as_ref().map(|bounds| bounds.share.holds(size));
        pen.post_held(Event::Server(ServerEvent::Frame(frame, size)), held);
    }

    /// The reason why the connection is given up, once a timeout has expired.
    pub(super) fn gives_up(&mut self, writer: &Writer, cx: &mut Context<'_>) -> Option<&'static str> {
        let Bounds { share, patience: after } = self.bounds.clone()?;
        if self.sending.ends(!writer.queue.is_empty(), writer.steps, after, cx) {
            return Some("does not read what it is sent");
        }
        // A peer that is not read while others take what it has sent cannot complete its frame.
        let is_open = !share.is_paused() && !self.decoder.buffer_mut().is_empty();
        self.receiving.ends(is_open, self.frames, after, cx).then_some("does not complete the frame it has begun")
    }
}
