//! `import`: makes scenarios of captures from other tools.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use regex::Regex;
use sca_capture::load::{self, LoadOptions};
use sca_import::log::Shape;
use sca_import::{FORMATS, Format, Imported};

use crate::console::{complain, count, say};
use crate::exit::Exit;

/// Options for reading a capture.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// The TLS key log (SSLKEYLOGFILE) for decrypting packets
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The file format, if it cannot be detected: har, pcap, json, docker, syslog, log4j (day before month), dotnet
    /// (month before day), plain or auto
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = format)]
    format: Format,
    /// For logs: matches the timestamp of a line (first group, or whole match); default: any common date and time at
    /// the start of a line or in its JSON object
    #[arg(long, value_name = "REGEX")]
    time: Option<Regex>,
    /// For logs: matches the terminal's name in a line (first group, or whole match); default: all lines belong to one
    /// terminal
    #[arg(long, value_name = "REGEX")]
    terminal: Option<Regex>,
    /// For logs: matches lines that report the link as up
    #[arg(long, value_name = "REGEX")]
    up: Option<Regex>,
    /// For logs: matches lines that report the link as lost
    #[arg(long, value_name = "REGEX")]
    down: Option<Regex>,
    /// A field or header whose value is redacted like a password; repeatable
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
    after_help = "Exit codes: 0 the whole capture was read; 1 scenarios were written, but parts could not be read \
    (each is reported on standard error and at its place in the scenario); 4 nothing was written."
)]
pub(crate) struct Arguments {
    /// An HTTP archive (HAR), packets (pcap, pcapng), or a log with requests and responses; may be gzipped, in UTF-16,
    /// or several files of one rotated log
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The folder for the scenarios, one file per terminal
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Overwrite existing files
    #[arg(long)]
    force: bool,
    /// Write nothing if any part of the capture cannot be read
    #[arg(long)]
    strict: bool,
    /// List what was redacted, and what looks like a secret but was kept
    #[arg(long)]
    audit: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Reading {
    fn how(&self) -> LoadOptions {
        let shape = Shape {
            format: self.format,
            time: self.time.clone(),
            terminal: self.terminal.clone(),
            up: self.up.clone(),
            down: self.down.clone(),
        };
        LoadOptions { keys: self.keys.clone(), shape }
    }

    /// Reads a capture, and prints remarks and the parts that could not be read.
    pub(crate) fn read(&self, files: &[PathBuf]) -> Result<Imported, Exit> {
        sca_masking::secret::add_names(&self.redact);
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

/// Number of parts of a capture that could not be read; reported if there are any.
pub(crate) fn lost(imported: &Imported, name: &str) -> usize {
    let lost = imported.unread.len() + imported.more_unread;
    if lost > 0 {
        complain!("{} of {name} could not be read", count(lost, "part"));
    }
    lost
}

/// The scenarios of a capture with unique file names: terminals whose names map to the same file name, and parts of a
/// long session, are numbered.
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

/// The name of a capture in output: its file name.
pub(crate) fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The paths of a capture as given, for messages.
pub(crate) fn shown(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let imported = match arguments.reading.read(&arguments.files) {
        Ok(imported) => imported,
        Err(exit) => return exit,
    };
    let name = shown(&arguments.files);
    if imported.sessions.is_empty() {
        complain!("error: {name}: contains nothing to make a scenario of");
        return Exit::CannotRun;
    }
    let lost = lost(&imported, &name);
    if lost > 0 && arguments.strict {
        complain!("error: nothing written (--strict)");
        return Exit::CannotRun;
    }
    let from = arguments.files.first().map(|file| name_of(file)).unwrap_or_default();
    // A session without any response or observation is not a valid scenario.
    let (good, idle): (Vec<_>, Vec<_>) =
        named(&imported, &from).into_iter().partition(|(_, text)| sca_scenario::parse(text).is_ok());
    for (terminal, _) in &idle {
        complain!("{name}: {terminal} skipped: nothing in it can be expected of a terminal");
    }
    if good.is_empty() {
        complain!("error: {name}: contains nothing to make a scenario of");
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
