//! Runs `tshark`, which dissects packet captures.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// Why packets cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PacketsError {
    /// tshark is not installed.
    #[error("reading packets requires tshark, which is not installed; on Debian: apt-get install tshark")]
    NoTshark,
    /// tshark cannot be started.
    #[error("cannot start tshark: {0}")]
    Start(io::Error),
    /// tshark cannot read the file at all.
    #[error("tshark cannot read it: {0}")]
    Tshark(String),
}

/// Runs tshark. Returns its output, and its last error line if it failed.
pub(super) fn tshark(
    file: &Path,
    keys: Option<&Path>,
    arguments: &[&str],
) -> Result<(String, Option<String>), PacketsError> {
    let mut command = Command::new("tshark");
    // TCP payloads are parsed here; tshark's WebSocket dissector is slow with thousands of fragments.
    command.args(["-n", "--disable-protocol", "websocket", "-r"]).arg(file).stdin(Stdio::null());
    if let Some(keys) = keys {
        command.arg("-o").arg(format!("tls.keylog_file:{}", keys.display()));
    }
    let output = command.args(arguments).output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => PacketsError::NoTshark,
        _ => PacketsError::Start(error),
    })?;
    let complaint = (!output.status.success()).then(|| {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut lines = text.lines().filter(|line| !line.starts_with("Running as user") && !line.trim().is_empty());
        lines.next_back().unwrap_or("no error message").to_owned()
    });
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), complaint))
}
