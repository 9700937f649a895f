//! The version of a document that is read again.

/// Says of a document that it is of another version than the one that is known.
pub(crate) fn is_of_version(value: &serde_json::Value, known: u32) -> Result<(), String> {
    match value.get("version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(known) => Ok(()),
        Some(other) => Err(format!("it is of version {other}, and {known} is known")),
        None => Err("it has no version".to_owned()),
    }
}
