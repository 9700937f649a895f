//! What connections post and what they are told: the words between the machines that decide and the streams that carry.

use std::rc::Rc;

use sca_protocol::frame::Frame;
use sca_protocol::handshake::Head;
use sca_protocol::{Line, Reason};

use crate::held::Held;

/// Whose connection, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    /// The terminal's index in the world.
    pub terminal: u16,
    /// What a plain TCP connection is for; nothing for the link.
    pub line: Option<Line>,
    /// The number of its connection on that line.
    pub connection: u32,
}

/// A direction, seen from the terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// From the broker to the terminal.
    ToTerminal,
    /// From the terminal to the broker.
    FromTerminal,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// RST.
    Reset,
    /// FIN: nothing more is sent, what comes is read.
    Fin,
    /// Nothing at all any more, in both directions.
    Silence,
    /// Nothing at all, in both directions, until the tap is told to let things pass again.
    Hold,
    /// One byte is inverted, and the stream goes on.
    Corrupt,
}

/// A place in a TLS handshake. In TLS 1.3 a flight is one encrypted record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The terminal's first record.
    ClientHello,
    /// The broker's first record.
    ServerHello,
    /// What the broker sends after it.
    ServerFlight,
    /// What the terminal sends after that.
    ClientFlight,
}

/// An end at a place: after this many bytes of the record, its header included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The record.
    pub point: Point,
    /// Bytes of it that pass.
    pub offset: usize,
    /// What happens then.
    pub end: End,
}

/// What happened on one end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// On the terminal's end.
    Client(ClientEvent),
    /// On the broker's end.
    Server(ServerEvent),
    /// On an end of a plain TCP connection.
    Call(Side, CallEvent),
}

/// What happens on the terminal's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// TCP stands.
    Opened,
    /// This side's TLS handshake is done.
    Secured,
    /// The head of the answer to the upgrade.
    Answered(Head),
    /// It ended before it was up.
    Failed(Reason),
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// The broker's close, answered by the transport.
    Closed,
    /// The broker broke the protocol; the close code it deserves.
    Violation(u16),
    /// It ended after it was up, without a close.
    Lost,
}

/// What the terminal's end is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientOrder {
    /// Send the upgrade request and read the head of an answer.
    Request(Vec<u8>),
    /// WebSocket from here on.
    Open,
    /// Of the request or message that is ordered next so many bytes pass, then the connection ends like this.
    Cut(usize, End),
    /// Send a text message.
    Text(String),
    /// Send a binary message. A terminal never does; an echo has to.
    Binary(Vec<u8>),
    /// Send a ping.
    Ping(Vec<u8>),
    /// Send a close with this code and mask, then leave in good manners.
    Close(u16, [u8; 4]),
}

/// How a connection ended, as the broker saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The terminal ended it, or it was left in good manners.
    Fin,
    /// A reset, or an end without the manners of TLS.
    Broken,
}

/// What happens on the broker's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerEvent {
    /// TCP stands.
    Accepted,
    /// The proxy before the broker was asked for the way; the request as text.
    Proxied(String),
    /// TLS stands, the terminal's certificate included.
    Secured {
        /// The names in the certificate, if there is one.
        names: Vec<String>,
        /// Whether the keys of this connection can be made new.
        rekeys: bool,
    },
    /// It ended before the upgrade was asked for.
    Failed(Reason),
    /// A request for the upgrade, with its bytes as text, and whether more came before it was answered.
    Asked(Head, String, bool),
    /// A frame, with its size on the wire.
    Frame(Frame, usize),
    /// It is given up for what the other side does; it ends.
    GivenUp(&'static str),
    /// It is over.
    Ended(Ending),
}

/// What the broker's end is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerOrder {
    /// Send the answer to the upgrade; frames follow if `open`, else the end.
    Answer {
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether frames follow.
        open: bool,
    },
    /// Send these bytes, which may be a frame or part of one.
    Write(Vec<u8>),
    /// When everything before this is flushed, end the connection like this.
    Strike(End),
    /// Take new keys and tell the terminal so (RFC 8446, section 4.6.3). Where there are no such keys nothing happens.
    NewKeys,
    /// End in good manners.
    HangUp,
    /// Send these bytes, which others may be sent too, and let go of what they came of.
    Pass {
        /// The bytes.
        bytes: Rc<Vec<u8>>,
        /// What they came of.
        held: Held,
    },
}

/// What happens on one end of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEvent {
    /// It stands.
    Opened,
    /// A whole document.
    Document(String),
    /// What came is no document; nothing that follows can be read.
    Broken(String),
    /// It is given up for what the other side does; it ends.
    GivenUp(&'static str),
    /// It did not come to stand.
    Failed(Reason),
    /// It is over.
    Ended,
}

/// What one end of a call is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOrder {
    /// Send this text.
    Say(String),
    /// End the call, once all is sent.
    HangUp,
    /// End the call with a reset, at once.
    Reset,
}

/// Which end of a call: the terminal's, or that of whoever it speaks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The terminal's.
    Near,
    /// The other one.
    Far,
}
