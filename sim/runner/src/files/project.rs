//! What a scenario may read: its libraries, tables and files lie in its project, unless an option allows more. A scenario comes
//! from a repository, and error messages about what it reads end up in public CI logs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Folders beside the project that scenarios may read from.
static ALLOWED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Lets scenarios read from this folder too, and from those below it.
///
/// # Errors
/// What the system says of a folder that is not there.
pub fn allow_reads(folder: &Path) -> io::Result<()> {
    let real = fs::canonicalize(folder)?;
    ALLOWED.lock().unwrap_or_else(PoisonError::into_inner).push(real);
    Ok(())
}

/// Says whether a scenario may read a file: links count for where they lead.
pub(super) fn within(scenario: &Path, file: &Path) -> io::Result<()> {
    let real = fs::canonicalize(file)?;
    let project = project_of(scenario)?;
    let is_allowed =
        || ALLOWED.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|folder| real.starts_with(folder));
    if real.starts_with(&project) || is_allowed() {
        return Ok(());
    }
    let why = format!("it lies outside the project {}; `--allow-reads DIR` allows more", project.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

/// The project of a scenario: the nearest folder above it with a `.git`, else the working folder where the scenario lies below
/// it, else its own folder.
fn project_of(scenario: &Path) -> io::Result<PathBuf> {
    let folder = scenario.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A text that an editor has not saved yet may stand in a folder that is not there.
    let own = fs::canonicalize(folder).or_else(|_| std::path::absolute(folder))?;
    if let Some(root) = own.ancestors().find(|folder| folder.join(".git").exists()) {
        return Ok(root.to_owned());
    }
    let here = std::env::current_dir().and_then(fs::canonicalize)?;
    Ok(if own.starts_with(&here) { here } else { own })
}
