//! The dialer: opens connections in the memory network or by real sockets.

use sca_protocol::Reason;

use crate::events::Tag;
use crate::memory::MemoryNetwork;
use crate::route::Route;
use crate::socket::SocketDialer;
use crate::stream::Stream;

/// Opens connections in the memory network or by real sockets.
#[derive(Clone)]
pub enum Dialer {
    /// In the memory network.
    Memory(MemoryNetwork),
    /// By real sockets.
    Socket(SocketDialer),
}

impl Dialer {
    /// Connects. If nothing answers, the future never completes: the caller has a timeout.
    ///
    /// # Errors
    /// The [`Reason`] why the attempt failed.
    pub async fn dial(&self, route: &Route, tag: Tag) -> Result<Stream, Reason> {
        match self {
            Self::Memory(network) => network.dial(route, tag).await,
            Self::Socket(dialer) => dialer.dial(route, tag).await,
        }
    }
}
