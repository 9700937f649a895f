//! Runs `tshark`, which takes packets apart.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// Why packets cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PacketsError {
    /// There is no tshark.
    #[error("packets are read through tshark, which is not there; on Debian: apt-get install tshark")]
    NoTshark,
    /// tshark cannot be started.
    #[error("tshark cannot be started: {0}")]
    Start(io::Error),
    /// tshark cannot read the file at all.
    #[error("tshark cannot read it: {0}")]
    Tshark(String),
}

/// Runs tshark. What it printed, and what it complained of.
pub(super) fn tshark(
    file: &Path,
    keys: Option<&Path>,
    arguments: &[&str],
) -> Result<(String, Option<String>), PacketsError> {
    let mut command = Command::new("tshark");
    // What travels in TCP is taken apart here, and frames in thousands of parts take tshark long.
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
        lines.next_back().unwrap_or("it says nothing").to_owned()
    });
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), complaint))
}
