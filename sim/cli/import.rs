//! `import`: what other tools have caught, as scenarios.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use regex::Regex;
use sca_capture::import::log::Shape;
use sca_capture::import::{FORMATS, Format, Imported};
use sca_capture::load::{self, How};

use crate::exit::Exit;
use crate::terms::{complain, count, say};

/// How a capture is read.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// The TLS key log (SSLKEYLOGFILE) with which packets are opened
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// What the file is, where its bytes do not tell: har, pcap, json, docker, syslog, log4j (days before months), dotnet (months
    /// before days), plain or auto
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = format)]
    format: Format,
    /// In a log: what finds the time of a line, its first group or all of it. Unasked: any usual date and time in the
    /// beginning of a line or in the object that it is
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
    /// A field or header whose value is kept out like a password; may be given several times
    #[arg(long, value_name = "NAME")]
    redact: Vec<String>,
}

fn format(word: &str) -> Result<Format, String> {
    FORMATS.iter().find(|(known, _)| *known == word).map(|(_, format)| *format).ok_or_else(|| {
        let known: Vec<&str> = FORMATS.iter().map(|(word, _)| *word).collect();
        format!("expected one of {}", known.join(", "))
    })
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all of it was read; 1 scenarios were written, and parts of the capture could not be read \
    (each is named on standard error, and where it stood in the scenario); 4 nothing was written."
)]
pub(crate) struct Arguments {
    /// An HTTP archive (HAR), packets (pcap, pcapng), or a log with requests and answers in it: also packed by gzip, in
    /// UTF-16, and as several files that rotation has made of one
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The folder for the scenarios: a file for each terminal
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
    /// Write nothing where any part of the capture cannot be read
    #[arg(long)]
    strict: bool,
    /// List what was taken out, and what looks like a secret and was kept
    #[arg(long)]
    audit: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Reading {
    fn how(&self) -> How {
        let shape = Shape {
            format: self.format,
            time: self.time.clone(),
            terminal: self.terminal.clone(),
            up: self.up.clone(),
            down: self.down.clone(),
        };
        How { keys: self.keys.clone(), shape }
    }

    /// Reads a capture, and says what of it could not be read.
    pub(crate) fn read(&self, files: &[PathBuf]) -> Result<Imported, Exit> {
        sca_protocol::secret::also(&self.redact);
        let name = shown(files);
        match load::load(files, &self.how()) {
            Ok(imported) => {
                imported.remarks.iter().for_each(|remark| complain!("{name}: {remark}"));
                imported.unread.iter().for_each(|unread| complain!("{name}: {unread}"));
                Ok(imported)
            }
            Err(error) => {
                complain!("error: {name}: {error}");
                Err(Exit::CannotRun)
            }
        }
    }
}

/// Every scenario of a capture with a name of its own: terminals whose names are spelled alike in a file name, and parts of
/// a long session, are numbered.
pub(crate) fn named(imported: &Imported, from: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let (mut taken, mut numbers) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    for session in &imported.sessions {
        let stem = load::file_name(&session.name);
        for text in load::scenarios(session, from) {
            let number = numbers.entry(stem.clone()).or_insert(0);
            let name = loop {
                *number += 1;
                let name = if *number == 1 { stem.clone() } else { format!("{stem}-{number}") };
                if taken.insert(name.clone()) {
                    break name;
                }
            };
            all.push((name, text));
        }
    }
    all
}

/// The name under which a capture is told of.
pub(crate) fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The files of a capture, as they were named.
fn shown(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let imported = match arguments.reading.read(&arguments.files) {
        Ok(imported) => imported,
        Err(exit) => return exit,
    };
    let name = shown(&arguments.files);
    if imported.sessions.is_empty() {
        complain!("error: {name}: nothing in it can be made into a scenario");
        return Exit::CannotRun;
    }
    let lost = imported.unread.len() + imported.more_unread;
    if lost > 0 {
        complain!("{} of {name} could not be read", count(lost, "part"));
        if arguments.strict {
            complain!("error: nothing is written (--strict)");
            return Exit::CannotRun;
        }
    }
    let from = arguments.files.first().map(|file| name_of(file)).unwrap_or_default();
    // What nobody answers and nothing is seen of is no scenario.
    let (good, idle): (Vec<_>, Vec<_>) =
        named(&imported, &from).into_iter().partition(|(_, text)| sca_scenario::parse(text).is_ok());
    for (terminal, _) in &idle {
        complain!("{name}: {terminal} is left out: nothing in it can be demanded of a terminal");
    }
    if good.is_empty() {
        complain!("error: {name}: nothing in it can be made into a scenario");
        return Exit::CannotRun;
    }
    for (name, text) in good {
        let path = arguments.out.join(format!("{name}.sca"));
        if let Err(error) = load::write_new(&path, &text, arguments.force) {
            let help = if error.kind() == std::io::ErrorKind::AlreadyExists { "; --force replaces it" } else { "" };
            complain!("error: {}: {error}{help}", path.display());
            return Exit::CannotRun;
        }
        say!("{}: {}", path.display(), count(text.lines().filter(|line| line.starts_with('+')).count(), "line"));
    }
    if arguments.audit {
        say!("\n{}", sca_capture::Audit::of(&imported.sessions));
    }
    if lost > 0 { Exit::Failed } else { Exit::Good }
}
