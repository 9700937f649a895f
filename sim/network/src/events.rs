//! Events that connections post, and orders that they take from the machines that decide.

use std::rc::Rc;

use sca_core::LinkEvent;
use sca_protocol::frame::Frame;
use sca_protocol::handshake::Head;
use sca_protocol::{Line, Reason};

use crate::backpressure::Held;

/// The identity of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    /// The terminal's index in the world.
    pub terminal: u16,
    /// The purpose of a plain TCP connection; `None` for the WebSocket connection.
    pub line: Option<Line>,
    /// The number of the connection, unique per terminal and line.
    pub connection: u32,
}

/// The direction of data, as seen from the terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the broker to the terminal.
    ToTerminal,
    /// From the terminal to the broker.
    FromTerminal,
}

/// A primitive of faults: how a stream ends or is disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// RST.
    Reset,
    /// FIN: nothing more is sent, but what arrives is still read.
    Fin,
    /// Permanent silence: nothing passes any more, in either direction.
    Silence,
    /// Temporary silence: nothing passes, in either direction, until the tap is told to let data pass again.
    Hold,
    /// One byte is inverted, and the stream continues.
    Corrupt,
}

/// A handshake record in which a cut can be made. In TLS 1.3 a flight is one encrypted record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The terminal's first record.
    ClientHello,
    /// The broker's first record.
    ServerHello,
    /// The broker's next flight.
    ServerFlight,
    /// The terminal's flight after that.
    ClientFlight,
}

/// A fault in a TLS handshake: after this many bytes of a record, its header included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The record.
    pub point: Point,
    /// How many bytes of it pass.
    pub offset: usize,
    /// The fault that follows them.
    pub end: End,
}

/// An event on one end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An event on the terminal's end.
    Client(LinkEvent),
    /// An event on the broker's end.
    Server(ServerEvent),
    /// An event on one end of a plain TCP connection.
    Call(Side, CallEvent),
}

/// An order to the terminal's end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientOrder {
    /// Send the upgrade request and read the head of the response.
    Request(Vec<u8>),
    /// Accept the response: WebSocket from here on.
    Open,
    /// Let this many bytes of the next request or message pass, then end the connection like this.
    Cut(usize, End),
    /// Send a text message.
    Text(String),
    /// Send a binary message. Terminals never do; an echoing client has to.
    Binary(Vec<u8>),
    /// Send a ping.
    Ping(Vec<u8>),
    /// Send a close frame with this code and mask, then close the connection cleanly.
    Close(u16, [u8; 4]),
    /// Send bytes, on a connection of bytes.
    Bytes(Vec<u8>),
    /// Send nothing more, on a connection of bytes, and drop it when the broker has closed it too.
    End,
    /// Reset a connection of bytes.
    Reset,
}

/// How a connection ended, as seen by the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With FIN, or with a clean close by either side.
    Fin,
    /// With an error: a reset, EOF without close_notify, unreadable data, or a timeout of the broker.
    Broken,
}

/// An event on the broker's end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerEvent {
    /// TCP is connected.
    Accepted,
    /// The proxy in front of the broker received a CONNECT request; the request as text.
    Proxied(String),
    /// The TLS handshake is complete, including the terminal's certificate.
    Secured {
        /// The names in the terminal's certificate, empty without one.
        names: Vec<String>,
        /// Whether the keys of this connection can be updated (TLS 1.3).
        rekeys: bool,
    },
    /// The connection failed before the upgrade request.
    Failed(Reason),
    /// An upgrade request, its bytes as text, and whether more bytes arrived before the response.
    Asked(Head, String, bool),
    /// A frame, with its size on the wire in bytes.
    Frame(Frame, usize),
    /// The connection is given up because of what the other side does; the text completes "it …".
    GivenUp(&'static str),
    /// The connection has ended.
    Ended(Ending),
}

/// An order to the broker's end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerOrder {
    /// Send the response to the upgrade; then read frames if `open`, otherwise close.
    Answer {
        /// The bytes of the response.
        bytes: Vec<u8>,
        /// Whether the upgrade is accepted.
        open: bool,
    },
    /// Send these bytes: a frame, a part of one, or anything else.
    Write(Vec<u8>),
    /// Flush everything ordered before this, then end the connection like this.
    Strike(End),
    /// Update the sending keys and announce it to the terminal (RFC 8446, section 4.6.3). Does nothing without TLS 1.3.
    NewKeys,
    /// Close the connection cleanly.
    HangUp,
    /// Forward these bytes, shared with other recipients, and release their backpressure once they are written.
    Pass {
        /// The bytes.
        bytes: Rc<Vec<u8>>,
        /// The backpressure hold of the frame that they were forwarded from.
        held: Held,
    },
}

/// An event on one end of a plain TCP connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEvent {
    /// The connection is established.
    Opened,
    /// A complete document.
    Document(String),
    /// Unreadable data, with the reason; nothing after it is read.
    Broken(String),
    /// The connection is given up because of what the other side does; the text completes "it …".
    GivenUp(&'static str),
    /// The connection could not be established.
    Failed(Reason),
    /// The connection has ended.
    Ended,
}

/// An order to one end of a plain TCP connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOrder {
    /// Send this document.
    Say(String),
    /// Send everything that is queued, then close the connection cleanly.
    HangUp,
    /// Reset the connection at once.
    Reset,
}

/// An end of a plain TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The terminal's end.
    Near,
    /// The end of the POS or the host.
    Far,
}
