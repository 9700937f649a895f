//! The state of a tap: the orders of the driver, and the TLS records that have passed.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Waker};

use crate::byte_cut::ByteCut;
use crate::events::{Cut, Direction, End, Point};

/// The state of a tap, shared with its handle.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) silent_to: bool,
    pub(super) silent_from: bool,
    pub(super) held: Vec<u8>,
    /// Maximum size of a read or write in bytes, per direction.
    pub(super) segment: [Option<usize>; 2],
    /// Whether to drop everything that arrives, acknowledgements included.
    pub(super) deaf: bool,
    pub(super) end: Option<End>,
    pub(super) cut: Option<Cut>,
    pub(super) struck: bool,
    pub(super) shut: bool,
    /// Whether data that arrives behind a cut is discarded.
    pub(super) gone: bool,
    pub(super) outgoing: Records,
    pub(super) incoming: Records,
    pub(super) wakers: Vec<Waker>,
}

/// The handle with which the driver controls a tap. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct TapHandle(pub(super) Rc<RefCell<State>>, pub(super) ByteCut);

impl TapHandle {
    /// A tap with this cut in what the terminal sends.
    #[must_use]
    pub fn with(cut: ByteCut) -> Self {
        Self(Rc::default(), cut)
    }

    /// Ends the connection now.
    pub fn end(&self, end: End) {
        let mut state = self.0.borrow_mut();
        state.strike(end);
    }

    /// Silences a direction, or ends its silence; the data held back is then sent.
    pub fn silence(&self, way: Direction, silent: bool) {
        let mut state = self.0.borrow_mut();
        match way {
            Direction::ToTerminal => state.silent_to = silent,
            Direction::FromTerminal => state.silent_from = silent,
        }
        state.wake();
    }

    /// Limits the size of reads and writes in one direction, in bytes; `None` removes the limit.
    pub fn limit_segments(&self, way: Direction, most: Option<usize>) {
        self.0.borrow_mut().segment[way as usize] = most;
    }

    /// Arms a fault within the TLS handshake.
    pub fn arm(&self, cut: Cut) {
        self.0.borrow_mut().cut = Some(cut);
    }

    /// The cut in what the terminal sends on this connection.
    #[must_use]
    pub fn byte_cut(&self) -> &ByteCut {
        &self.1
    }

    /// Whether the armed fault in the handshake has taken effect.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        self.0.borrow().struck
    }
}

impl State {
    pub(super) fn strike(&mut self, end: End) {
        match end {
            End::Silence => (self.silent_to, self.silent_from, self.deaf) = (true, true, true),
            End::Hold => (self.silent_to, self.silent_from) = (true, true),
            End::Corrupt => {}
            End::Reset | End::Fin => self.end = Some(end),
        }
        self.wake();
    }

    pub(super) fn is_silent(&self, way: Direction) -> bool {
        match way {
            Direction::ToTerminal => self.silent_to,
            Direction::FromTerminal => self.silent_from,
        }
    }

    pub(super) fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }

    pub(super) fn park(&mut self, cx: &Context<'_>) {
        if !self.wakers.iter().any(|w| w.will_wake(cx.waker())) {
            self.wakers.push(cx.waker().clone());
        }
    }
}

/// Parser of the TLS record boundaries of one direction.
#[derive(Debug, Default)]
pub(super) struct Records {
    header: Vec<u8>,
    left: usize,
    offset: usize,
    handshakes: usize,
    current: Option<usize>,
}

impl Records {
    /// Takes one byte; returns the number of its handshake record and its offset in it, unless it belongs to a
    /// change_cipher_spec.
    pub(super) fn take(&mut self, byte: u8) -> Option<(usize, usize)> {
        if self.left == 0 {
            if self.header.is_empty() {
                self.offset = 0;
                // A change_cipher_spec (content type 20) is not counted as a record of the handshake.
                self.current = (byte != 20).then_some(self.handshakes);
                self.handshakes += usize::from(byte != 20);
            }
            self.header.push(byte);
            if let [_, _, _, high, low] = self.header[..] {
                self.left = usize::from(u16::from_be_bytes([high, low]));
                self.header.clear();
            }
        } else {
            self.left -= 1;
        }
        self.offset += 1;
        self.current.map(|record| (record, self.offset - 1))
    }
}

impl Cut {
    pub(super) fn is_outgoing(self) -> bool {
        matches!(self.point, Point::ServerHello | Point::ServerFlight)
    }

    pub(super) fn record(self) -> usize {
        usize::from(matches!(self.point, Point::ServerFlight | Point::ClientFlight))
    }
}
