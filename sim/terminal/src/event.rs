//! What a terminal is told, and what it wants done.

use sca_protocol::Reason;
use sca_protocol::handshake::Head;

/// One connection of one terminal: TCP, TLS and WebSocket together. Numbers are never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

/// Where to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// wss rather than ws.
    pub secure: bool,
}

/// What a terminal is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Somebody switches it on.
    PowerOn,
    /// Somebody pulls the plug.
    PowerOff,
    /// The cardholder does something.
    Cardholder(Cardholder),
    /// A deadline it asked for has come.
    Tick,
    /// Something happened on a connection, perhaps on an old one.
    Link {
        /// The connection.
        connection: ConnectionId,
        /// What happened.
        event: LinkEvent,
    },
}

/// What a cardholder does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cardholder {
    /// Presses a button by its label, or `cancel`.
    Presses(String),
    /// Enters a text and confirms it.
    Enters(String),
}

/// What happens on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// TCP stands.
    Opened,
    /// This side's TLS handshake is done. The broker may still refuse this terminal's certificate.
    Secured,
    /// The head of the answer to the upgrade is here.
    Answered(Head),
    /// It ended before it was up.
    Failed(Reason),
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A pong with its payload.
    Pong(Vec<u8>),
    /// The broker sent a close, which the transport has answered.
    Closed,
    /// The broker broke the protocol; the close code it deserves.
    Violation(u16),
    /// It ended after it was up, without a close.
    Lost,
}

/// What a terminal wants done, or reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Connect, with TLS if the target is secure.
    Dial {
        /// The new connection.
        connection: ConnectionId,
        /// Where to.
        target: Target,
    },
    /// Send these bytes and read the head of an answer.
    Request {
        /// The connection.
        connection: ConnectionId,
        /// The upgrade request.
        bytes: Vec<u8>,
    },
    /// The answer is accepted: WebSocket from here on.
    Open {
        /// The connection.
        connection: ConnectionId,
    },
    /// Send a text message.
    Text {
        /// The connection.
        connection: ConnectionId,
        /// The message.
        text: String,
    },
    /// Send a ping.
    Ping {
        /// The connection.
        connection: ConnectionId,
        /// Its payload.
        payload: Vec<u8>,
    },
    /// Send a close, then leave the connection in good manners.
    Close {
        /// The connection.
        connection: ConnectionId,
        /// The close code.
        code: u16,
        /// The mask of the frame.
        mask: [u8; 4],
    },
    /// Abandon a connection at once.
    Drop {
        /// The connection.
        connection: ConnectionId,
    },
    /// Something a scenario can expect.
    Seen(Seen),
    /// An answer rests on this assumption.
    Assumed(&'static str),
}

/// What a terminal reports of its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// An attempt begins.
    Attempts,
    /// An attempt failed.
    Fails(Reason),
    /// The link is up.
    Connects,
    /// The link was up and is lost.
    Loses,
}
