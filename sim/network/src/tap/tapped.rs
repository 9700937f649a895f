//! A byte stream with a tap.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::state::TapHandle;
use crate::arrivals::Layer;
use crate::events::{Direction, End};
use crate::queue::EventQueue;
use crate::stream::Stream;

/// Maximum number of bytes held back during a silence; beyond it the writer waits.
const HELD_MAX: usize = 256 * 1024;

/// A byte stream with a tap.
#[derive(Debug)]
pub(crate) struct Tapped {
    stream: Stream,
    handle: TapHandle,
    mailbox: EventQueue,
    /// Whether the tap is at the terminal's end, so that reads return what the broker sends.
    is_near: bool,
}

impl Tapped {
    /// A tap at the broker's end.
    pub(crate) fn new(stream: Stream, handle: TapHandle, mailbox: EventQueue) -> Self {
        Self { stream, handle, mailbox, is_near: false }
    }

    /// A tap at the terminal's end.
    pub(crate) fn near(stream: Stream, handle: TapHandle, mailbox: EventQueue) -> Self {
        Self { is_near: true, ..Self::new(stream, handle, mailbox) }
    }

    fn reads(&self) -> Direction {
        if self.is_near { Direction::ToTerminal } else { Direction::FromTerminal }
    }

    fn writes(&self) -> Direction {
        if self.is_near { Direction::FromTerminal } else { Direction::ToTerminal }
    }

    /// Reads and discards everything until the other side closes.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut chunk = [0; 1_024];
        loop {
            let mut unread = ReadBuf::new(&mut chunk);
            match Pin::new(&mut self.stream).poll_read(cx, &mut unread) {
                Poll::Ready(Ok(())) if !unread.filled().is_empty() => {}
                polled => return polled,
            }
        }
    }

    /// Ends the stream with a reset.
    pub(crate) fn reset(&mut self) {
        self.stream.reset();
    }

    /// Carries out an ordered end. After an error the stream cannot be used any more.
    fn apply_ordered_end(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut state = self.handle.0.borrow_mut();
        if std::mem::take(&mut state.deaf) {
            self.stream.deafen();
        }
        match state.end {
            Some(End::Reset) => {
                self.mailbox.pulse.increment();
                self.stream.reset();
                Err(io::ErrorKind::ConnectionReset.into())
            }
            Some(End::Fin) if !state.shut => {
                state.shut = true;
                drop(Pin::new(&mut self.stream).poll_shutdown(cx));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// How many of these bytes pass before the armed cut, and which fault follows; `Corrupt` inverts a byte in place.
    fn judge(&self, bytes: &mut [u8], outgoing: bool) -> (usize, Option<End>) {
        let mut state = self.handle.0.borrow_mut();
        let cut = state.cut.filter(|cut| cut.is_outgoing() == outgoing);
        for (at, byte) in bytes.iter_mut().enumerate() {
            let records = if outgoing { &mut state.outgoing } else { &mut state.incoming };
            let place = records.take(*byte);
            if let (Some(cut), Some((record, offset))) = (cut, place)
                && record == cut.record()
                && offset == cut.offset
            {
                state.cut = None;
                state.struck = true;
                // No event tells the driver that the cut has taken effect.
                self.mailbox.nudge();
                if cut.end != End::Corrupt {
                    return (at, Some(cut.end));
                }
                *byte = !*byte;
            }
        }
        (bytes.len(), None)
    }

    fn is_armed(&self) -> bool {
        self.handle.0.borrow().cut.is_some()
    }

    /// Sends what a silence has held back.
    fn poll_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut state = self.handle.0.borrow_mut();
            if state.is_silent(self.writes()) || state.held.is_empty() {
                return Poll::Ready(Ok(()));
            }
            match Pin::new(&mut self.stream).poll_write(cx, &state.held) {
                Poll::Ready(Ok(n)) => drop(state.held.drain(..n)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Reads at most this many bytes.
fn poll_read_at_most(
    most: usize,
    stream: &mut Stream,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    let mut some = buf.take(most);
    let polled = Pin::new(stream).poll_read(cx, &mut some);
    let bytes = some.filled().to_vec();
    buf.put_slice(&bytes);
    polled
}

impl Tapped {
    /// Reads what the tap lets pass.
    fn poll_through(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self;
        me.apply_ordered_end(cx)?;
        {
            let mut state = me.handle.0.borrow_mut();
            state.park(cx);
            if state.is_silent(me.reads()) {
                return Poll::Pending;
            }
            // For the terminal the stream ends here, whatever the broker still sends.
            if me.is_near && state.shut {
                return Poll::Ready(Ok(()));
            }
        }
        if me.handle.0.borrow().gone {
            return me.poll_drain(cx);
        }
        let before = buf.filled().len();
        let most = me.handle.0.borrow().segment[me.reads() as usize];
        let polled = match most {
            Some(most) => poll_read_at_most(most, &mut me.stream, cx, buf),
            None => Pin::new(&mut me.stream).poll_read(cx, buf),
        };
        if polled.is_ready() && me.is_armed() {
            let (pass, end) = me.judge(&mut buf.filled_mut()[before..], me.is_near);
            if let Some(end) = end {
                me.handle.end(end);
                if me.is_near {
                    // Bytes before the cut are still delivered, and the fault follows them.
                    buf.set_filled(before + pass);
                    return if pass > 0 { Poll::Ready(Ok(())) } else { me.poll_through(cx, buf) };
                }
                me.apply_ordered_end(cx)?;
                // Bytes before the cut in the same read are discarded, and so is everything behind it.
                buf.set_filled(before);
                me.handle.0.borrow_mut().gone = true;
                return me.poll_through(cx, buf);
            }
        }
        polled
    }
}

impl AsyncRead for Tapped {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let before = buf.filled().len();
        let polled = me.poll_through(cx, buf);
        me.handle.1.note(me.reads(), Layer::Line, &polled, &buf.filled()[before..]);
        polled
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        me.apply_ordered_end(cx)?;
        if me.handle.0.borrow().shut {
            return Poll::Ready(Ok(buf.len()));
        }
        let most = me.handle.0.borrow().segment[me.writes() as usize].unwrap_or(usize::MAX);
        let buf = &buf[..buf.len().min(most)];
        if me.is_armed() {
            let mut copy = buf.to_vec();
            let (pass, end) = me.judge(&mut copy, !me.is_near);
            // The prefix is written as a whole: a handshake record is far smaller than the send window.
            if pass > 0 {
                drop(Pin::new(&mut me.stream).poll_write(cx, &copy[..pass]));
            }
            if let Some(end) = end {
                me.handle.end(end);
                me.apply_ordered_end(cx)?;
            }
            return Poll::Ready(Ok(buf.len()));
        }
        let mut state = me.handle.0.borrow_mut();
        if state.is_silent(me.writes()) || !state.held.is_empty() {
            state.park(cx);
            if state.held.len() >= HELD_MAX {
                return Poll::Pending;
            }
            state.held.extend_from_slice(buf);
            return Poll::Ready(Ok(buf.len()));
        }
        drop(state);
        Pin::new(&mut me.stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        me.apply_ordered_end(cx)?;
        if me.poll_held(cx)?.is_pending() {
            return Poll::Pending;
        }
        Pin::new(&mut me.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        me.apply_ordered_end(cx)?;
        if me.handle.0.borrow().is_silent(me.writes()) {
            // On a silent stream no FIN is sent either.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut me.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
