//! The version of a document that is read again.

/// Checks that a document is of the known version.
pub(crate) fn is_of_version(value: &serde_json::Value, known: u32) -> Result<(), String> {
    match value.get("version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(known) => Ok(()),
        Some(other) => Err(format!("unsupported version {other}, expected {known}")),
        None => Err("the field `version` is missing".to_owned()),
    }
}
