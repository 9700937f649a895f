//! A cut in the plaintext that a terminal sends: exactly so many bytes of one message reach the broker's end, and nothing
//! of that connection comes after them, whatever shared their segment.
//!
//! Both ends of a connection hold the same [`PrefixCut`]. The terminal's end stops passing bytes on at the limit; the
//! broker's end counts what arrives, and ends the connection once the last byte before the limit is here. Before a real
//! broker the terminal's end does both: once the last byte before the limit has left, it ends the connection.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::arrivals::{Arrivals, Layer};
use crate::events::{End, Tag, Way};

/// How far the stream is, and where it is cut.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Plaintext bytes that the terminal's end has passed on.
    pub(crate) sent: u64,
    /// Plaintext bytes that have arrived at the broker's end.
    pub(crate) received: u64,
    /// Where the stream is cut, and how it ends there.
    pub(crate) limit: Option<(u64, End)>,
    pub(crate) struck: bool,
    /// What stands behind the limit of a silence that will end.
    pub(crate) held: Vec<u8>,
    /// Where both ends note what they read.
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

    /// Bytes that may still pass; nothing where there is no limit.
    pub(crate) fn room(&self) -> Option<usize> {
        self.limit.map(|(limit, _)| usize::try_from(limit.saturating_sub(self.sent)).unwrap_or(usize::MAX))
    }
}

/// The cut of one connection, shared by its two ends. Without a limit it only counts.
#[derive(Debug, Clone, Default)]
pub struct PrefixCut(pub(crate) Rc<RefCell<State>>);

impl PrefixCut {
    /// One whose ends note what they read on the connection with this tag.
    #[must_use]
    pub fn noting(arrivals: Arrivals, tag: Tag) -> Self {
        Self(Rc::new(RefCell::new(State { arrivals: Some((arrivals, tag)), ..State::default() })))
    }

    /// Whether its ends note what they read.
    pub(crate) fn is_noting(&self) -> bool {
        self.0.borrow().arrivals.is_some()
    }

    /// Notes what a read came to.
    pub(crate) fn note(&self, way: Way, layer: Layer, polled: &Poll<io::Result<()>>, bytes: &[u8]) {
        if let Some((arrivals, tag)) = &self.0.borrow().arrivals {
            arrivals.note((*tag, way, layer), polled, bytes);
        }
    }

    /// From here on so many bytes pass, then the connection ends.
    pub(crate) fn begin(&self, bytes: usize, end: End) {
        let mut state = self.0.borrow_mut();
        state.limit = Some((state.sent + bytes as u64, end));
        state.wake();
    }

    /// Lets what a silence has held back go on its way.
    pub fn release(&self) {
        let mut state = self.0.borrow_mut();
        if matches!(state.limit, Some((_, End::Hold))) {
            state.limit = None;
            state.wake();
        }
    }

    /// Whether the last byte before the limit has arrived, and the connection has been ended there.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        self.0.borrow().struck
    }
}
