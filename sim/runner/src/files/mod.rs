//! Scenario files on disk: found, read with their libraries, and their snapshots beside them. Nothing else in the
//! runner touches a file.

mod project;
mod replace;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sca_scenario::model::Scenario;
use sca_scenario::{Beside, FILE_BYTES_MAX, Library, Outline, Problem, Span};
use sca_terminal::{Flash, FlashOp};

pub use project::allow_reads;
pub use replace::{create, create_private, make_folder, replace, replace_private};

/// A file that was read, and what it says or what is wrong with it.
#[derive(Debug)]
pub struct Loaded {
    /// Where it is, as it was given.
    pub path: PathBuf,
    /// Its text, then that of each library, each with its path: what a [`sca_scenario::Span`] points into.
    pub texts: Vec<(PathBuf, String)>,
    /// The scenario, or every problem.
    pub scenario: Result<Scenario, Vec<Problem>>,
}

/// Every scenario at some paths: files as they are, folders with all that is in them, in the order of names. Libraries
/// are left out.
///
/// # Errors
/// What the system says of a path that cannot be read, with the path.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    find_all(paths).map(|found| found.scenarios)
}

/// All that belongs to scenarios at some paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Scenarios: those that were named, and those in folders.
    pub scenarios: Vec<PathBuf>,
    /// Libraries in folders.
    pub libraries: Vec<PathBuf>,
    /// Snapshots in folders, those that wait for review (`.snap.new`) among them.
    pub snapshots: Vec<PathBuf>,
}

/// Finds all that belongs to scenarios at some paths, in the order of names.
///
/// # Errors
/// What the system says of a path that cannot be read, with the path.
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
            // Folders of tools, locks of editors, what other systems keep beside a file.
            continue;
        }
        if path.is_dir() && is_link {
            // A link may lead round in a circle.
            continue;
        }
        if path.is_dir() && depth < DEPTH_MAX {
            walk(&path, found, depth + 1)?;
        } else if name.ends_with(".sca") {
            // What cannot be read is found all the same, so that somebody says why.
            let is_library = read_text(&path).is_ok_and(|text| sca_scenario::is_library(&text));
            if is_library { &mut found.libraries } else { &mut found.scenarios }.push(path);
        } else if name.ends_with(".snap") || name.ends_with(".snap.new") {
            found.snapshots.push(path);
        }
    }
    Ok(())
}

/// The libraries in a folder, not in those below it, in the order of names; none where it cannot be read.
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
/// What the system says, or that the file is too long or not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let limit = FILE_BYTES_MAX as u64 + 1;
    open(path)?.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

/// Opens a regular file. A pipe or a device is an error at once: nobody knows when it would end.
///
/// # Errors
/// What the system says; of what is no regular file an error of the kind [`io::ErrorKind::InvalidInput`].
pub fn open(path: &Path) -> io::Result<fs::File> {
    let meta = fs::metadata(path)?;
    if meta.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    fs::File::open(path)
}

/// Reads a scenario with its libraries. `clauses` are the known clause ids; none checks none.
///
/// # Errors
/// What the system says of the file itself; a library that cannot be read is a problem of the scenario.
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

/// Reads a scenario whose text is at hand, with its libraries, tables and other files from the disk.
#[must_use]
pub fn read(path: &Path, text: String, clauses: &[&'static str]) -> Loaded {
    read_beside(path, text, clauses, &|_| None)
}

/// The same where some texts are not to be read from the disk: an editor has them open, and they are not saved. `open` says
/// the text of such a path.
#[must_use]
pub fn read_beside(
    path: &Path,
    text: String,
    clauses: &[&'static str],
    open: &dyn Fn(&Path) -> Option<String>,
) -> Loaded {
    let read_text =
        |near: &Path| open(near).map_or_else(|| project::within(path, near).and_then(|()| read_text(near)), Ok);
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
            // Of what is no scenario at all nothing is shown.
            Ok(text) if !is_of_ours(&text) => {
                let what = format!("{name} is no library: it does not begin with `library`");
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

/// Whether a text begins as a library or a scenario does, whatever follows.
fn is_of_ours(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_none_or(|line| matches!(line.split(' ').next(), Some("library" | "scenario")))
}

/// Bytes of one file on a flash, or of one file that a scenario names.
const ASSET_BYTES_MAX: u64 = 1 << 20;

/// The bytes of a file of bounded size.
fn read_asset(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(ASSET_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > ASSET_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("more than {ASSET_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

/// Reads the files that a scenario names, relative to its folder.
fn read_assets(scenario: &mut Scenario, path: &Path) -> Vec<Problem> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut problems = Vec::new();
    for (name, span) in scenario.files() {
        let asset = folder.join(&name);
        match project::within(path, &asset).and_then(|()| read_asset(&asset)) {
            Ok(bytes) => drop(scenario.assets.insert(name, bytes)),
            Err(error) => problems.push(Problem::new("E055", span, format!("{name} cannot be read: {error}"))),
        }
    }
    problems
}

/// The flash of a device in the open: everything in a folder, at the paths that it has on the device.
///
/// # Errors
/// What the system says.
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

/// Where the flash of a device lies; in the open, a folder stands for it.
const FLASH_ROOT: &str = "/home/usr1/flash";

/// The folders that are there, for whoever has to end in the middle.
static KEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Takes away every folder of a run.
pub(crate) fn remove_kept() {
    for path in std::mem::take(&mut *KEPT.lock().unwrap_or_else(PoisonError::into_inner)) {
        // What cannot be taken away is left to the system.
        drop(fs::remove_dir_all(path));
    }
}

/// A folder of one run, which goes when this does.
pub(crate) struct Kept(PathBuf);

impl Kept {
    /// A new folder for temporary files, which its owner alone can look into.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(name);
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
        // What cannot be taken away is left to the system.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A file whose end grows, and that its owner alone can read.
pub(crate) fn append_private(path: &Path) -> io::Result<fs::File> {
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

/// Does to a folder what a device did to its flash. Keys may be among it, so its owner alone can read what is written.
///
/// # Errors
/// What the system says.
pub fn write_flash(folder: &Path, op: &FlashOp) -> io::Result<()> {
    let place = |path: &str| folder.join(path.strip_prefix(FLASH_ROOT).unwrap_or(path).trim_start_matches('/'));
    match op {
        FlashOp::Write { path, bytes } => {
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
        FlashOp::Rename { from, to } => fs::rename(place(from), place(to)),
        FlashOp::Remove { path } => fs::remove_file(place(path)),
    }
}
