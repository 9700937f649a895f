//! Atomic writing of files. A reader finds the old file or the new one, never a part, even after a kill or on a full
//! disk: the new file is written beside the old one, synced, and renamed over it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file, or replaces an existing one and keeps its mode. A symbolic link is followed only within its folder.
///
/// # Errors
/// The I/O error; the old file is unchanged then. [`io::ErrorKind::InvalidInput`] for a link out of its folder, a
/// dangling link and anything but a regular file.
pub fn replace(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    write_beside(path, bytes.as_ref(), 0o666)
}

/// Writes or replaces a file that only its owner may read, whatever mode the old one has.
///
/// # Errors
/// As [`replace`].
pub fn replace_private(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    write_beside(path, bytes.as_ref(), 0o600)
}

/// Writes a file that does not exist yet.
///
/// # Errors
/// The I/O error; [`io::ErrorKind::AlreadyExists`] for an existing file, which is unchanged.
pub fn create(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    create_beside(path, bytes.as_ref(), 0o666)
}

/// Writes a file that does not exist yet and that only its owner may read.
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

/// Makes a folder and its parents. The folder itself must not be a symbolic link.
///
/// # Errors
/// The I/O error; [`io::ErrorKind::InvalidInput`] for a link.
pub fn make_folder(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink()) {
        return Err(invalid_input(format!(
            "{} is a symbolic link, and sca-sim does not write through it",
            path.display()
        )));
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

/// Writes a new temporary file with these bytes in a folder, and syncs it to disk.
fn beside(
    folder: &Path,
    bytes: &[u8],
    mode: u32,
    like: Option<fs::Permissions>,
) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    // A name with a leading dot is not taken for a scenario, should a kill leave the file behind.
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

/// Syncs the directory entries of a folder to disk; errors are ignored, since some systems do not support it.
fn sync(folder: &Path) {
    drop(File::open(folder).and_then(|folder| folder.sync_all()));
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The file to replace, and its metadata if it exists.
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
        return Err(invalid_input("not a regular file".to_owned()));
    }
    let real = fs::canonicalize(path).map_err(|_| invalid_input("a dangling symbolic link".to_owned()))?;
    if real.parent() != Some(fs::canonicalize(folder_of(path))?.as_path()) {
        return Err(invalid_input(format!("a symbolic link to {}, out of its folder", real.display())));
    }
    let meta = fs::metadata(&real)?;
    if meta.is_file() {
        Ok((real, Some(meta)))
    } else {
        Err(invalid_input("a symbolic link to something other than a regular file".to_owned()))
    }
}

fn invalid_input(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
