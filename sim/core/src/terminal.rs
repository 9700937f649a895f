//! The contract of a terminal, its inputs and its outputs.

use std::time::Duration;

use sca_protocol::cards::{Card, Entry};
use sca_protocol::handshake::Proxy;
use sca_protocol::settings::{KeepAlive, TerminalSettings};
use sca_protocol::{Chance, Line, Now, Reason, UnixTime};

use crate::connection::{ConnectionId, Layer, LinkEvent, LinkReport, Target};
use crate::display::Display;
use crate::flash::{Flash, FlashChange};
use crate::trouble::Trouble;

/// A terminal: a whole device as a state machine that takes inputs and returns outputs, without I/O or a clock of its
/// own. `sca_terminal::SimulatedTerminal` implements it around any [`ClientCore`](crate::ClientCore).
///
/// The world calls [`handle`](Self::handle) with a time that never steps back, and again with [`Input::Tick`] no later
/// than [`deadline`](Self::deadline). Outputs are carried out in their order.
pub trait Terminal {
    /// Handles one input at `now` and returns the resulting outputs, in order.
    fn handle(&mut self, now: Now, input: Input) -> Vec<Output>;
    /// The instant, counted from the start of the run, by which [`Input::Tick`] is due; `None` if no timer runs.
    fn deadline(&self) -> Option<Duration>;
    /// What its display shows now: screen and status bar.
    fn display(&self) -> Display;
    /// Changes the settings while the terminal runs; operations in progress keep the old ones.
    fn configure(&mut self, settings: TerminalSettings);
    /// What keeps the terminal from going on, if anything does.
    fn trouble(&self) -> Option<Trouble> {
        None
    }
}

/// The parameters from which a terminal is made.
#[derive(Debug, Clone)]
pub struct TerminalConfig {
    /// Its settings.
    pub settings: TerminalSettings,
    /// The broker that it connects to.
    pub target: Target,
    /// The random source of its world.
    pub chance: Chance,
    /// Its index among the terminals of its world, from 0.
    pub index: u64,
    /// The content of its flash at the start.
    pub flash: Flash,
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

/// The direction of a document, as seen from the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// From the broker to the device.
    Received,
    /// From the device to the broker.
    Sent,
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
        /// What the connection carries.
        layer: Layer,
    },
    /// Send bytes, on a connection of [`Layer::Bytes`].
    Bytes {
        /// The connection.
        connection: ConnectionId,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Send nothing more, on a connection of [`Layer::Bytes`]; it is over.
    End {
        /// The connection.
        connection: ConnectionId,
    },
    /// Reset a connection of [`Layer::Bytes`].
    Reset {
        /// The connection.
        connection: ConnectionId,
    },
    /// A document passes between the device and a connection of [`Layer::Bytes`], where nobody else can see it: the device
    /// gives it to its client core just before the bytes that carry it, or has just received it.
    Document {
        /// The connection.
        connection: ConnectionId,
        /// Its direction.
        passage: Passage,
        /// The document; `None` for a binary message.
        text: Option<String>,
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
