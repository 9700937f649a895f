//! A cut in the plaintext that a terminal sends: exactly so many bytes of one message reach the broker's end, and no
//! later byte of that connection does, even from the same TCP segment.
//!
//! Both ends of a connection share one [`ByteCut`]. The terminal's end stops forwarding bytes at the limit; the
//! broker's end counts received bytes, and ends the connection when the last byte before the limit has arrived. If the
//! broker is external, the terminal's end does both: it ends the connection when that byte has been flushed.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::arrivals::{Arrivals, Layer};
use crate::events::{Direction, End, Tag};

/// Progress of the stream, and its limit.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Plaintext bytes that the terminal's end has forwarded.
    pub(crate) sent: u64,
    /// Plaintext bytes that have arrived at the broker's end.
    pub(crate) received: u64,
    /// The number of bytes that pass in total, and how the connection ends after them.
    pub(crate) limit: Option<(u64, End)>,
    pub(crate) struck: bool,
    /// Bytes behind the limit of a temporary silence.
    pub(crate) held: Vec<u8>,
    /// The record to which both ends add what they read.
    pub(crate) arrivals: Option<(Arrivals, Tag)>,
    pub(crate) wakers: Vec<Waker>,
}

impl State {
    pub(crate) fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }

    pub(crate) fn park(&mut self, cx: &Context<'_>) {
        if !self.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.wakers.push(cx.waker().clone());
        }
    }

    /// Bytes that may still pass; `None` without a limit.
    pub(crate) fn room(&self) -> Option<usize> {
        self.limit.map(|(limit, _)| usize::try_from(limit.saturating_sub(self.sent)).unwrap_or(usize::MAX))
    }
}

/// The cut of one connection, shared by its two ends. Without a limit it only counts bytes.
#[derive(Debug, Clone, Default)]
pub struct ByteCut(pub(crate) Rc<RefCell<State>>);

impl ByteCut {
    /// A cut whose ends record what they read on the connection with this tag.
    #[must_use]
    pub fn recording(arrivals: Arrivals, tag: Tag) -> Self {
        Self(Rc::new(RefCell::new(State { arrivals: Some((arrivals, tag)), ..State::default() })))
    }

    /// Whether both ends record what they read.
    pub(crate) fn is_recording(&self) -> bool {
        self.0.borrow().arrivals.is_some()
    }

    /// Records the result of a read.
    pub(crate) fn note(&self, way: Direction, layer: Layer, polled: &Poll<io::Result<()>>, bytes: &[u8]) {
        if let Some((arrivals, tag)) = &self.0.borrow().arrivals {
            arrivals.note((*tag, way, layer), polled, bytes);
        }
    }

    /// Sets the limit: from here on this many bytes pass, then the connection ends.
    pub(crate) fn begin(&self, bytes: usize, end: End) {
        let mut state = self.0.borrow_mut();
        state.limit = Some((state.sent + bytes as u64, end));
        state.wake();
    }

    /// Lifts the limit of a temporary silence, so that the bytes held back are sent.
    pub fn release(&self) {
        let mut state = self.0.borrow_mut();
        if matches!(state.limit, Some((_, End::Hold))) {
            state.limit = None;
            state.wake();
        }
    }

    /// Whether the last byte before the limit has passed, and the connection has been ended there.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        self.0.borrow().struck
    }
}
