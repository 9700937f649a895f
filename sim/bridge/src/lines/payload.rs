//! Text that may be no text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
