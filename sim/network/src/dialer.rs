//! The two worlds of a connection: memory and sockets.

use sca_protocol::Reason;

use crate::events::Tag;
use crate::memory::MemoryNetwork;
use crate::route::Route;
use crate::socket::SocketDialer;
use crate::stream::Stream;

/// The way to a broker, in memory or by sockets.
#[derive(Clone)]
pub enum Dialer {
    /// In memory.
    Memory(MemoryNetwork),
    /// By sockets.
    Socket(SocketDialer),
}

impl Dialer {
    /// Connects, or says why not. Without an answer it waits for ever: the caller has a deadline.
    ///
    /// # Errors
    /// The [`Reason`] the attempt failed for.
    pub async fn dial(&self, route: &Route, tag: Tag) -> Result<Stream, Reason> {
        match self {
            Self::Memory(network) => network.dial(route, tag).await,
            Self::Socket(dialer) => dialer.dial(route, tag).await,
        }
    }
}
