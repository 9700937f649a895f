//! What the terminal's end of a connection is made with.

use std::sync::Arc;

use rustls::ClientConfig;
use sca_core::TlsMaterial;

use crate::byte_cut::ByteCut;
use crate::tap::TapHandle;

/// Configuration of the terminal's end of a connection.
#[derive(Debug, Clone)]
pub struct ClientSetup {
    /// Maximum size of a received message, in bytes.
    pub message_size_max: usize,
    /// The cut in the plaintext that the terminal sends.
    pub cut: ByteCut,
    /// The tap at this end, if the broker's end is external.
    pub near: Option<TapHandle>,
    /// What the connection carries.
    pub carries: Carries,
}

impl ClientSetup {
    /// A connection of messages up to a size, with TLS if there is a configuration, that nothing cuts.
    #[must_use]
    pub fn messages(message_size_max: usize, secure: Option<Arc<ClientConfig>>) -> Self {
        Self { message_size_max, cut: ByteCut::default(), near: None, carries: Carries::Messages(secure) }
    }
}

/// What a connection carries between its end and the machine that decides.
#[derive(Debug, Clone)]
pub enum Carries {
    /// Messages: this end has TLS, if there is a configuration, and WebSocket.
    Messages(Option<Arc<ClientConfig>>),
    /// Bytes: the machine has TLS, with this if there is any, and WebSocket.
    Bytes(Option<Arc<TlsMaterial>>),
}
