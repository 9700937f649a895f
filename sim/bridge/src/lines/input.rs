//! What happens to a core.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CallEventLine, CallLine, CardholderLine, Payload, SettingsLine, TlsLine};

/// What happens to a core.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InputLine {
    /// The device has power.
    Start {},
    /// The power is cut.
    Stop {},
    /// The device restarts: close cleanly with this code.
    Leave {
        /// The close code.
        code: u16,
    },
    /// A deadline has passed.
    Tick {},
    /// An event on a connection.
    Link {
        /// The connection.
        connection: u32,
        /// The event.
        #[serde(flatten)]
        event: EventLine,
    },
    /// A document to send.
    Send {
        /// The document.
        text: String,
    },
    /// The settings have changed. Timers that run keep their instant.
    Configure {
        /// The new settings.
        settings: Box<SettingsLine>,
        /// Every setting of the terminal by its name, at level `terminal`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terminal: Option<BTreeMap<String, String>>,
    },
    /// The cardholder does something, at level `terminal`.
    Cardholder(CardholderLine),
    /// A file of the flash is written or removed from outside, at level `terminal`.
    File {
        /// Its path.
        path: String,
        /// Its content, in base64; null if it is removed.
        #[serde(default)]
        bytes: Option<String>,
    },
    /// An event on a plain TCP connection, at level `terminal`.
    Call {
        /// The connection.
        #[serde(flatten)]
        call: CallLine,
        /// The event.
        #[serde(flatten)]
        event: CallEventLine,
    },
}

/// An event on a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventLine {
    /// TCP is connected; through the proxy, if there is one.
    Opened {
        /// What TLS works with, at level `bytes` with a secure target.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tls: Option<Box<TlsLine>>,
    },
    /// Bytes, at level `bytes`.
    Bytes {
        /// They, in base64.
        bytes: String,
    },
    /// The broker sends nothing more, at level `bytes`.
    Ended {},
    /// The connection was reset, at level `bytes`.
    Reset {},
    /// The TLS handshake is complete on this side.
    Secured {},
    /// The head of the upgrade response has arrived.
    Answered {
        /// The status.
        status: u16,
        /// The minor version of HTTP/1.
        version: u8,
        /// Names as written, with trimmed values.
        headers: Vec<(String, String)>,
    },
    /// The attempt failed before the link was up.
    Failed {
        /// The reason, as a scenario has it: `refused`, `tls expired`.
        reason: String,
    },
    /// A text message.
    Text {
        /// The text.
        text: String,
    },
    /// A binary message.
    Binary {
        /// Its content.
        #[serde(flatten)]
        payload: Payload,
    },
    /// A pong.
    Pong {
        /// Its payload.
        #[serde(flatten)]
        payload: Payload,
    },
    /// The broker sent a close frame, which the transport has answered.
    Closed {},
    /// The broker violated the WebSocket protocol.
    Violation {
        /// The close code to send.
        code: u16,
    },
    /// The connection was lost without a close frame.
    Lost {},
}
