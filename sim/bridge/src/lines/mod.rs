//! The lines of core protocol 1: what the harness asks, and what a core answers. Each is one JSON object on one line.
//!
//! A field that is not known is ignored, so that every object may gain fields. Times are nanoseconds since the start of
//! the run.

mod device;
mod input;
mod output;
mod payload;
mod settings;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::device::{
    CallEventLine, CallLine, CardholderLine, DeviceLine, DeviceProxyLine, DisplayLine, FlashLine, RouteLine,
};
pub use self::input::{EventLine, InputLine};
pub use self::output::{OutputLine, ReportLine};
pub use self::payload::Payload;
pub use self::settings::{ProxyLine, SettingsLine, TlsLine};

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
    /// What a whole device has beside them, at level `terminal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Box<DeviceLine>>,
}

/// How much of a terminal the core is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It decides when to dial, what to ask, when to ping and close; the harness has TCP, TLS, WebSocket and the device.
    Documents,
    /// It has a TLS and a WebSocket of its own; the harness has TCP and the device.
    Bytes,
    /// It is the whole device: screens, payments, files, classic ports; the harness has TCP, TLS and WebSocket.
    Terminal,
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
        /// What the device shows, at level `terminal`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        display: Option<DisplayLine>,
    },
    /// The answer to an input.
    Outputs {
        /// What the core orders and reports, in order.
        outputs: Vec<OutputLine>,
        /// The instant of the next tick; null if no timer runs.
        #[serde(default)]
        deadline: Option<u64>,
        /// What the device shows, at level `terminal`; it may be left out if nothing has changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        display: Option<DisplayLine>,
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
