//! One side of a recorded connection, to the terminal or to the broker: plain TCP or TLS.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use sca_network::Stream;
use sca_network::tls::Secured;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One side of a recorded connection.
pub(super) struct Line {
    below: Transport,
    /// Whether shutdown omits close_notify, because the other side omitted it too.
    pub(super) is_cut: Rc<Cell<bool>>,
}

enum Transport {
    Plain(Stream),
    Secured(Box<Secured<Stream>>),
}

impl Line {
    /// ws.
    pub(super) fn plain(stream: Stream) -> Self {
        Self { below: Transport::Plain(stream), is_cut: Rc::default() }
    }

    /// wss.
    pub(super) fn secured(tls: impl Into<Secured<Stream>>) -> Self {
        Self { below: Transport::Secured(Box::new(tls.into())), is_cut: Rc::default() }
    }

    /// The TCP stream, below TLS if there is any.
    fn socket(&mut self) -> &mut Stream {
        match &mut self.below {
            Transport::Plain(stream) => stream,
            Transport::Secured(tls) => tls.get_mut().0,
        }
    }

    /// Makes the connection end with a TCP reset when dropped.
    pub(super) fn reset(&mut self) {
        self.socket().reset();
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().below {
            Transport::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Transport::Secured(tls) => Pin::new(tls.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().below {
            Transport::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Transport::Secured(tls) => Pin::new(tls.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().below {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Transport::Secured(tls) => Pin::new(tls.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        if line.is_cut.get() {
            return Pin::new(line.socket()).poll_shutdown(cx);
        }
        match &mut line.below {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Transport::Secured(tls) => Pin::new(tls.as_mut()).poll_shutdown(cx),
        }
    }
}
