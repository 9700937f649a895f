//! Moves bytes: the memory network and real sockets, TLS, WebSocket, raw frames, and the primitives of faults.
//!
//! It decides nothing and has never heard of terminals or brokers: it posts what happened and takes orders.

mod arrivals;
mod call;
mod client;
mod held;
mod memory;
pub mod pem;
mod post;
mod prefix;
mod server;
mod socket;
mod stream;
mod tap;
pub mod tls;
mod upgrade;
mod weak;

pub use arrivals::{Arrivals, Arrived, Last, Layer, Spot};
pub use call::{CallEvent, CallLimits, CallOrder, Side, call as run_call, called as run_called};
pub use client::{ClientEvent, ClientOrder, ClientSetup, run as run_client};
pub use held::{Bounds, Budget, Held, Share};
pub use memory::{MemoryNetwork, Way};
pub use post::{Event, Mailbox, Posted, Pulse, Tag};
pub use prefix::PrefixCut;
pub use server::{Ending, ServerEvent, ServerOrder, ServerSetup, Tls as ServerTls, run as run_server};
pub use socket::{Listener, ShutListener, SocketDialer};
pub use stream::Stream;
pub use tap::{Cut, End, Point, TapHandle};

use std::time::Duration;

use sca_protocol::Reason;
use sca_protocol::handshake::Proxy;
use sca_protocol::settings::KeepAlive;

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
    /// The name has two addresses: nobody is at the first, the broker is at the second.
    FirstRefuses,
    /// The name has two addresses: packets to the first are lost, the broker is at the second.
    FirstLost,
}

/// The way to a broker, and what becomes of it.
#[derive(Debug, Clone)]
pub struct Route {
    /// The broker's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The proxy that opens the way, where there is one.
    pub via: Option<Proxy>,
    /// How long one address of several may take before the next is tried.
    pub address_timeout: Duration,
    /// How the system watches the connection; in memory there is nothing to watch.
    pub keep_alive: KeepAlive,
    /// What becomes of it.
    pub fate: Fate,
}

impl Route {
    /// The direct way.
    #[must_use]
    pub fn direct(host: String, port: u16) -> Self {
        Self {
            host,
            port,
            via: None,
            address_timeout: ADDRESS_TIMEOUT,
            keep_alive: KeepAlive::default(),
            fate: Fate::Connect,
        }
    }
}

/// Where nobody says otherwise.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(3);

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
