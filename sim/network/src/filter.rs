//! The filter that makes a socket deaf.

use std::io;

use socket2::{SockFilter, SockRef};

/// Makes a socket hear nothing any more, not even that what it sends has arrived.
pub(crate) fn deafen(socket: &SockRef<'_>) -> io::Result<()> {
    // The classic program `ret 0`: accept no byte of any packet.
    socket.attach_filter(&[SockFilter::new(0x06, 0, 0, 0)])
}
