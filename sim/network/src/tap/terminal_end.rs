//! The terminal's end of a stream, with or without a tap.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::tapped::Tapped;
use crate::stream::Stream;

/// The terminal's end of a stream.
#[derive(Debug)]
pub(crate) enum TerminalEnd {
    /// Without a tap.
    Bare(Stream),
    /// With a tap.
    Tapped(Box<Tapped>),
}

impl TerminalEnd {
    /// Ends the stream with a reset.
    pub(crate) fn reset(&mut self) {
        match self {
            Self::Bare(stream) => stream.reset(),
            Self::Tapped(tapped) => tapped.reset(),
        }
    }
}

impl AsyncRead for TerminalEnd {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Bare(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tapped(tapped) => Pin::new(&mut **tapped).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for TerminalEnd {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Bare(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tapped(tapped) => Pin::new(&mut **tapped).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Bare(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tapped(tapped) => Pin::new(&mut **tapped).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Bare(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tapped(tapped) => Pin::new(&mut **tapped).poll_shutdown(cx),
        }
    }
}
