//! What each scenario came to when it was last played, kept in `.sca-sim/` beside the work: what a filter can ask for.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sca_runner::files;
use sca_runner::suite::{FileResult, Snapshot};
use serde::{Deserialize, Serialize};

use crate::terms::complain;

const FOLDER: &str = ".sca-sim";
const FILE: &str = "last-run.json";
const VERSION: u32 = 1;
/// Bytes of the file; a larger one is not ours.
const BYTES_MAX: u64 = 16 << 20;

/// Verdicts by path.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Verdicts {
    version: u32,
    verdicts: BTreeMap<PathBuf, String>,
}

impl Verdicts {
    /// What a scenario came to when it was last played here.
    pub(super) fn of(&self, path: &Path) -> Option<&str> {
        self.verdicts.get(&name_of(path)).map(String::as_str)
    }
}

/// A scenario's name here: the same however its path was written.
fn name_of(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The verdicts of the last run.
///
/// # Errors
/// Why they are not known.
pub(super) fn read() -> Result<Verdicts, String> {
    let path = Path::new(FOLDER).join(FILE);
    let size = fs::metadata(&path).map_err(|error| format!("{}: {error}", path.display()))?.len();
    if size > BYTES_MAX {
        return Err(format!("{} is too large", path.display()));
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let read: Verdicts = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    match read.version {
        VERSION => Ok(read),
        other => Err(format!("{} is of version {other}, and {VERSION} is known", path.display())),
    }
}

/// Keeps the verdicts of a run; those of scenarios that it did not play stay. A folder that cannot be written to keeps
/// none: nothing but a filter asks for them.
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
    // A checkout that nobody may write to has no last run.
    let is_closed = |kind| matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem);
    match files::make_folder(folder).and_then(|()| files::replace(&folder.join(FILE), text)) {
        Err(error) if !is_closed(error.kind()) => {
            complain!("warning: `verdict(…)` filters will not know this run: {error}");
        }
        _ => {}
    }
}
