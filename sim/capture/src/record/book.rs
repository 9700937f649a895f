//! The files of a recording: one for each terminal, written line by line, so that whatever happens to the recorder what is
//! there is a scenario.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sca_protocol::handshake::Head;
use sca_runner::files;

use crate::generate::Lift;
use crate::load::{file_name, title};
use crate::session::{Ending, Event, Side};

/// Bytes of a recording that are worth another file.
const PART_MIN: usize = 1 << 10;
/// Bytes that may wait for a disk that takes none, until the rest of a recording is given up.
const UNWRITTEN_MAX: usize = 64 << 10;
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
    /// Bytes of recordings that are kept in memory, and how many may be.
    weight: usize,
    weight_max: usize,
    /// What could not be written when it was last tried.
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
    folder: PathBuf,
    /// Where it stands; nothing before the first line of it.
    path: Option<PathBuf>,
    began: Duration,
    written: usize,
    rewrites: u64,
    connection: u32,
    /// Bytes that it keeps in memory.
    weight: usize,
    /// Whether nothing more is written into it.
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
        self.trouble = None;
        for connection in self.unnamed.keys().copied().collect::<Vec<_>>() {
            // What has come and said nothing has at least come.
            self.happens(connection, at, Event::Ended(Side::Terminal, Ending::Fin));
        }
        for page in self.pages.values_mut() {
            page.lift.finish(at.saturating_sub(page.began));
            self.trouble = page.keep().err().or(self.trouble.take());
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
            // An older connection of the same terminal, whose end comes late.
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
            kept = page.turn(at);
        } else if kept.is_err() && page.lift.body().len() > page.written + UNWRITTEN_MAX {
            page.give_up();
        }
        self.weight += page.weighs();
        self.trouble = kept.err();
        if self.weight > self.weight_max {
            self.lighten(at);
        }
    }

    /// Makes the heaviest recording lighter: what waits for its end is left out, and what stands goes on in another file.
    fn lighten(&mut self, at: Duration) {
        // One in which nothing is under way, where there is such.
        let heaviest = |page: &&mut Page| (page.lift.is_between() && page.weight > PART_MIN, page.weight);
        let Some(page) = self.pages.values_mut().max_by_key(heaviest) else { return };
        self.weight -= page.weight;
        page.lift.forget_fragments();
        let turned = page.turn(at);
        if turned.is_err() {
            page.give_up();
        }
        self.weight += page.weighs();
        self.trouble = turned.err().or(self.trouble.take());
    }
}

fn pinpad_id(request: &str) -> Option<String> {
    let (head, _) = Head::parse_request(request.as_bytes()).ok().flatten()?;
    let id = head.get("x-vfi-pinpad-id")?.trim();
    (!id.is_empty()).then(|| id.chars().take(64).collect())
}

/// Appends all of it or nothing: half a line would be another statement, or none.
fn append(mut file: &File, text: &str) -> io::Result<()> {
    let before = file.metadata()?.len();
    file.write_all(text.as_bytes()).inspect_err(|_| drop(file.set_len(before)))
}

impl Page {
    /// A new recording, with its file.
    fn create(folder: &Path, name: &str, lift: Lift, began: Duration) -> io::Result<Self> {
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

    /// A new file beside those that are there.
    fn begins(&mut self) -> io::Result<&Path> {
        fs::create_dir_all(&self.folder)?;
        let stem = file_name(&self.name);
        for number in 1..100_000 {
            let path = match number {
                1 => self.folder.join(format!("{stem}.sca")),
                number => self.folder.join(format!("{stem}-{number}.sca")),
            };
            match files::create_private(&path, self.lift.text()) {
                Ok(()) => {
                    (self.written, self.rewrites) = (self.lift.body().len(), self.lift.rewrites());
                    return Ok(self.path.insert(path));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("the folder is full of recordings of this terminal"))
    }

    /// Brings the file up to what has happened: its end grows, or it is written anew.
    fn keep(&mut self) -> io::Result<()> {
        if self.is_given_up {
            return Ok(());
        }
        let Some(path) = &self.path else {
            // A part that only says that the link is up says nothing.
            return if self.lift.has_begun() { self.begins().map(drop) } else { Ok(()) };
        };
        if self.lift.rewrites() != self.rewrites {
            files::replace_private(path, self.lift.text())?;
            (self.written, self.rewrites) = (self.lift.body().len(), self.lift.rewrites());
            return Ok(());
        }
        let new = &self.lift.body()[self.written..];
        if !new.is_empty() {
            // Opened anew each time: of a thousand terminals few speak at once.
            append(&OpenOptions::new().append(true).open(path)?, new)?;
            self.written = self.lift.body().len();
        }
        Ok(())
    }

    /// What it weighs by now.
    fn weighs(&mut self) -> usize {
        self.weight = self.lift.weight();
        self.weight
    }

    /// Nothing more is written: what stands is a whole scenario, and the rest of what this terminal does is passed on alone.
    fn give_up(&mut self) {
        self.is_given_up = true;
        self.lift = Lift::new(&self.name, false);
    }

    /// Goes on in another file, which begins with what happens next.
    fn turn(&mut self, at: Duration) -> io::Result<()> {
        let next = self.lift.continued();
        self.lift.finish(at.saturating_sub(self.began));
        self.keep()?;
        (self.lift, self.began, self.path) = (next, at, None);
        Ok(())
    }
}
