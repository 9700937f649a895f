//! Writes files whole. A reader finds the old file or the new one, never a part of one, also after a kill or on a full
//! disk: the new file is written beside the old one, synced, and renamed over it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file, or replaces the one that is there and keeps its mode. A link is followed within its folder only.
///
/// # Errors
/// What the system says; then the old file is as it was. A link out of its folder, a link that leads nowhere and what is no
/// regular file are errors of the kind [`io::ErrorKind::InvalidInput`].
pub fn replace(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    write_beside(path, bytes.as_ref(), 0o666)
}

/// The same for a file that nobody but its owner may read, whatever mode the old one has.
///
/// # Errors
/// As [`replace`].
pub fn replace_private(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    write_beside(path, bytes.as_ref(), 0o600)
}

/// Writes a file that is not there yet.
///
/// # Errors
/// What the system says; of a file that is there already [`io::ErrorKind::AlreadyExists`], and it stays as it is.
pub fn create(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    create_beside(path, bytes.as_ref(), 0o666)
}

/// The same for a file that nobody but its owner may read.
///
/// # Errors
/// As [`create`].
pub fn create_private(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    create_beside(path, bytes.as_ref(), 0o600)
}

fn create_beside(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let beside = beside(folder_of(path), bytes, mode, None)?;
    beside.persist_noclobber(path).map_err(|error| error.error)?;
    sync(folder_of(path));
    Ok(())
}

/// Makes a folder and those above it. The folder itself must be none that a link stands for.
///
/// # Errors
/// What the system says; a link is an error of the kind [`io::ErrorKind::InvalidInput`].
pub fn make_folder(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink()) {
        return Err(unfit(format!("{} is a link, and nothing is written through it", path.display())));
    }
    fs::create_dir_all(path)
}

fn write_beside(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let (target, old) = target(path)?;
    let old = old.filter(|_| mode != 0o600).map(|meta| meta.permissions());
    let beside = beside(folder_of(&target), bytes, mode, old)?;
    beside.persist(&target).map_err(|error| error.error)?;
    sync(folder_of(&target));
    Ok(())
}

/// A new file in a folder with these bytes, on the disk.
fn beside(
    folder: &Path,
    bytes: &[u8],
    mode: u32,
    like: Option<fs::Permissions>,
) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    // A name with a leading dot is taken for no scenario, should a kill leave it.
    builder.prefix(".sca-sim-").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    let mut beside = builder.tempfile_in(folder)?;
    if let Some(like) = like {
        beside.as_file().set_permissions(like)?;
    }
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    Ok(beside)
}

/// Brings the names in a folder to the disk; a system that cannot do that has no better way.
fn sync(folder: &Path) {
    drop(File::open(folder).and_then(|folder| folder.sync_all()));
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The file that is replaced, and what is known of it where there is one.
fn target(path: &Path) -> io::Result<(PathBuf, Option<fs::Metadata>)> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((path.to_owned(), None)),
        Err(error) => return Err(error),
    };
    if meta.is_file() {
        return Ok((path.to_owned(), Some(meta)));
    }
    if !meta.is_symlink() {
        return Err(unfit("it is no regular file".to_owned()));
    }
    let real = fs::canonicalize(path).map_err(|_| unfit("it is a link that leads nowhere".to_owned()))?;
    if real.parent() != Some(fs::canonicalize(folder_of(path))?.as_path()) {
        return Err(unfit(format!("it is a link to {}, out of its folder", real.display())));
    }
    let meta = fs::metadata(&real)?;
    if meta.is_file() {
        Ok((real, Some(meta)))
    } else {
        Err(unfit("it is a link to what is no regular file".to_owned()))
    }
}

fn unfit(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
