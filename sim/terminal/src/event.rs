//! What a terminal is told, and what it wants done.

use sca_protocol::cards::{Card, Entry};
use sca_protocol::handshake::{Head, Proxy};
use sca_protocol::settings::KeepAlive;
use sca_protocol::{Line, Reason, UnixTime};

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

/// One plain TCP connection. Numbers are never used twice on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId {
    /// What it is for.
    pub line: Line,
    /// Which.
    pub number: u32,
}

/// What happens on a plain TCP connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEvent {
    /// It stands.
    Opened,
    /// A whole document.
    Document(String),
    /// What came is no document, or does not end in time; nothing that follows can be read.
    Broken(String),
    /// It did not come to stand.
    Failed(Reason),
    /// It is over.
    Ended,
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
    /// Somebody puts a file on the flash, or takes it away.
    File {
        /// Where.
        path: String,
        /// All of it; nothing to take it away.
        bytes: Option<Vec<u8>>,
    },
    /// A deadline it asked for has come.
    Tick,
    /// Something happened on a plain TCP connection, perhaps on an old one.
    Call {
        /// The connection.
        call: CallId,
        /// What happened.
        event: CallEvent,
    },
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
    /// Presents a card.
    Presents(&'static Card, Entry),
    /// Takes the card out of the reader.
    Removes,
    /// Signs on the screen.
    Signs,
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
        /// The proxy that opens the way, where there is one (WS-03).
        via: Option<Proxy>,
        /// How the system watches the TCP connection.
        keep_alive: KeepAlive,
        /// The file with the roots that TLS trusts; empty for those the device was made with.
        roots: String,
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
    /// Call a host, or the POS that listens for notices.
    Call {
        /// The new connection.
        call: CallId,
        /// Where to; the hosts are where the world has them.
        address: Option<(String, u16)>,
    },
    /// Say a document on a plain TCP connection.
    Say {
        /// The connection.
        call: CallId,
        /// The document.
        text: String,
    },
    /// End a plain TCP connection, once all is sent.
    HangUp {
        /// The connection.
        call: CallId,
    },
    /// Listen on the classic ports, or no longer.
    Listen(bool),
    /// The flash has changed.
    Flash(FlashOp),
    /// The device's clock shows this from now on.
    Clock(UnixTime),
    /// The power has failed by itself.
    PowerLost,
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

/// What happened to the flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlashOp {
    /// These bytes stand in a file now.
    Write {
        /// The file.
        path: String,
        /// All of it.
        bytes: Vec<u8>,
    },
    /// A file has another name now, and what had that name before is gone.
    Rename {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A file is gone.
    Remove {
        /// The file.
        path: String,
    },
}
