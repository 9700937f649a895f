//! The route to a broker, and the outcome of dialling it, chosen in advance.

use std::time::Duration;

use sca_protocol::handshake::Proxy;
use sca_protocol::settings::KeepAlive;

/// The outcome of one dial attempt, decided before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialOutcome {
    /// The broker is reached.
    Connect,
    /// The port is closed: the connection is refused.
    Refuse,
    /// The name does not resolve.
    Dns,
    /// Every packet is lost: the attempt never completes.
    Lost,
    /// The name has two addresses: the first refuses, the broker is at the second.
    FirstRefuses,
    /// The name has two addresses: packets to the first are lost, the broker is at the second.
    FirstLost,
}

/// How to reach a broker or another peer.
#[derive(Debug, Clone)]
pub struct Route {
    /// The name or address of the peer.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The HTTP proxy that tunnels the connection, if there is one.
    pub via: Option<Proxy>,
    /// Timeout for each address but the last, before the next one is tried.
    pub address_timeout: Duration,
    /// TCP keep-alive of the connection; without effect in the memory network.
    pub keep_alive: KeepAlive,
    /// The chosen outcome of the attempt.
    pub outcome: DialOutcome,
}

impl Route {
    /// A direct route without a proxy.
    #[must_use]
    pub fn direct(host: String, port: u16) -> Self {
        Self {
            host,
            port,
            via: None,
            address_timeout: ADDRESS_TIMEOUT,
            keep_alive: KeepAlive::default(),
            outcome: DialOutcome::Connect,
        }
    }
}

/// The default timeout per address.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(3);
