//! The terminal's end of a connection that carries bytes: what arrives is posted as it is, and what is ordered is written.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use sca_core::LinkEvent;
use tokio::io::AsyncWrite;
use tokio::sync::mpsc;

use crate::events::{ClientOrder, Event};
use crate::goodbye::leave;
use crate::queue::EventSender;
use crate::stream::poll_read_some;
use crate::tap::TerminalEnd;

/// How the passing of bytes ended.
enum Left {
    /// The orders ended or the connection was reset: nothing is left to do.
    Gone,
    /// Nothing more is sent; these bytes still have to be.
    End(Vec<u8>),
    /// The connection has to be reset.
    Reset,
}

/// What passes at one end.
#[derive(Default)]
struct Passing {
    /// Bytes that the stream has not taken yet.
    unsent: Vec<u8>,
    /// Whether the broker has ended its side.
    is_ended: bool,
}

/// Carries bytes until an order ends the connection, it is reset, or the sender of the orders is dropped.
pub(crate) async fn carry_bytes(
    mut stream: TerminalEnd,
    pen: &mut EventSender,
    orders: &mut mpsc::Receiver<ClientOrder>,
) {
    let mut passing = Passing::default();
    match poll_fn(|cx| passing.poll(&mut stream, pen, orders, cx)).await {
        Left::Gone => {}
        Left::End(unsent) => leave(stream, &unsent, |_| false).await,
        Left::Reset => stream.reset(),
    }
}

impl Passing {
    fn poll(
        &mut self,
        stream: &mut TerminalEnd,
        pen: &mut EventSender,
        orders: &mut mpsc::Receiver<ClientOrder>,
        cx: &mut Context<'_>,
    ) -> Poll<Left> {
        // A failed write is ignored: reading reports the end of the connection.
        while self.poll_sent(stream, cx).is_ready() {
            match orders.poll_recv(cx) {
                Poll::Ready(Some(ClientOrder::Bytes(bytes))) => self.unsent = bytes,
                Poll::Ready(Some(ClientOrder::Reset)) => return Poll::Ready(Left::Reset),
                Poll::Ready(Some(ClientOrder::End)) => return Poll::Ready(Left::End(std::mem::take(&mut self.unsent))),
                Poll::Ready(Some(_)) => {}
                Poll::Ready(None) => return Poll::Ready(Left::Gone),
                Poll::Pending => break,
            }
        }
        while !self.is_ended {
            let mut bytes = Vec::new();
            match poll_read_some(stream, &mut bytes, cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => {
                    self.is_ended = true;
                    pen.post(Event::Client(LinkEvent::Ended));
                }
                Poll::Ready(Ok(_)) => pen.post(Event::Client(LinkEvent::Bytes(bytes))),
                Poll::Ready(Err(_)) => {
                    pen.post(Event::Client(LinkEvent::Reset));
                    return Poll::Ready(Left::Gone);
                }
            }
        }
        Poll::Pending
    }

    /// Writes what is not sent yet; ready once nothing is left.
    fn poll_sent(&mut self, stream: &mut TerminalEnd, cx: &mut Context<'_>) -> Poll<()> {
        while !self.unsent.is_empty() {
            match Pin::new(&mut *stream).poll_write(cx, &self.unsent) {
                Poll::Ready(Ok(written)) => drop(self.unsent.drain(..written)),
                Poll::Ready(Err(_)) => self.unsent.clear(),
                Poll::Pending => return Poll::Pending,
            }
        }
        Pin::new(stream).poll_flush(cx).map(drop)
    }
}
