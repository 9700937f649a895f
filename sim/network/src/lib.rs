//! Moves bytes: the memory network and real sockets, TLS, WebSocket, raw frames, and the primitives of faults.
//!
//! It decides nothing and has never heard of terminals or brokers: it posts what happened and takes orders.

mod call;
mod client;
mod memory;
pub mod pem;
mod post;
mod server;
mod socket;
mod stream;
mod tap;
pub mod tls;
mod upgrade;

pub use call::{CallEvent, CallLimits, CallOrder, Side, call as run_call, called as run_called};
pub use client::{ClientEvent, ClientLimits, ClientOrder, run as run_client};
pub use memory::{MemoryNetwork, Way};
pub use post::{Event, Mailbox, Posted, Pulse, Tag};
pub use server::{Ending, ServerEvent, ServerOrder, Tls as ServerTls, run as run_server};
pub use socket::{Listener, SocketDialer};
pub use stream::Stream;
pub use tap::{Cut, End, Point, TapHandle};

use sca_protocol::Reason;

/// What becomes of one attempt to connect, decided before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It reaches the broker.
    Connect,
    /// The port is closed.
    Refuse,
    /// The name has no address.
    Dns,
    /// Every packet is lost.
    Lost,
}

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
    pub async fn dial(&self, host: &str, port: u16, fate: Fate, tag: Tag) -> Result<Stream, Reason> {
        match self {
            Self::Memory(network) => network.dial(fate, tag).await,
            Self::Socket(dialer) => dialer.dial(host, port, fate, tag).await,
        }
    }
}
