//! The files of a recording: one for each terminal, written line by line, so that whatever happens to the recorder what is
//! there is a scenario.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sca_protocol::handshake::Head;
use sca_runner::files;

use crate::lift::{Lift, PART_MAX};
use crate::load::{file_name, title};
use crate::session::{Ending, Event, Side};

/// Terminals of one recording.
pub(super) const TERMINALS_MAX: usize = 5_000;

/// All files of a recording.
pub(super) struct Book {
    folder: PathBuf,
    from: String,
    secure: bool,
    pages: BTreeMap<String, Page>,
    /// What happened on connections whose terminal has not said its name yet, with the address it came from.
    unnamed: BTreeMap<u32, Unnamed>,
    /// The names of connections, and of addresses.
    named: BTreeMap<u32, String>,
    known: BTreeMap<String, String>,
    /// What could not be written.
    pub(super) trouble: Option<io::Error>,
    /// Whether a terminal has come that there was no room for.
    pub(super) is_full: bool,
}

#[derive(Default)]
struct Unnamed {
    address: String,
    events: Vec<(Duration, Event)>,
}

/// One file, and how much of it is on the disk.
struct Page {
    lift: Lift,
    name: String,
    path: PathBuf,
    began: Duration,
    written: usize,
    rewrites: u64,
    connection: u32,
}

impl Book {
    pub(super) fn new(folder: PathBuf, from: String, secure: bool) -> Self {
        Self {
            folder,
            from,
            secure,
            pages: BTreeMap::new(),
            unnamed: BTreeMap::new(),
            named: BTreeMap::new(),
            known: BTreeMap::new(),
            trouble: None,
            is_full: false,
        }
    }

    /// A connection begins, from this address.
    pub(super) fn begins(&mut self, connection: u32, address: String, at: Duration) {
        self.unnamed.insert(connection, Unnamed { address, events: vec![(at, Event::Opened)] });
    }

    /// Something happens on a connection. Says the name of the terminal, and of a file that begins with it.
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

    /// Who has not said its name is whoever last came from there, unless that one is connected: then it is somebody else.
    fn guessed(&self, address: &str) -> String {
        let known = self.known.get(address).filter(|name| !self.pages.get(*name).is_some_and(|page| page.lift.is_up()));
        known.cloned().unwrap_or_else(|| "unnamed".to_owned())
    }

    /// A connection is over.
    pub(super) fn forgets(&mut self, connection: u32) {
        self.named.remove(&connection);
        self.unnamed.remove(&connection);
    }

    /// The recording is over: every file ends.
    pub(super) fn ends(&mut self, at: Duration) {
        for connection in self.unnamed.keys().copied().collect::<Vec<_>>() {
            // What has come and said nothing has at least come.
            self.happens(connection, at, Event::Ended(Side::Terminal, Ending::Fin));
        }
        for page in self.pages.values_mut() {
            page.lift.finish(at.saturating_sub(page.began));
            let kept = page.keep();
            self.trouble = self.trouble.take().or(kept.err());
        }
    }

    /// Sees to it that a terminal has a file. The file, where it is new.
    fn page(&mut self, name: &str, at: Duration) -> Option<PathBuf> {
        if self.pages.contains_key(name) {
            return None;
        }
        if self.pages.len() >= TERMINALS_MAX {
            self.is_full = true;
            return None;
        }
        let lift = Lift::new(&title(name, &self.from), self.secure);
        match Page::create(&self.folder, name, lift, at) {
            Ok(page) => {
                let path = page.path.clone();
                self.pages.insert(name.to_owned(), page);
                Some(path)
            }
            Err(error) => {
                self.trouble.get_or_insert(error);
                None
            }
        }
    }

    fn put(&mut self, name: &str, connection: u32, at: Duration, event: &Event) {
        let Some(page) = self.pages.get_mut(name) else { return };
        if connection < page.connection {
            // An older connection of the same terminal, whose end comes late.
            return;
        }
        if connection > page.connection && page.connection != 0 && !matches!(event, Event::Opened) {
            page.lift.event(at.saturating_sub(page.began), &Event::Ended(Side::Terminal, Ending::Fin));
        }
        page.connection = connection;
        page.lift.event(at.saturating_sub(page.began), event);
        let mut kept = page.keep();
        if kept.is_ok() && page.lift.body().len() > PART_MAX {
            kept = page.turn(&self.folder, &self.from, at);
        }
        self.trouble = self.trouble.take().or(kept.err());
    }
}

fn pinpad_id(request: &str) -> Option<String> {
    let (head, _) = Head::parse_request(request.as_bytes()).ok().flatten()?;
    let id = head.get("x-vfi-pinpad-id")?.trim();
    (!id.is_empty()).then(|| id.chars().take(64).collect())
}

impl Page {
    /// A new file beside those that are there.
    fn create(folder: &Path, name: &str, lift: Lift, began: Duration) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let stem = file_name(name);
        for number in 1..100_000 {
            let path = match number {
                1 => folder.join(format!("{stem}.sca")),
                number => folder.join(format!("{stem}-{number}.sca")),
            };
            match files::create_private(&path, lift.text()) {
                Ok(()) => {
                    let name = name.to_owned();
                    let (written, rewrites) = (lift.body().len(), lift.rewrites());
                    return Ok(Self { lift, name, path, began, written, rewrites, connection: 0 });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("the folder is full of recordings of this terminal"))
    }

    /// Brings the file up to what has happened: its end grows, or it is written anew.
    fn keep(&mut self) -> io::Result<()> {
        if self.lift.rewrites() != self.rewrites {
            return self.rewrite();
        }
        let new = &self.lift.body()[self.written..];
        if !new.is_empty() {
            // Opened anew each time: of a thousand terminals few speak at once.
            OpenOptions::new().append(true).open(&self.path)?.write_all(new.as_bytes())?;
            self.written = self.lift.body().len();
        }
        Ok(())
    }

    /// Writes the file anew, beside the old one, and lets it take its place.
    fn rewrite(&mut self) -> io::Result<()> {
        files::replace_private(&self.path, self.lift.text())?;
        (self.written, self.rewrites) = (self.lift.body().len(), self.lift.rewrites());
        Ok(())
    }

    /// Goes on in another file.
    fn turn(&mut self, folder: &Path, from: &str, at: Duration) -> io::Result<()> {
        let next = self.lift.continued(&title(&self.name, from));
        self.lift.finish(at.saturating_sub(self.began));
        self.keep()?;
        let connection = self.connection;
        *self = Self::create(folder, &self.name, next, at)?;
        self.connection = connection;
        self.keep()
    }
}
