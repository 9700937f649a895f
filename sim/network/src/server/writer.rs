//! The writing direction of the broker's end: orders are carried out in turn, and none is awaited.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

use super::rekey::Rekey;
use crate::backpressure::Held;
use crate::events::End;
use crate::tap::TapHandle;

/// The send queue. Writing is never awaited: data that the stream does not accept stays queued.
pub(super) struct Writer {
    pub(super) tap: TapHandle,
    pub(super) queue: VecDeque<Outgoing>,
    pub(super) written: usize,
    /// How often the stream has accepted data; a change means progress.
    pub(super) steps: u64,
}

/// An item in the send queue.
pub(super) enum Outgoing {
    Bytes(Vec<u8>),
    Strike(End),
    NewKeys,
    Passed(Rc<Vec<u8>>, #[expect(dead_code, reason = "held until it is written")] Held),
}

impl Writer {
    /// Writes and flushes as much as the stream accepts; ready when the queue is empty.
    pub(super) fn poll<S: AsyncWrite + Rekey + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(front) = self.queue.front() {
            let bytes = match front {
                Outgoing::Bytes(bytes) => bytes,
                Outgoing::Passed(bytes, _) => &**bytes,
                Outgoing::Strike(end) => {
                    self.tap.end(*end);
                    self.queue.pop_front();
                    continue;
                }
                Outgoing::NewKeys => {
                    stream.new_keys();
                    self.queue.pop_front();
                    continue;
                }
            };
            if self.written < bytes.len() {
                match Pin::new(&mut *stream).poll_write(cx, &bytes[self.written..]) {
                    Poll::Ready(Ok(n)) => {
                        self.written += n;
                        self.steps += 1;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                }
            } else {
                // Each order is flushed separately, so that a TLS record ends where the order ends.
                if Pin::new(&mut *stream).poll_flush(cx)?.is_pending() {
                    return Poll::Pending;
                }
                self.queue.pop_front();
                self.written = 0;
            }
        }
        Pin::new(stream).poll_flush(cx)
    }
}
