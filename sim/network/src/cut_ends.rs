//! The two ends of a connection's plaintext, above TLS if there is TLS: both apply a [`ByteCut`].

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::arrivals::Layer;
use crate::byte_cut::ByteCut;
use crate::events::{Direction, End};
use crate::queue::EventQueue;
use crate::tap::TapHandle;

/// Maximum number of bytes held back behind the limit; beyond it the writer waits.
const HELD_MAX: usize = 256 * 1024;

/// The terminal's end of a plaintext stream.
#[derive(Debug)]
pub(crate) struct Outgoing<S> {
    stream: S,
    cut: ByteCut,
    /// The tap at this end, if the broker's end is external.
    near: Option<(TapHandle, EventQueue)>,
}

impl<S> Outgoing<S> {
    pub(crate) fn new(stream: S, cut: ByteCut, near: Option<(TapHandle, EventQueue)>) -> Self {
        Self { stream, cut, near }
    }

    /// Ends the connection once the last byte before the limit has been flushed, if the broker's end is external.
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
    /// Sends what was held back, once the limit is lifted.
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
        me.cut.note(Direction::ToTerminal, Layer::Plain, &polled, &buf.filled()[before..]);
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
    mailbox: EventQueue,
}

impl<S> Incoming<S> {
    pub(crate) fn new(stream: S, tap: TapHandle, mailbox: EventQueue) -> Self {
        Self { stream, tap, mailbox }
    }

    pub(crate) fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Ends the connection once the last byte before the limit has arrived.
    fn strike(&self, cx: &Context<'_>) {
        let cut = self.tap.byte_cut();
        let mut state = cut.0.borrow_mut();
        match state.limit {
            Some((limit, end)) if state.received >= limit && !state.struck => {
                state.struck = true;
                self.tap.end(end);
                // No event wakes the driver.
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
        me.tap.byte_cut().note(Direction::FromTerminal, Layer::Plain, &polled, &buf.filled()[before..]);
        let read = buf.filled().len() - before;
        if read > 0 {
            me.tap.byte_cut().0.borrow_mut().received += read as u64;
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
