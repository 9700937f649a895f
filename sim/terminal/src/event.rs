//! Inputs and outputs of a terminal.

use sca_protocol::cards::{Card, Entry};
use sca_protocol::handshake::{Head, Proxy};
use sca_protocol::settings::KeepAlive;
use sca_protocol::{Line, Reason, UnixTime};

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

/// The identity of a plain TCP connection. Numbers are never reused on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId {
    /// The purpose of the connection.
    pub line: Line,
    /// Its number.
    pub number: u32,
}

/// An event on a plain TCP connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEvent {
    /// The connection is established.
    Opened,
    /// A complete document.
    Document(String),
    /// Unreadable data or an incomplete document, with the reason; nothing after it is read.
    Broken(String),
    /// The connection could not be established.
    Failed(Reason),
    /// The connection has ended.
    Ended,
}

/// An input of a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The power is switched on.
    PowerOn,
    /// The power is cut.
    PowerOff,
    /// An action of the cardholder.
    Cardholder(Cardholder),
    /// A file on the flash is written or removed from outside.
    File {
        /// The path of the file.
        path: String,
        /// Its whole content; `None` to remove it.
        bytes: Option<Vec<u8>>,
    },
    /// A deadline has passed.
    Tick,
    /// An event on a plain TCP connection, possibly on one that has been given up.
    Call {
        /// The connection.
        call: CallId,
        /// The event.
        event: CallEvent,
    },
    /// An event on a WebSocket connection, possibly on one that has been given up.
    Link {
        /// The connection.
        connection: ConnectionId,
        /// The event.
        event: LinkEvent,
    },
}

/// An action of the cardholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cardholder {
    /// Presses a button by its label, or `cancel`.
    Presses(String),
    /// Enters a text and confirms it.
    Enters(String),
    /// Presents a card to a reader.
    Presents(&'static Card, Entry),
    /// Removes the card from the reader.
    Removes,
    /// Signs on the screen.
    Signs,
}

/// An event on a WebSocket connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// TCP is connected.
    Opened,
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

/// An output of a terminal: an order to carry out, or a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Connect, with TLS if the target is secure.
    Dial {
        /// The new connection.
        connection: ConnectionId,
        /// The target.
        target: Target,
        /// The HTTP proxy that tunnels the connection, if there is one (WS-03).
        via: Option<Proxy>,
        /// TCP keep-alive of the connection.
        keep_alive: KeepAlive,
        /// The file with the roots that TLS trusts; empty for the built-in roots.
        roots: String,
    },
    /// Send the upgrade request and read the head of the response.
    Request {
        /// The connection.
        connection: ConnectionId,
        /// The upgrade request.
        bytes: Vec<u8>,
    },
    /// Accept the upgrade response: WebSocket from here on.
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
    /// Send a close frame, then close the connection cleanly.
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
    /// An observation of the link that a scenario can expect.
    LinkReport(LinkReport),
    /// Connect to a host, or to the POS that listens for notices.
    Call {
        /// The new connection.
        call: CallId,
        /// The address of the POS; `None` for a host, whose address the world knows.
        address: Option<(String, u16)>,
    },
    /// Send a document on a plain TCP connection.
    Say {
        /// The connection.
        call: CallId,
        /// The document.
        text: String,
    },
    /// Send everything that is queued, then close a plain TCP connection.
    HangUp {
        /// The connection.
        call: CallId,
    },
    /// Open the classic ports, or close them.
    Listen(bool),
    /// The flash has changed.
    Flash(FlashChange),
    /// The device's clock is set to this time.
    Clock(UnixTime),
    /// The power has failed during a write to the flash.
    PowerLost,
    /// The terminal's behaviour rests on this assumption.
    Assumed(&'static str),
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

/// A change of the flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlashChange {
    /// A file has been written, replacing its old content.
    Write {
        /// The path.
        path: String,
        /// The whole content.
        bytes: Vec<u8>,
    },
    /// A file has been renamed, replacing any file of that name.
    Rename {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A file has been removed.
    Remove {
        /// The path.
        path: String,
    },
}
