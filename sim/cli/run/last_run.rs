//! The verdicts of the last run, kept in `.sca-sim/last-run.json` in the working directory for `verdict(…)` filters.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sca_suite::{FileResult, Snapshot};
use serde::{Deserialize, Serialize};

use crate::console::complain;

const FOLDER: &str = ".sca-sim";
const FILE: &str = "last-run.json";
const VERSION: u32 = 1;
/// Maximum size of the file in bytes; a larger one was not written by this program.
const BYTES_MAX: u64 = 16 << 20;

/// The verdict words by path.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct LastVerdicts {
    version: u32,
    verdicts: BTreeMap<PathBuf, String>,
}

impl LastVerdicts {
    /// The verdict of a scenario when it was last played in this folder.
    pub(super) fn of(&self, path: &Path) -> Option<&str> {
        self.verdicts.get(&name_of(path)).map(String::as_str)
    }
}

/// The key of a scenario: its canonical path, however it was given.
fn name_of(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Reads the verdicts of the last run.
///
/// # Errors
/// If the file is missing, too large, malformed or of another version.
pub(super) fn read() -> Result<LastVerdicts, String> {
    let path = Path::new(FOLDER).join(FILE);
    let size = fs::metadata(&path).map_err(|error| format!("{}: {error}", path.display()))?.len();
    if size > BYTES_MAX {
        return Err(format!("{} is too large", path.display()));
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let read: LastVerdicts = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    match read.version {
        VERSION => Ok(read),
        other => Err(format!("{} has version {other}, expected {VERSION}", path.display())),
    }
}

/// Stores the verdicts of a run; those of scenarios it did not play are kept. A folder that cannot be written to is not
/// an error, as only a filter needs them.
pub(super) fn keep(results: &[FileResult]) {
    let mut kept = read().unwrap_or_default();
    kept.version = VERSION;
    for result in results {
        let word = match (result.verdict(), &result.snapshot) {
            (None, _) => "invalid",
            (Some(verdict), Snapshot::Differs { .. }) if !verdict.is_bad() => "changed",
            (Some(verdict), _) => verdict.word(),
        };
        kept.verdicts.insert(name_of(&result.loaded.path), word.to_owned());
    }
    kept.verdicts.retain(|path, _| path.exists());
    let Ok(text) = serde_json::to_string_pretty(&kept) else { return };
    let folder = Path::new(FOLDER);
    // In a read-only checkout there is no last run.
    let is_closed = |kind| matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem);
    match sca_files::make_folder(folder).and_then(|()| sca_files::replace(&folder.join(FILE), text)) {
        Err(error) if !is_closed(error.kind()) => {
            complain!("warning: cannot save this run for `verdict(…)` filters: {error}");
        }
        _ => {}
    }
}
