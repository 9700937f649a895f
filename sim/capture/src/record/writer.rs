//! The files of a recording, one per terminal, written line by line, so that they are valid scenarios at any moment,
//! even if the recorder is killed.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sca_protocol::handshake::Head;
use sca_protocol::plain::shown;

use crate::generate::ScenarioGenerator;
use crate::load::{file_name, title};
use sca_import::{Ending, Event, Side};

/// Minimum size in bytes of a recording that is split off into another file.
const PART_MIN: usize = 1 << 10;
/// Maximum number of unwritten bytes while the disk accepts none; beyond it the rest of the recording is given up.
const UNWRITTEN_MAX: usize = 64 << 10;
/// Maximum number of terminals in one recording.
pub(super) const TERMINALS_MAX: usize = 5_000;

/// All files of a recording, and the state that assigns connections to terminals.
pub(super) struct Book {
    folder: PathBuf,
    from: String,
    secure: bool,
    pages: BTreeMap<String, Page>,
    /// Events of connections whose terminal has not identified itself yet, with the remote address.
    unnamed: BTreeMap<u32, Unnamed>,
    /// Terminal names by connection, and by remote address.
    named: BTreeMap<u32, String>,
    known: BTreeMap<String, String>,
    /// Bytes of recordings held in memory, and the maximum.
    weight: usize,
    weight_max: usize,
    /// The error of the last write, if it failed.
    pub(super) trouble: Option<io::Error>,
    /// Whether a terminal is not recorded because [`TERMINALS_MAX`] was reached.
    pub(super) is_full: bool,
}

#[derive(Default)]
struct Unnamed {
    address: String,
    events: Vec<(Duration, Event)>,
}

/// The recording of one terminal: its current file, and how much of it is on disk.
struct Page {
    lift: ScenarioGenerator,
    name: String,
    folder: PathBuf,
    /// The path of the current file; none before its first line.
    path: Option<PathBuf>,
    began: Duration,
    written: usize,
    rewrites: u64,
    connection: u32,
    /// Bytes held in memory.
    weight: usize,
    /// Whether recording of this terminal has been given up.
    is_given_up: bool,
}

impl Book {
    pub(super) fn new(folder: PathBuf, from: String, secure: bool, weight_max: usize) -> Self {
        Self {
            folder,
            from,
            secure,
            pages: BTreeMap::new(),
            unnamed: BTreeMap::new(),
            named: BTreeMap::new(),
            known: BTreeMap::new(),
            weight: 0,
            weight_max,
            trouble: None,
            is_full: false,
        }
    }

    /// Registers a new connection from an address.
    pub(super) fn begins(&mut self, connection: u32, address: String, at: Duration) {
        self.unnamed.insert(connection, Unnamed { address, events: vec![(at, Event::Opened)] });
    }

    /// Records an event of a connection. Returns the path of the file if a new one was created for it.
    pub(super) fn happens(&mut self, connection: u32, at: Duration, event: Event) -> Option<PathBuf> {
        if let Some(name) = self.named.get(&connection).cloned() {
            let path = self.page(&name, at);
            self.put(&name, connection, at, &event);
            return path;
        }
        let unnamed = self.unnamed.entry(connection).or_default();
        let (name, is_told) = match &event {
            Event::Asked(text) => (pinpad_id(text), true),
            Event::Failed(_) | Event::Ended(..) | Event::Up => (None, true),
            _ => (None, false),
        };
        unnamed.events.push((at, event));
        if !is_told {
            return None;
        }
        let unnamed = std::mem::take(unnamed);
        self.unnamed.remove(&connection);
        let name = match name {
            Some(name) => {
                self.known.insert(unnamed.address, name.clone());
                name
            }
            None => self.guessed(&unnamed.address),
        };
        self.named.insert(connection, name.clone());
        let began = unnamed.events.first().map_or(at, |(at, _)| *at);
        let path = self.page(&name, began);
        for (at, event) in unnamed.events {
            self.put(&name, connection, at, &event);
        }
        path
    }

    /// The name of a connection that did not identify itself: the terminal last seen from the same address, unless that
    /// one is connected, as then it must be another.
    fn guessed(&self, address: &str) -> String {
        let known = self.known.get(address).filter(|name| !self.pages.get(*name).is_some_and(|page| page.lift.is_up()));
        known.cloned().unwrap_or_else(|| "unnamed".to_owned())
    }

    /// Forgets a connection that has ended.
    pub(super) fn forgets(&mut self, connection: u32) {
        self.named.remove(&connection);
        self.unnamed.remove(&connection);
    }

    /// Ends the recording: finishes every file.
    pub(super) fn ends(&mut self, at: Duration) {
        self.trouble = None;
        for connection in self.unnamed.keys().copied().collect::<Vec<_>>() {
            // A connection that sent nothing is still an attempt worth recording.
            self.happens(connection, at, Event::Ended(Side::Terminal, Ending::Fin));
        }
        for page in self.pages.values_mut() {
            page.lift.finish(at.saturating_sub(page.began));
            self.trouble = page.keep().err().or(self.trouble.take());
        }
    }

    /// Makes sure that a terminal has a file. Returns the path of a new one.
    fn page(&mut self, name: &str, at: Duration) -> Option<PathBuf> {
        if self.pages.contains_key(name) {
            return None;
        }
        if self.pages.len() >= TERMINALS_MAX {
            self.is_full = true;
            return None;
        }
        let lift = ScenarioGenerator::new(&title(name, &self.from), self.secure);
        match Page::create(&self.folder, name, lift, at) {
            Ok(page) => {
                let path = page.path.clone().unwrap_or_default();
                self.pages.insert(name.to_owned(), page);
                Some(path)
            }
            Err(error) => {
                self.trouble = Some(error);
                None
            }
        }
    }

    fn put(&mut self, name: &str, connection: u32, at: Duration, event: &Event) {
        let Some(page) = self.pages.get_mut(name).filter(|page| !page.is_given_up) else { return };
        if connection < page.connection {
            // A late event of an older connection of the same terminal.
            return;
        }
        if connection > page.connection && page.connection != 0 && !matches!(event, Event::Opened) {
            page.lift.event(at.saturating_sub(page.began), &Event::Ended(Side::Terminal, Ending::Fin));
        }
        self.weight -= page.weight;
        page.connection = connection;
        page.lift.event(at.saturating_sub(page.began), event);
        let mut kept = page.keep();
        if kept.is_ok() && page.lift.is_long_enough() {
            kept = page.continue_in_new_file(at);
        } else if kept.is_err() && page.lift.body().len() > page.written + UNWRITTEN_MAX {
            page.give_up();
        }
        self.weight += page.update_bytes_held();
        self.trouble = kept.err();
        if self.weight > self.weight_max {
            self.shed_memory(at);
        }
    }

    /// Reduces the memory use of the largest recording: drops unfinished messages and continues in another file.
    fn shed_memory(&mut self, at: Duration) {
        // Preferably one with no request or message in progress.
        let heaviest = |page: &&mut Page| (page.lift.is_between() && page.weight > PART_MIN, page.weight);
        let Some(page) = self.pages.values_mut().max_by_key(heaviest) else { return };
        self.weight -= page.weight;
        page.lift.forget_fragments();
        let turned = page.continue_in_new_file(at);
        if turned.is_err() {
            page.give_up();
        }
        self.weight += page.update_bytes_held();
        self.trouble = turned.err().or(self.trouble.take());
    }
}

fn pinpad_id(request: &str) -> Option<String> {
    let (head, _) = Head::parse_request(request.as_bytes()).ok().flatten()?;
    let id = head.get("x-vfi-pinpad-id")?.trim();
    // Nothing invisible goes into a title or a file name.
    let id = shown(id);
    (!id.is_empty()).then(|| id.chars().take(64).collect())
}

/// Appends the whole text or nothing: half a line would be a different statement, or an invalid one.
fn append(mut file: &File, text: &str) -> io::Result<()> {
    let before = file.metadata()?.len();
    file.write_all(text.as_bytes()).inspect_err(|_| drop(file.set_len(before)))
}

impl Page {
    /// Creates the recording of a terminal, with its first file.
    fn create(folder: &Path, name: &str, lift: ScenarioGenerator, began: Duration) -> io::Result<Self> {
        let name = name.to_owned();
        let (connection, weight, written, rewrites) = (0, 0, 0, 0);
        let mut page = Self {
            lift,
            name,
            folder: folder.to_owned(),
            path: None,
            began,
            written,
            rewrites,
            connection,
            weight,
            is_given_up: false,
        };
        page.begins()?;
        Ok(page)
    }

    /// Creates a new file, numbered so that no existing file is overwritten.
    fn begins(&mut self) -> io::Result<&Path> {
        fs::create_dir_all(&self.folder)?;
        let stem = file_name(&self.name);
        for number in 1..100_000 {
            let path = match number {
                1 => self.folder.join(format!("{stem}.sca")),
                number => self.folder.join(format!("{stem}-{number}.sca")),
            };
            match sca_files::create_private(&path, self.lift.text()) {
                Ok(()) => {
                    (self.written, self.rewrites) = (self.lift.body().len(), self.lift.rewrites());
                    return Ok(self.path.insert(path));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("too many recordings of this terminal in the folder"))
    }

    /// Brings the file up to date: appends to it, or rewrites it if earlier lines have changed.
    fn keep(&mut self) -> io::Result<()> {
        if self.is_given_up {
            return Ok(());
        }
        let Some(path) = &self.path else {
            // A part that only says that the link is up is not worth a file.
            return if self.lift.has_begun() { self.begins().map(drop) } else { Ok(()) };
        };
        if self.lift.rewrites() != self.rewrites {
            sca_files::replace_private(path, self.lift.text())?;
            (self.written, self.rewrites) = (self.lift.body().len(), self.lift.rewrites());
            return Ok(());
        }
        let new = &self.lift.body()[self.written..];
        if !new.is_empty() {
            // Opened for each write, so that a thousand idle terminals need no descriptors.
            append(&OpenOptions::new().append(true).open(path)?, new)?;
            self.written = self.lift.body().len();
        }
        Ok(())
    }

    /// Updates and returns the bytes held in memory.
    fn update_bytes_held(&mut self) -> usize {
        self.weight = self.lift.weight();
        self.weight
    }

    /// Stops recording this terminal: what is on disk is a complete scenario, and its further traffic is only
    /// forwarded.
    fn give_up(&mut self) {
        self.is_given_up = true;
        self.lift = ScenarioGenerator::new(&self.name, false);
    }

    /// Continues in another file, which begins with the next event.
    fn continue_in_new_file(&mut self, at: Duration) -> io::Result<()> {
        let next = self.lift.continued();
        self.lift.finish(at.saturating_sub(self.began));
        self.keep()?;
        (self.lift, self.began, self.path) = (next, at, None);
        Ok(())
    }
}
