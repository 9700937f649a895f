//! What the driver tells a tap, and what the tap knows of the records that pass it.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Waker};

use crate::events::{Cut, End, Point, Way};
use crate::prefix::PrefixCut;

/// What a tap has been told and what has passed it.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) silent_to: bool,
    pub(super) silent_from: bool,
    pub(super) held: Vec<u8>,
    /// Bytes a segment at the most, by way.
    pub(super) segment: [Option<usize>; 2],
    /// Nothing comes in any more, not even an acknowledgement.
    pub(super) deaf: bool,
    pub(super) end: Option<End>,
    pub(super) cut: Option<Cut>,
    pub(super) struck: bool,
    pub(super) shut: bool,
    /// What still comes in behind a cut is not read any more.
    pub(super) gone: bool,
    pub(super) outgoing: Records,
    pub(super) incoming: Records,
    pub(super) wakers: Vec<Waker>,
}

/// The handle by which the driver works a tap.
#[derive(Debug, Clone, Default)]
pub struct TapHandle(pub(super) Rc<RefCell<State>>, pub(super) PrefixCut);

impl TapHandle {
    /// A tap with this cut in what the terminal sends.
    #[must_use]
    pub fn with(cut: PrefixCut) -> Self {
        Self(Rc::default(), cut)
    }

    /// Ends the connection now.
    pub fn end(&self, end: End) {
        let mut state = self.0.borrow_mut();
        state.strike(end);
    }

    /// Makes a direction silent, or lets it speak again; what was held then goes on its way.
    pub fn silence(&self, way: Way, silent: bool) {
        let mut state = self.0.borrow_mut();
        match way {
            Way::ToTerminal => state.silent_to = silent,
            Way::FromTerminal => state.silent_from = silent,
        }
        state.wake();
    }

    /// Splits what goes one way into pieces: so many bytes at the most are written or read at once. Nothing: no more.
    pub fn segment(&self, way: Way, most: Option<usize>) {
        self.0.borrow_mut().segment[way as usize] = most;
    }

    /// Arms a cut within the TLS handshake.
    pub fn arm(&self, cut: Cut) {
        self.0.borrow_mut().cut = Some(cut);
    }

    /// The cut in what the terminal sends on this connection.
    #[must_use]
    pub fn prefix_cut(&self) -> &PrefixCut {
        &self.1
    }

    /// Whether the armed cut has struck.
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

    pub(super) fn is_silent(&self, way: Way) -> bool {
        match way {
            Way::ToTerminal => self.silent_to,
            Way::FromTerminal => self.silent_from,
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

/// Follows the record boundaries of one direction.
#[derive(Debug, Default)]
pub(super) struct Records {
    header: Vec<u8>,
    left: usize,
    offset: usize,
    handshakes: usize,
    current: Option<usize>,
}

impl Records {
    /// Takes one byte; says which handshake record it belongs to and where in it, if it does.
    pub(super) fn take(&mut self, byte: u8) -> Option<(usize, usize)> {
        if self.left == 0 {
            if self.header.is_empty() {
                self.offset = 0;
                // A change_cipher_spec (20) is no step of the handshake any more.
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
