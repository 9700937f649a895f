//! Scenario files on disk: finding them, reading them with their libraries, tables and assets; also flash folders and
//! temporary files.

mod atomic_write;
mod read_access;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sca_core::{Flash, FlashChange};
use sca_model::Scenario;
use sca_model::{Problem, Span};
use sca_scenario::{Beside, FILE_BYTES_MAX, Library, Outline};

pub use atomic_write::{create, create_private, make_folder, replace, replace_private};
pub use read_access::allow_reads;

/// A file that was read: its texts, and its scenario or problems.
#[derive(Debug)]
pub struct Loaded {
    /// The path, as given.
    pub path: PathBuf,
    /// Its text, then that of each library, each with its path; [`sca_model::Span::file`] is an index into this
    /// list.
    pub texts: Vec<(PathBuf, String)>,
    /// The scenario, or all problems.
    pub scenario: Result<Scenario, Vec<Problem>>,
}

/// All scenarios at some paths: files as given, folders recursively, in the order of names. Libraries are left out.
///
/// # Errors
/// The I/O error of a path that cannot be read, with the path.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    find_all(paths).map(|found| found.scenarios)
}

/// The files found at some paths, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Scenarios: those that were given, and those in folders.
    pub scenarios: Vec<PathBuf>,
    /// Libraries in folders.
    pub libraries: Vec<PathBuf>,
    /// Snapshots in folders, including those that wait for review (`.snap.new`).
    pub snapshots: Vec<PathBuf>,
}

/// Finds scenarios, libraries and snapshots at some paths, in the order of names.
///
/// # Errors
/// The I/O error of a path that cannot be read, with the path.
pub fn find_all(paths: &[PathBuf]) -> Result<Found, (PathBuf, io::Error)> {
    let mut found = Found::default();
    for path in paths {
        let meta = fs::metadata(path).map_err(|error| (path.clone(), error))?;
        if meta.is_dir() {
            walk(path, &mut found, 0)?;
        } else {
            found.scenarios.push(path.clone());
        }
    }
    Ok(found)
}

fn walk(folder: &Path, found: &mut Found, depth: usize) -> Result<(), (PathBuf, io::Error)> {
    const DEPTH_MAX: usize = 16;
    let wrong = |error| (folder.to_owned(), error);
    let mut inside: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        inside.push(entry.map_err(wrong)?.path());
    }
    inside.sort();
    for path in inside {
        let is_link = fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_symlink());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            // Folders of tools, lock files of editors, metadata of other systems.
            continue;
        }
        if path.is_dir() && is_link {
            // A symbolic link may form a cycle.
            continue;
        }
        if path.is_dir() && depth < DEPTH_MAX {
            walk(&path, found, depth + 1)?;
        } else if name.ends_with(".sca") {
            // An unreadable file is listed as a scenario, so that its error is reported.
            let is_library = read_text(&path).is_ok_and(|text| sca_scenario::is_library(&text));
            if is_library { &mut found.libraries } else { &mut found.scenarios }.push(path);
        } else if name.ends_with(".snap") || name.ends_with(".snap.new") {
            found.snapshots.push(path);
        }
    }
    Ok(())
}

/// The libraries directly in a folder, in the order of names; empty if the folder cannot be read.
#[must_use]
pub fn libraries(folder: &Path) -> Vec<PathBuf> {
    let Ok(inside) = fs::read_dir(folder) else { return Vec::new() };
    let files = inside.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "sca"));
    let is_library = |path: &PathBuf| read_text(path).is_ok_and(|text| sca_scenario::is_library(&text));
    let mut found: Vec<PathBuf> = files.filter(is_library).collect();
    found.sort();
    found
}

/// Reads a text file of bounded size.
///
/// # Errors
/// The I/O error, also for a file that is not UTF-8. A file that is too long is cut after the limit plus one byte.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let limit = FILE_BYTES_MAX as u64 + 1;
    open(path)?.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

/// Opens a regular file. A pipe or a device is an error, since reading it might never end.
///
/// # Errors
/// The I/O error; [`io::ErrorKind::InvalidInput`] for anything but a regular file.
pub fn open(path: &Path) -> io::Result<fs::File> {
    let meta = fs::metadata(path)?;
    if meta.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    fs::File::open(path)
}

/// Reads a scenario with its libraries. `clauses` are the known clause ids; empty to skip their check.
///
/// # Errors
/// The I/O error of the file itself; an unreadable library is a problem of the scenario.
pub fn load(path: &Path, clauses: &[&'static str]) -> io::Result<Loaded> {
    let text = match read_text(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let problem =
                Problem::new("E057", Span { line: 1, column: 1, length: 1, file: 0 }, "this file is not UTF-8 text");
            let texts = vec![(path.to_owned(), String::new())];
            return Ok(Loaded { path: path.to_owned(), texts, scenario: Err(vec![problem]) });
        }
        Err(error) => return Err(error),
    };
    Ok(read(path, text, clauses))
}

/// Parses a scenario from a given text, and reads its libraries, tables and other files from disk.
#[must_use]
pub fn read(path: &Path, text: String, clauses: &[&'static str]) -> Loaded {
    parse_with_open_files(path, text, clauses, &|_| None)
}

/// Parses a scenario like [`read`], where some files are open in an editor with unsaved text. `open` returns the text
/// of such a path.
#[must_use]
pub fn parse_with_open_files(
    path: &Path,
    text: String,
    clauses: &[&'static str],
    open: &dyn Fn(&Path) -> Option<String>,
) -> Loaded {
    let read_text =
        |near: &Path| open(near).map_or_else(|| read_access::within(path, near).and_then(|()| read_text(near)), Ok);
    let outline = Outline::read(&text);
    let mut texts = vec![(path.to_owned(), text)];
    let folder = path.parent().unwrap_or(Path::new(""));
    let unreadable = |path: &Path, span: Span, error: &io::Error| {
        Problem::new("E055", span, format!("{} cannot be read: {error}", path.display()))
    };
    let (mut libraries, mut tables, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (name, span)) in (1..).zip(outline.uses()) {
        let library = folder.join(name);
        let (text, read) = match read_text(&library) {
            // The content of a file that is not a scenario file at all is never shown.
            Ok(text) if !is_scenario_file(&text) => {
                let what = format!("{name} is not a library: it does not begin with `library`");
                (String::new(), Library::unreadable(Problem::new("E055", *span, what)))
            }
            Ok(text) => (text.clone(), Library::read(&text, number)),
            Err(error) => (String::new(), Library::unreadable(unreadable(&library, *span, &error))),
        };
        libraries.push(read);
        texts.push((library, text));
    }
    for (name, span) in outline.tables() {
        let table = folder.join(name);
        match read_text(&table) {
            Ok(text) => tables.push(Some(text)),
            Err(error) => {
                problems.push(unreadable(&table, span, &error));
                tables.push(None);
            }
        }
    }
    let scenario = outline.scenario(&Beside { libraries: &libraries, tables: &tables, clauses });
    let scenario = match scenario {
        Ok(mut scenario) => {
            problems.append(&mut read_assets(&mut scenario, path));
            if problems.is_empty() { Ok(scenario) } else { Err(problems) }
        }
        Err(mut wrong) => {
            wrong.append(&mut problems);
            wrong.sort_by_key(|problem| problem.span);
            Err(wrong)
        }
    };
    Loaded { path: path.to_owned(), texts, scenario }
}

/// Whether a text begins like a library or a scenario.
fn is_scenario_file(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_none_or(|line| matches!(line.split(' ').next(), Some("library" | "scenario")))
}

/// The largest size in bytes of a file on a flash, or of an asset of a scenario.
const ASSET_BYTES_MAX: u64 = 1 << 20;

/// Reads a file of bounded size.
fn read_asset(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(ASSET_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > ASSET_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("more than {ASSET_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

/// Reads the assets that a scenario names, relative to its folder.
fn read_assets(scenario: &mut Scenario, path: &Path) -> Vec<Problem> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut problems = Vec::new();
    for (name, span) in scenario.files() {
        let asset = folder.join(&name);
        match read_access::within(path, &asset).and_then(|()| read_asset(&asset)) {
            Ok(bytes) => drop(scenario.assets.insert(name, bytes)),
            Err(error) => problems.push(Problem::new("E055", span, format!("{name} cannot be read: {error}"))),
        }
    }
    problems
}

/// Reads the flash of a live device from a folder: every file in it, at the path that it has on the device.
///
/// # Errors
/// The I/O error.
pub fn read_flash(folder: &Path) -> io::Result<Flash> {
    let mut found = Vec::new();
    if folder.exists() {
        all_files(folder, &mut found, 0)?;
    }
    let mut files = BTreeMap::new();
    for path in found {
        let on_device = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        files.insert(format!("{FLASH_ROOT}/{on_device}"), read_asset(&path)?);
    }
    Ok(Flash::new(files))
}

/// The root of a device's flash; for live devices a folder on disk takes its place.
const FLASH_ROOT: &str = "/home/usr1/flash";

/// The temporary folders that exist now, to be removed if the process is terminated.
static KEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Removes all temporary folders.
pub fn remove_run_folders() {
    for path in std::mem::take(&mut *KEPT.lock().unwrap_or_else(PoisonError::into_inner)) {
        // An error is ignored: the operating system cleans up.
        drop(fs::remove_dir_all(path));
    }
}

/// A temporary folder of one run, removed on drop.
pub struct Kept(PathBuf);

impl Kept {
    /// Makes a new temporary folder that only its owner can access.
    pub fn new(name: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(name);
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        Ok(Self(path))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
        // An error is ignored: the operating system cleans up.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Opens a file for appending; a new file is readable by its owner only.
pub fn append_private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn all_files(folder: &Path, found: &mut Vec<PathBuf>, depth: usize) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && depth < 8 {
            all_files(&path, found, depth + 1)?;
        } else if path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

/// Applies a device's flash operation to a folder. The files may contain keys, so only their owner can read them.
///
/// # Errors
/// The I/O error.
pub fn write_flash(folder: &Path, op: &FlashChange) -> io::Result<()> {
    let place = |path: &str| folder.join(path.strip_prefix(FLASH_ROOT).unwrap_or(path).trim_start_matches('/'));
    match op {
        FlashChange::Write { path, bytes } => {
            let path = place(path);
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(path)?;
            io::Write::write_all(&mut file, bytes)?;
            file.sync_all()
        }
        FlashChange::Rename { from, to } => fs::rename(place(from), place(to)),
        FlashChange::Remove { path } => fs::remove_file(place(path)),
    }
}
