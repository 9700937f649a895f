//! The version of a document that is read again.

use crate::error::ReadError;

/// Checks that a document is of the known version.
pub(crate) fn is_of_version(value: &serde_json::Value, known: u32) -> Result<(), ReadError> {
    match value.get("version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(known) => Ok(()),
        Some(got) => Err(ReadError::Version { expected: known, got }),
        None => Err(ReadError::NoVersion),
    }
}
