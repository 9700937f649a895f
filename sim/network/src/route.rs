//! The way to a broker, and what becomes of an attempt to go it.

use std::time::Duration;

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
