//! `import`: what other tools have caught, as scenarios.

use std::path::{Path, PathBuf};

use clap::Args;
use regex::Regex;
use sca_capture::import::Imported;
use sca_capture::import::log::Shape;
use sca_capture::load::{self, How};

use crate::Exit;
use crate::terms::{complain, count, say};

/// How a capture is read.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// The TLS key log (SSLKEYLOGFILE) with which packets are opened
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// In a log: what finds the time of a line, its first group or all of it. Unasked: ISO 8601, hh:mm:ss or seconds since
    /// 1970 at the beginning of the line
    #[arg(long, value_name = "REGEX")]
    time: Option<Regex>,
    /// In a log: what finds whose line it is, its first group or all of it; unasked all lines are one terminal's
    #[arg(long, value_name = "REGEX")]
    terminal: Option<Regex>,
    /// In a log: lines that say that the link is up
    #[arg(long, value_name = "REGEX")]
    up: Option<Regex>,
    /// In a log: lines that say that the link is lost
    #[arg(long, value_name = "REGEX")]
    down: Option<Regex>,
}

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// An HTTP archive (HAR), packets (pcap, pcapng), or a log with requests and answers in it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The folder for the scenarios: a file for each terminal
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Reading {
    fn how(&self) -> How {
        let shape = Shape {
            time: self.time.clone(),
            terminal: self.terminal.clone(),
            up: self.up.clone(),
            down: self.down.clone(),
        };
        How { keys: self.keys.clone(), shape }
    }

    /// Reads a capture, and says what of it could not be read.
    pub(crate) fn read(&self, file: &Path) -> Result<Imported, Exit> {
        match load::load(file, &self.how()) {
            Ok(imported) => {
                imported.unread.iter().for_each(|unread| complain!("{}: {unread}", file.display()));
                Ok(imported)
            }
            Err(error) => {
                complain!("error: {}: {error}", file.display());
                Err(Exit::CannotRun)
            }
        }
    }
}

/// Every scenario of a capture with a name of its own: terminals whose names are spelled alike in a file name, and parts of
/// a long session, are numbered.
pub(crate) fn named(imported: &Imported, from: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for session in &imported.sessions {
        let stem = load::file_name(&session.name);
        for text in load::scenarios(session, from) {
            let is_taken = |name: &String| all.iter().any(|(taken, _)| taken == name);
            let numbered = (2..).map(|number| format!("{stem}-{number}"));
            let name = std::iter::once(stem.clone()).chain(numbered).find(|name| !is_taken(name));
            all.push((name.unwrap_or_default(), text));
        }
    }
    all
}

/// The name under which a capture is told of.
pub(crate) fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let imported = match arguments.reading.read(&arguments.file) {
        Ok(imported) => imported,
        Err(exit) => return exit,
    };
    if imported.sessions.is_empty() {
        complain!("error: {}: nothing in it can be made into a scenario", arguments.file.display());
        return Exit::CannotRun;
    }
    for (name, text) in named(&imported, &name_of(&arguments.file)) {
        let path = arguments.out.join(format!("{name}.sca"));
        if let Err(error) = load::write_new(&path, &text, arguments.force) {
            let help = if error.kind() == std::io::ErrorKind::AlreadyExists { "; --force replaces it" } else { "" };
            complain!("error: {}: {error}{help}", path.display());
            return Exit::CannotRun;
        }
        say!("{}: {}", path.display(), count(text.lines().filter(|line| line.starts_with('+')).count(), "line"));
    }
    if !imported.unread.is_empty() {
        complain!("{} of {} could not be read", count(imported.unread.len(), "part"), arguments.file.display());
    }
    Exit::Good
}
