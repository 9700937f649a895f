//! What a core asks for and reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CallLine, FlashLine, Payload, RouteLine};

/// What a core orders or reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutputLine {
    /// An observation of the link.
    Report(ReportLine),
    /// Connect to the broker.
    Dial {
        /// The new connection; a number that was never used before.
        connection: u32,
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// Whether TLS is used.
        secure: bool,
        /// The way there, at level `terminal`, where it is not as the settings say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        route: Option<Box<RouteLine>>,
    },
    /// Send bytes, at level `bytes`.
    Bytes {
        /// The connection.
        connection: u32,
        /// They, in base64.
        bytes: String,
    },
    /// Send nothing more, at level `bytes`: the connection is over.
    End {
        /// The connection.
        connection: u32,
    },
    /// Reset a connection, at level `bytes`.
    Reset {
        /// The connection.
        connection: u32,
    },
    /// Send the upgrade request.
    Request {
        /// The connection.
        connection: u32,
        /// The request, with its line ends and the empty line.
        head: String,
    },
    /// Accept the upgrade response.
    Open {
        /// The connection.
        connection: u32,
    },
    /// Send a text message.
    Text {
        /// The connection.
        connection: u32,
        /// The text.
        text: String,
    },
    /// Send a ping.
    Ping {
        /// The connection.
        connection: u32,
        /// Its payload.
        #[serde(flatten)]
        payload: Payload,
    },
    /// Send a close frame and close the connection cleanly.
    Close {
        /// The connection.
        connection: u32,
        /// The close code.
        code: u16,
    },
    /// Abandon a connection at once.
    Drop {
        /// The connection.
        connection: u32,
    },
    /// A document for the device.
    Received {
        /// The connection on which it arrived.
        connection: u32,
        /// The document.
        text: String,
    },
    /// A binary message for the device.
    ReceivedBinary {
        /// The connection on which it arrived.
        connection: u32,
    },
    /// Connect a plain TCP connection to a host, or to the POS that listens for notices, at level `terminal`.
    Call {
        /// The new connection.
        #[serde(flatten)]
        call: CallLine,
        /// The address of the POS: host and port; null for a host, whose address the harness knows.
        #[serde(default)]
        address: Option<(String, u16)>,
    },
    /// Send a document on a plain TCP connection, at level `terminal`.
    Say {
        /// The connection.
        #[serde(flatten)]
        call: CallLine,
        /// The document.
        text: String,
    },
    /// End a plain TCP connection when everything is sent, at level `terminal`.
    HangUp {
        /// The connection.
        #[serde(flatten)]
        call: CallLine,
    },
    /// Open the classic ports or close them, at level `terminal`.
    Listen {
        /// Whether they are open.
        open: bool,
    },
    /// The flash has changed, at level `terminal`.
    Flash(FlashLine),
    /// The device's clock is set, at level `terminal`.
    Clock {
        /// The time in seconds since 1970.
        wall: i64,
    },
    /// The power has failed during a write to the flash, at level `terminal`.
    PowerLost {},
}

/// An observation of the link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "link", rename_all = "kebab-case")]
pub enum ReportLine {
    /// An attempt begins.
    Attempts {},
    /// The attempt failed.
    Fails {
        /// The reason, as a scenario has it: `refused`, `http 503`. At level `bytes` also `tls` and `handshake` alone, if
        /// it is not known why.
        reason: String,
    },
    /// The link is up.
    Connects {},
    /// The link was up and is lost.
    Loses {},
}
