//! Snapshots on disk: the accepted transcript of a scenario in a folder beside it, and the new one that waits for
//! review, in the format of insta.

use std::path::{Path, PathBuf};
use std::{fs, io};

use sca_world::Played;

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

/// The comparison of a transcript with its snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshot {
    /// Both are equal.
    Same,
    /// There is no snapshot.
    Missing,
    /// They differ.
    Differs {
        /// The accepted transcript.
        kept: String,
        /// The new transcript.
        new: String,
    },
    /// The snapshot has been written.
    Updated,
    /// The snapshot could not be read, and why.
    Unreadable(String),
    /// No comparison, for example for a failed run, another seed or another world.
    NotCompared,
}

/// What a run does with snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotMode {
    /// Compare, and write a differing transcript beside the accepted one for review.
    Compare,
    /// Write the transcripts as accepted snapshots.
    Update,
    /// Neither compare nor write.
    Ignore,
}

/// Compares a transcript with its snapshot. With [`SnapshotMode::Update`] it becomes the snapshot; else, where it differs,
/// it is left beside it for review. The text says why a file could not be written.
pub fn compare(path: &Path, new: String, mode: SnapshotMode) -> (Snapshot, Option<String>) {
    let kept = match read(path) {
        Ok(kept) => kept,
        Err(error) => return (Snapshot::Unreadable(error.to_string()), None),
    };
    let said = |written: io::Result<()>| written.err().map(|error| error.to_string());
    match kept {
        Some(kept) if kept == new => {
            remove_new(path);
            (Snapshot::Same, None)
        }
        kept if mode == SnapshotMode::Update => match (said(write(path, &new)), kept) {
            (None, _) => (Snapshot::Updated, None),
            (why, Some(kept)) => (Snapshot::Differs { kept, new }, why),
            (why, None) => (Snapshot::Missing, why),
        },
        Some(kept) => {
            let not_left = said(write_new(path, &new));
            (Snapshot::Differs { kept, new }, not_left)
        }
        None => (Snapshot::Missing, None),
    }
}

/// The transcripts of all rows as one text. Consecutive rows of an `each byte` that differ only in the byte are written
/// once.
#[must_use]
pub fn joined(rows: &[Played]) -> String {
    let mut out = String::new();
    let mut last: Option<String> = None;
    for row in rows {
        let byte = row.values.last().filter(|(name, _)| name == "byte").map(|(_, value)| value.as_str());
        let plain = byte.map(|byte| without_byte(&row.transcript, byte));
        if row.transcript.is_empty() {
            continue;
        }
        if plain.is_some() && plain == last {
            continue;
        }
        last = plain;
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&row.transcript);
    }
    out
}

fn without_byte(transcript: &str, byte: &str) -> String {
    let title = transcript.replacen(&format!("byte={byte})"), "byte)", 1);
    title.replace(&format!("{byte} bytes of"), "bytes of").replace(&format!("{byte} byte of"), "bytes of")
}

/// The unified diff of two transcripts, line by line.
#[must_use]
pub fn difference(kept: &str, new: &str) -> String {
    unified_diff(("kept", "new"), kept, new)
}

pub(crate) fn unified_diff(names: (&str, &str), one: &str, other: &str) -> String {
    let diff = similar::TextDiff::from_lines(one, other);
    diff.unified_diff().context_radius(2).header(names.0, names.1).to_string()
}
