//! Snapshots on disk: the accepted transcript of a scenario in a folder beside it, and the new one that waits for
//! review, in the format of insta.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The path of a scenario's snapshot.
#[must_use]
pub fn path(scenario: &Path) -> PathBuf {
    beside(scenario, "snap")
}

/// The path of a scenario's new snapshot, which waits for review.
#[must_use]
pub fn path_of_new(scenario: &Path) -> PathBuf {
    beside(scenario, "snap.new")
}

fn beside(scenario: &Path, ending: &str) -> PathBuf {
    let name = scenario.file_stem().unwrap_or_default().to_string_lossy();
    scenario.parent().unwrap_or(Path::new("")).join("snapshots").join(format!("{name}.{ending}"))
}

/// The scenario to which a snapshot, accepted or new, belongs; `None` for a file that is not a snapshot.
///
/// ```
/// use std::path::Path;
/// let scenario = sca_suite::snapshots::scenario_of(Path::new("counter/snapshots/lower.snap"));
/// assert_eq!(scenario.unwrap(), Path::new("counter/lower.sca"));
/// ```
#[must_use]
pub fn scenario_of(snapshot: &Path) -> Option<PathBuf> {
    let name = snapshot.file_name()?.to_string_lossy().into_owned();
    let stem = name.strip_suffix(".snap").or_else(|| name.strip_suffix(".snap.new"))?;
    let folder = snapshot.parent()?;
    let beside = if folder.file_name()? == "snapshots" { folder.parent()? } else { return None };
    Some(beside.join(format!("{stem}.sca")))
}

/// The accepted snapshot of a scenario, without its header; `None` if there is none.
///
/// # Errors
/// The I/O error, except for a file that does not exist.
pub fn read(scenario: &Path) -> io::Result<Option<String>> {
    body(&path(scenario))
}

/// The transcript that waits for review; `None` if there is none.
///
/// # Errors
/// The I/O error, except for a file that does not exist.
pub fn read_new(scenario: &Path) -> io::Result<Option<String>> {
    body(&path_of_new(scenario))
}

fn body(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => {
            // Some Git checkouts convert line endings to CRLF.
            let text = text.replace("\r\n", "\n");
            let body = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map(|(_, body)| body);
            Ok(Some(body.unwrap_or(&text).to_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), format!("snapshot {}: {error}", path.display()))),
    }
}

/// Writes a transcript as the accepted snapshot of a scenario, and removes the one that waits for review.
///
/// # Errors
/// The I/O error.
pub fn write(scenario: &Path, transcript: &str) -> io::Result<()> {
    write_to(scenario, &path(scenario), transcript)?;
    remove_new(scenario);
    Ok(())
}

/// Writes a transcript beside the snapshot of a scenario, for review.
///
/// # Errors
/// The I/O error.
pub fn write_new(scenario: &Path, transcript: &str) -> io::Result<()> {
    write_to(scenario, &path_of_new(scenario), transcript)
}

fn write_to(scenario: &Path, path: &Path, transcript: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let source = scenario.file_name().unwrap_or_default().to_string_lossy();
    sca_files::replace(path, format!("---\nsource: {source}\nexpression: transcript\n---\n{transcript}"))
}

/// Removes the transcript that waits for review, if there is one.
pub fn remove_new(scenario: &Path) {
    // Most runs have none, so an error is ignored.
    drop(fs::remove_file(path_of_new(scenario)));
}
