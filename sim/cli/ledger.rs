//! Files that verdicts are held against: read, or said why not.

use std::fs;
use std::path::Path;

use sca_suite::known_failures::KnownFailures;

use crate::console::{complain, unread};
use crate::exit::Exit;

/// Maximum size in bytes of a ledger or matrix file.
const BYTES_MAX: u64 = 64 << 20;

pub(crate) fn read(path: &Path) -> Result<String, Exit> {
    let size = fs::metadata(path).map(|meta| meta.len());
    let text = match size {
        Ok(size) if size > BYTES_MAX => Err(format!("{size} bytes, limit is {BYTES_MAX}")),
        _ => fs::read_to_string(path).map_err(|error| error.to_string()),
    };
    text.map_err(|error| unread(path, &error))
}

/// Reads a ledger. If it cannot be read or parsed, prints the error and returns the exit code.
pub(crate) fn read_ledger(path: &Path) -> Result<KnownFailures, Exit> {
    KnownFailures::read(&read(path)?).map_err(|why| {
        complain!("error: {} is not a ledger: {why}", path.display());
        Exit::Invalid
    })
}
