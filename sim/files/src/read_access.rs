//! Read access of scenarios: libraries, tables and assets must lie within the project of the scenario, unless an option
//! allows more. Scenarios come from repositories, and error messages about the files they read end up in public CI
//! logs.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

/// Additional folders that scenarios may read from.
static ALLOWED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Allows scenarios to read from this folder and its subfolders.
///
/// # Errors
/// The I/O error of a folder that does not exist.
pub fn allow_reads(folder: &Path) -> io::Result<()> {
    let real = fs::canonicalize(folder)?;
    ALLOWED.lock().unwrap_or_else(PoisonError::into_inner).push(real);
    Ok(())
}

/// Checks whether a scenario may read a file; symbolic links are resolved first.
pub(super) fn within(scenario: &Path, file: &Path) -> io::Result<()> {
    let real = fs::canonicalize(file)?;
    let project = project_of(scenario)?;
    let is_allowed =
        || ALLOWED.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|folder| real.starts_with(folder));
    if real.starts_with(&project) || is_allowed() {
        return Ok(());
    }
    let why = format!("it is outside the project {}; `--allow-reads DIR` allows more", project.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

/// The project of a scenario: the nearest folder above it with a `.git`, else the working folder if it contains the
/// scenario, else the scenario's own folder.
fn project_of(scenario: &Path) -> io::Result<PathBuf> {
    let folder = scenario.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // An unsaved text in an editor may have a path in a folder that does not exist yet.
    let own = fs::canonicalize(folder).or_else(|_| std::path::absolute(folder))?;
    if let Some(root) = own.ancestors().find(|folder| folder.join(".git").exists()) {
        return Ok(root.to_owned());
    }
    let here = std::env::current_dir().and_then(fs::canonicalize)?;
    Ok(if own.starts_with(&here) { here } else { own })
}
