//! What only a whole device has: cardholder, files, plain connections and a display (level `terminal`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a whole device is made with, beside what a client core is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceLine {
    /// Every setting of the terminal by its name, as `sca-sim settings` lists them.
    pub settings: BTreeMap<String, String>,
    /// The files on its flash at the start, by path, in base64.
    #[serde(default)]
    pub flash: BTreeMap<String, String>,
}

/// What the cardholder does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CardholderLine {
    /// Presses a button by its label, or `cancel`.
    Presses {
        /// The label.
        button: String,
    },
    /// Enters a text and confirms it.
    Enters {
        /// The text.
        text: String,
    },
    /// Presents a card.
    Presents {
        /// The card, by its name in scenarios.
        card: String,
        /// `taps`, `inserts`, `swipes` or `types`.
        entry: String,
    },
    /// Removes the card.
    Removes {},
    /// Signs on the screen.
    Signs {},
}

/// A plain TCP connection: its line (`primary`, `secondary`, `notices`, `host`, `estate`) and number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallLine {
    /// The line.
    pub line: String,
    /// The number on that line; it is never used again.
    pub number: u32,
}

/// An event on a plain TCP connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum CallEventLine {
    /// It is connected.
    Opened {},
    /// A whole document.
    Document {
        /// The document.
        text: String,
    },
    /// What came is no document; nothing more is read.
    Broken {
        /// Why.
        reason: String,
    },
    /// It could not be connected.
    Failed {
        /// The reason, as a scenario has it.
        reason: String,
    },
    /// It has ended.
    Ended {},
}

/// A change of the flash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FlashLine {
    /// A file was written.
    Write {
        /// Its path.
        path: String,
        /// Its content, in base64.
        bytes: String,
    },
    /// A file was renamed.
    Rename {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A file was removed.
    Remove {
        /// Its path.
        path: String,
    },
}

/// What a device shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DisplayLine {
    /// The screen, by its name in scenarios.
    pub screen: String,
    /// Its sentence; may be empty.
    #[serde(default)]
    pub text: String,
    /// Its fields, in order.
    #[serde(default)]
    pub fields: Vec<(String, String)>,
    /// Whether the icon shows that the link is up.
    pub connected: bool,
    /// The file of that icon, in base64; null if there is none.
    #[serde(default)]
    pub icon: Option<String>,
}

/// How a device dials, where that is not as its settings say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RouteLine {
    /// The HTTP proxy; null for none.
    #[serde(default)]
    pub proxy: Option<DeviceProxyLine>,
    /// The file with the roots that TLS trusts; empty for the built-in ones.
    #[serde(default)]
    pub roots: String,
    /// TCP keep-alive: whether probes are sent (1), how many go unanswered, seconds before the first, seconds between.
    #[serde(default)]
    pub keep_alive: [u64; 4],
}

/// An HTTP proxy with its credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceProxyLine {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user, if it asks for one.
    #[serde(default)]
    pub user: Option<String>,
    /// The password of that user.
    #[serde(default)]
    pub password: Option<String>,
}
