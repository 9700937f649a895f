//! A byte stream: in memory or on a TCP socket. Only this lowest layer differs between virtual and real time.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::memory::MemoryEnd;
use crate::socket_filter::deafen;

/// One end of a byte stream.
#[derive(Debug)]
pub enum Stream {
    /// In the memory network.
    Memory(MemoryEnd),
    /// On a TCP socket.
    Socket(TcpStream),
}

impl Stream {
    /// Ends the stream with a reset: at once in memory, on drop for a socket.
    pub fn reset(&mut self) {
        match self {
            Self::Memory(end) => end.reset(),
            // A linger time of zero turns the close into RST; a socket that refuses the option is closed already.
            Self::Socket(socket) => drop(socket2::SockRef::from(&*socket).set_linger(Some(std::time::Duration::ZERO))),
        }
    }
}

impl Stream {
    /// Drops everything that arrives, acknowledgements included: a filter on the socket drops every packet. In memory
    /// the tap stops reading instead, which has the same effect.
    pub(crate) fn deafen(&self) {
        if let Self::Socket(socket) = self {
            // A socket that refuses the filter is closed already.
            drop(deafen(&socket2::SockRef::from(socket)));
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Memory(end) => Pin::new(end).poll_read(cx, buf),
            Self::Socket(socket) => Pin::new(socket).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Memory(end) => Pin::new(end).poll_write(cx, buf),
            Self::Socket(socket) => Pin::new(socket).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Memory(end) => Pin::new(end).poll_flush(cx),
            Self::Socket(socket) => Pin::new(socket).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Memory(end) => Pin::new(end).poll_shutdown(cx),
            Self::Socket(socket) => Pin::new(socket).poll_shutdown(cx),
        }
    }
}

/// Size of the read buffer, in bytes.
const READ_BUFFER: usize = 4 * 1024;

/// Reads what is available and appends it; 0 at the end of the stream. The buffer is on the stack of one poll, so that
/// no connection stores it.
pub(crate) fn poll_read_some<S: AsyncRead + Unpin>(
    stream: &mut S,
    into: &mut Vec<u8>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut chunk = [MaybeUninit::uninit(); READ_BUFFER];
    let mut buf = ReadBuf::uninit(&mut chunk);
    Pin::new(stream).poll_read(cx, &mut buf).map_ok(|()| {
        into.extend_from_slice(buf.filled());
        buf.filled().len()
    })
}

/// Async variant of [`poll_read_some`].
pub(crate) async fn read_some<S: AsyncRead + Unpin>(stream: &mut S, into: &mut Vec<u8>) -> io::Result<usize> {
    poll_fn(|cx| poll_read_some(stream, into, cx)).await
}
