//! The lines of core protocol 1: what the harness asks, and what a core answers. Each is one JSON object on one line.
//!
//! A field that is not known is ignored, so that every object may gain fields. Times are nanoseconds since the start of
//! the run.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the protocol. A change of meaning has another number; a field may be added without a change.
pub const CORE_PROTOCOL: u32 = 1;

/// A line from the harness to the core: `init` for a new world, else an `input`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Question {
    /// Begins a new world. Everything from an earlier one is forgotten.
    Init {
        /// The version of the protocol.
        #[serde(rename = "core-protocol")]
        core_protocol: u32,
        /// What the core is made with.
        init: Box<Init>,
    },
    /// Something happens.
    Input {
        /// The time since the start of the run, in nanoseconds. It never decreases.
        now: u64,
        /// The time on the device's clock, in seconds since 1970.
        wall: i64,
        /// What happens.
        input: InputLine,
    },
}

/// What a core is made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Init {
    /// What is expected of the core.
    pub level: Level,
    /// The index of the terminal among those of its world, from 0.
    pub index: u64,
    /// The seed for every random choice, in hexadecimal: the same seed has to give the same answers.
    pub seed: String,
    /// The settings.
    pub settings: SettingsLine,
}

/// How much of a terminal the core is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It decides when to dial, what to ask, when to ping and close; the harness has TCP, TLS, WebSocket and the device.
    Documents,
    /// It has a TLS and a WebSocket of its own; the harness has TCP and the device.
    Bytes,
}

/// The settings of a client core. Times are nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SettingsLine {
    /// The host name or address of the broker.
    pub host: String,
    /// The port of the broker.
    pub port: u16,
    /// Whether TLS is used.
    pub secure: bool,
    /// The HTTP proxy that tunnels the connection, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyLine>,
    /// The value of `x-vfi-pinpad-id`.
    pub pinpad_id: String,
    /// Whether Host names the port: `always`, `never`, or `auto` (only where it is not the default).
    pub host_port: String,
    /// Whether a space precedes the colon of `x-vfi-pinpad-id`.
    pub header_space_before_colon: bool,
    /// Whether a response without the subprotocol `sci` is refused.
    pub subprotocol_required: bool,
    /// Seconds between pings; 0 for none.
    pub ping_interval: u64,
    /// From power on to the first attempt.
    pub boot_time: u64,
    /// The limit for TCP to connect.
    pub connect_timeout: u64,
    /// The limit for the TLS handshake.
    pub tls_timeout: u64,
    /// The limit from the upgrade request to its response.
    pub upgrade_timeout: u64,
    /// The limit from a ping to its pong.
    pub pong_timeout: u64,
    /// The first pause between attempts, before jitter.
    pub retry_first: u64,
    /// The factor from one pause to the next.
    pub retry_growth: u64,
    /// The longest pause.
    pub retry_cap: u64,
    /// The most that jitter adds to a pause, in percent.
    pub retry_jitter: u64,
    /// The longest Retry-After that is honoured.
    pub retry_after_max: u64,
    /// The size of the largest message that is accepted, in bytes. The harness holds it, except at level `bytes`.
    pub message_size_max: u64,
}

/// What TLS works with, at level `bytes`: certificates and keys in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TlsLine {
    /// The trusted roots.
    pub roots: String,
    /// The revocation lists; empty if revocation is not checked.
    #[serde(default)]
    pub revocation_lists: String,
    /// The certificate chain to present; empty for none.
    pub certificate: String,
    /// The key of that certificate; empty for none.
    pub key: String,
    /// The versions to offer: `1.2`, `1.3` or `both`.
    pub versions: String,
    /// The key exchange group to offer, or `all`.
    pub groups: String,
    /// Whether sessions are resumed.
    pub resumption: bool,
}

/// An HTTP proxy. The harness asks it for the tunnel, with the credentials that it wants; a core never sees those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProxyLine {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// Text, or bytes in base64 where they are not UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Payload {
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The bytes, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
}

impl Payload {
    /// A payload of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self { text: Some(text.to_owned()), bytes: None },
            Err(_) => Self { text: None, bytes: Some(STANDARD.encode(bytes)) },
        }
    }

    /// Its bytes; none if it is neither text nor base64.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        match (&self.text, &self.bytes) {
            (Some(text), None) => Some(text.clone().into_bytes()),
            (None, Some(bytes)) => STANDARD.decode(bytes).ok(),
            (None, None) => Some(Vec::new()),
            (Some(_), Some(_)) => None,
        }
    }
}

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

/// A line from the core to the harness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// The core cannot do what it was asked for; the row is not applicable.
    Unsupported {
        /// Why.
        unsupported: String,
    },
    /// The answer to `init`.
    Ok {
        /// Who answers.
        ok: Introduction,
        /// The instant of the next tick; null if no timer runs.
        #[serde(default)]
        deadline: Option<u64>,
    },
    /// The answer to an input.
    Outputs {
        /// What the core orders and reports, in order.
        outputs: Vec<OutputLine>,
        /// The instant of the next tick; null if no timer runs.
        #[serde(default)]
        deadline: Option<u64>,
    },
}

/// How a core introduces itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Introduction {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// The level it plays.
    pub level: Level,
    /// What it can do beyond the least: `proxy`, `ping`.
    #[serde(default)]
    pub supports: Vec<String>,
}

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

/// The JSON Schema of every line: `question` from the harness, `answer` from the core.
#[must_use]
pub fn schema() -> serde_json::Value {
    let question = schemars::schema_for!(Question);
    let answer = schemars::schema_for!(Answer);
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("Core protocol {CORE_PROTOCOL}"),
        "$defs": { "question": question, "answer": answer },
        "anyOf": [{ "$ref": "#/$defs/question" }, { "$ref": "#/$defs/answer" }],
    })
}
