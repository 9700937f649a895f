//! A cut in the plaintext that a terminal sends: exactly so many bytes of one message reach the broker's end, and nothing
//! of that connection comes after them, whatever shared their segment.
//!
//! Both ends of a connection hold the same [`PrefixCut`]. The terminal's end stops passing bytes on at the limit; the
//! broker's end counts what arrives, and ends the connection once the last byte before the limit is here. Before a real
//! broker the terminal's end does both: once the last byte before the limit has left, it ends the connection.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::arrivals::{Arrivals, Layer};
use crate::memory::Way;
use crate::post::{Mailbox, Tag};
use crate::tap::{End, TapHandle};

/// Bytes that are held back behind a limit before the writer has to wait.
const HELD_MAX: usize = 256 * 1024;

#[derive(Debug, Default)]
struct State {
    /// Plaintext bytes that the terminal's end has passed on.
    sent: u64,
    /// Plaintext bytes that have arrived at the broker's end.
    received: u64,
    /// Where the stream is cut, and how it ends there.
    limit: Option<(u64, End)>,
    struck: bool,
    /// What stands behind the limit of a silence that will end.
    held: Vec<u8>,
    /// Where both ends note what they read.
    arrivals: Option<(Arrivals, Tag)>,
    wakers: Vec<Waker>,
}

impl State {
    fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }

    fn park(&mut self, cx: &Context<'_>) {
        if !self.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.wakers.push(cx.waker().clone());
        }
    }

    /// Bytes that may still pass; nothing where there is no limit.
    fn room(&self) -> Option<usize> {
        self.limit.map(|(limit, _)| usize::try_from(limit.saturating_sub(self.sent)).unwrap_or(usize::MAX))
    }
}

/// The cut of one connection, shared by its two ends. Without a limit it only counts.
#[derive(Debug, Clone, Default)]
pub struct PrefixCut(Rc<RefCell<State>>);

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

/// The terminal's end of a plaintext stream.
#[derive(Debug)]
pub(crate) struct Outgoing<S> {
    stream: S,
    cut: PrefixCut,
    /// The tap at this end, where the other one is not ours.
    near: Option<(TapHandle, Mailbox)>,
}

impl<S> Outgoing<S> {
    pub(crate) fn new(stream: S, cut: PrefixCut, near: Option<(TapHandle, Mailbox)>) -> Self {
        Self { stream, cut, near }
    }

    /// Ends the connection, where that is done here, once the last byte before the limit has left.
    fn strike(&self) {
        let Some((tap, mailbox)) = &self.near else { return };
        let mut state = self.cut.0.borrow_mut();
        if let Some((limit, end)) = state.limit
            && state.sent >= limit
            && !state.struck
        {
            state.struck = true;
            tap.end(end);
            mailbox.nudge();
        }
    }
}

impl<S: AsyncWrite + Unpin> Outgoing<S> {
    /// Sends on what was held back, once it may go.
    fn poll_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut state = self.cut.0.borrow_mut();
            if state.held.is_empty() || state.limit.is_some() {
                return Poll::Ready(Ok(()));
            }
            match Pin::new(&mut self.stream).poll_write(cx, &state.held) {
                Poll::Ready(Ok(n)) => {
                    state.held.drain(..n);
                    state.sent += n as u64;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Outgoing<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let before = buf.filled().len();
        let polled = Pin::new(&mut me.stream).poll_read(cx, buf);
        me.cut.note(Way::ToTerminal, Layer::Plain, &polled, &buf.filled()[before..]);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Outgoing<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        if me.poll_held(cx)?.is_pending() {
            return Poll::Pending;
        }
        let room = me.cut.0.borrow().room();
        if room == Some(0) {
            let mut state = me.cut.0.borrow_mut();
            if matches!(state.limit, Some((_, End::Hold))) {
                state.park(cx);
                if state.held.len() >= HELD_MAX {
                    return Poll::Pending;
                }
                state.held.extend_from_slice(buf);
            }
            return Poll::Ready(Ok(buf.len()));
        }
        let most = room.unwrap_or(buf.len()).min(buf.len());
        let written = Pin::new(&mut me.stream).poll_write(cx, &buf[..most]);
        if let Poll::Ready(Ok(n)) = &written {
            me.cut.0.borrow_mut().sent += *n as u64;
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if me.poll_held(cx)?.is_pending() {
            return Poll::Pending;
        }
        let flushed = Pin::new(&mut me.stream).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            me.strike();
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if me.cut.0.borrow().room() == Some(0) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut me.stream).poll_shutdown(cx)
    }
}

/// The broker's end of a plaintext stream.
#[derive(Debug)]
pub(crate) struct Incoming<S> {
    stream: S,
    tap: TapHandle,
    mailbox: Mailbox,
}

impl<S> Incoming<S> {
    pub(crate) fn new(stream: S, tap: TapHandle, mailbox: Mailbox) -> Self {
        Self { stream, tap, mailbox }
    }

    pub(crate) fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Ends the connection once the last byte before the limit is here.
    fn strike(&self, cx: &Context<'_>) {
        let cut = self.tap.prefix_cut();
        let mut state = cut.0.borrow_mut();
        match state.limit {
            Some((limit, end)) if state.received >= limit && !state.struck => {
                state.struck = true;
                self.tap.end(end);
                // No event tells the driver of it.
                self.mailbox.nudge();
            }
            _ => state.park(cx),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Incoming<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        me.strike(cx);
        let before = buf.filled().len();
        let polled = Pin::new(&mut me.stream).poll_read(cx, buf);
        me.tap.prefix_cut().note(Way::FromTerminal, Layer::Plain, &polled, &buf.filled()[before..]);
        let read = buf.filled().len() - before;
        if read > 0 {
            me.tap.prefix_cut().0.borrow_mut().received += read as u64;
            me.strike(cx);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Incoming<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
