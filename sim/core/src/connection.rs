//! One connection to the broker: its number, its target, and what is told about it.

use std::sync::Arc;

use sca_protocol::Reason;
use sca_protocol::handshake::Head;

/// The number of one connection of a terminal: TCP, TLS and WebSocket together. Numbers are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

/// The address to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The host name or IP address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether TLS is used (wss rather than ws).
    pub secure: bool,
}

/// What a connection carries between a client core and its transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layer {
    /// Documents: the transport has TCP, TLS and WebSocket.
    #[default]
    Documents,
    /// Bytes: the transport has TCP alone, and the core its own TLS and WebSocket.
    Bytes,
}

/// What a core with a TLS of its own works with: certificates and keys in PEM, and the settings for TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsMaterial {
    /// The trusted roots.
    pub roots: String,
    /// The revocation lists; empty if revocation is not checked.
    pub revocation_lists: String,
    /// The certificate chain to present; empty for none.
    pub certificate: String,
    /// The key of that certificate; empty for none.
    pub key: String,
    /// The TLS versions to offer: `1.2`, `1.3` or `both`.
    pub versions: String,
    /// The key exchange group to offer, or `all`.
    pub groups: String,
    /// Whether sessions are resumed.
    pub resumption: bool,
}

/// An event on a WebSocket connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// TCP is connected.
    Opened,
    /// TCP is connected, on a connection of [`Layer::Bytes`], with what TLS works with where the target is secure.
    Reached(Option<Arc<TlsMaterial>>),
    /// Bytes, on a connection of [`Layer::Bytes`].
    Bytes(Vec<u8>),
    /// The broker sends nothing more, on a connection of [`Layer::Bytes`].
    Ended,
    /// The connection was reset, on a connection of [`Layer::Bytes`].
    Reset,
    /// The TLS handshake is complete on this side. The broker may still refuse this terminal's certificate.
    Secured,
    /// The head of the upgrade response has arrived.
    Answered(Head),
    /// The attempt failed before the link was up.
    Failed(Reason),
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A pong with its payload.
    Pong(Vec<u8>),
    /// The broker sent a close frame, which the transport has answered.
    Closed,
    /// The broker violated the WebSocket protocol; the close code to send.
    Violation(u16),
    /// The connection was lost after the link was up, without a close frame.
    Lost,
}

/// An observation of the terminal's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkReport {
    /// An attempt begins.
    Attempts,
    /// An attempt failed.
    Fails(Reason),
    /// The link is up.
    Connects,
    /// The link was up and is lost.
    Loses,
}
