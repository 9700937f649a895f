//! Reports for machines: where they go, and `report merge`, which makes one of several.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use sca_runner::files;
use sca_runner::report::{self, Document, KINDS, Kind, Summary};

use crate::exit::Exit;
use crate::terms::{complain, count, is_closed, put, say};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make one report of those of several parts, and say whether the whole is good
    Merge(Merge),
}

#[derive(Debug, Args)]
struct Merge {
    /// JSON reports of runs, as --report json=FILE writes them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Reports to write, several with commas: junit, json, jsonl, github, markdown or tap, each =FILE, or =- for
    /// standard output
    #[arg(long, value_name = "KIND=FILE", value_delimiter = ',', value_parser = parse_report)]
    report: Vec<(Kind, PathBuf)>,
    /// Make reports of the parts that are there, though others are missing
    #[arg(long)]
    partial: bool,
}

/// Bytes of one report that is read.
const BYTES_MAX: u64 = 256 << 20;

/// Reads `KIND=FILE`.
pub(crate) fn parse_report(text: &str) -> Result<(Kind, PathBuf), String> {
    let (word, file) = text.split_once('=').ok_or("expected KIND=FILE, for example junit=report.xml")?;
    let kind = KINDS.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind);
    let kind = kind.ok_or_else(|| {
        let known: Vec<&str> = KINDS.iter().map(|(word, _)| *word).collect();
        format!("there is no report `{word}`; expected one of {}", known.join(", "))
    })?;
    if file.is_empty() {
        return Err(format!("expected a file behind `{word}=`, or `-`"));
    }
    Ok((kind, file.into()))
}

/// Writes reports of a run; one that is not written is said, and it is false.
pub(crate) fn write_reports(reports: &[(Kind, PathBuf)], document: &Document) -> bool {
    let mut all = true;
    for (kind, path) in reports {
        let written = report::report(document, *kind).and_then(|text| {
            if path == Path::new("-") {
                if is_closed() {
                    return Err("standard output is closed, or leads nowhere".to_owned());
                }
                put!("{}", text.trim_end());
                return Ok(());
            }
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let made = folder.map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| write(path, &text)).map_err(|error| error.to_string())
        });
        if let Err(error) = written {
            complain!("error: the report {} was not written: {error}", path.display());
            all = false;
        }
    }
    all
}

/// Writes what a run leaves where it was told to: a file whole; a pipe, a terminal or another device as it is. Where nothing
/// can stand beside a file, as where the file alone is mounted, it is written in its place: it can be made again.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
        return fs::write(path, text);
    }
    files::replace(path, text).or_else(|error| match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::ResourceBusy if path.exists() => {
            fs::write(path, text)
        }
        _ => Err(error),
    })
}

/// Says a line on standard output, or on standard error where a report stands on the other.
pub(crate) fn tell_beside(reports: &[(Kind, PathBuf)], line: &str) {
    if reports.iter().any(|(_, path)| path == Path::new("-")) {
        complain!("{line}");
    } else {
        say!("{line}");
    }
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let What::Merge(arguments) = &arguments.what;
    let (mut documents, mut absent) = (Vec::with_capacity(arguments.files.len()), Vec::new());
    for path in &arguments.files {
        match read(path) {
            Ok(document) => documents.push(document),
            Err(why) => {
                complain!("error: {}: {why}", path.display());
                absent.push(path.display().to_string());
            }
        }
    }
    let fresh = arguments.report.iter().filter(|(_, path)| !arguments.files.contains(path));
    if !take_away(fresh) || documents.is_empty() || (!absent.is_empty() && !arguments.partial) {
        return Exit::CannotRun;
    }
    let merged = match documents.pop() {
        // A part alone is reported as the part that it is.
        Some(one) if documents.is_empty() && absent.is_empty() && arguments.partial => Ok(one),
        last => {
            documents.extend(last);
            Document::merge(documents, absent)
        }
    };
    let whole = match merged {
        Ok(whole) => whole,
        Err(why) => {
            complain!("error: these are no parts of one run: {why}");
            return Exit::CannotRun;
        }
    };
    if !write_reports(&arguments.report, &whole) {
        return Exit::CannotRun;
    }
    let summary = whole.summary;
    if !whole.missing.is_empty() {
        let named: Vec<&str> = whole.missing.iter().take(20).map(String::as_str).collect();
        let tail = if arguments.partial { "" } else { "; --partial reports without them" };
        complain!("error: these parts are missing: {}{tail}", named.join(", "));
    }
    for one in &whole.unreadable {
        complain!("error: {} could not be read: {}", one.path, one.error);
    }
    whole.stale().iter().for_each(|why| complain!("error: stale in the ledger, {why}"));
    let is_idle = whole.shard.is_none() && whole.missing.is_empty() && summary.passed + summary.failed == 0;
    if is_idle {
        complain!("error: nothing was played");
    }
    let more = [
        (summary.expected_failures, "expected to fail"),
        (summary.inapplicable, "inapplicable"),
        (summary.invalid, "not valid"),
        (summary.changed, "snapshots differ"),
        (summary.unreadable, "not readable"),
        (summary.not_begun, "not begun"),
    ];
    let aside: String = more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}")).collect();
    let files = count(summary.files, "scenario");
    let line = format!("{files} in {}: {} passed, {} failed{aside}", whole.world, summary.passed, summary.failed);
    tell_beside(&arguments.report, &line);
    let asked = if arguments.partial { Summary { missing: 0, ..summary } } else { summary };
    match exit_of(&asked) {
        Exit::Good if is_idle => Exit::Failed,
        exit => exit,
    }
}

/// How a run ends, or several together.
pub(crate) fn exit_of(summary: &Summary) -> Exit {
    match summary {
        Summary { unreadable: 1.., .. } | Summary { cannot_run: 1.., .. } => Exit::CannotRun,
        Summary { invalid: 1.., .. } => Exit::Invalid,
        summary if summary.is_good() => Exit::Good,
        _ => Exit::Failed,
    }
}

/// Takes away what an earlier run has left where reports go: who looks there later finds those of this run, or none.
pub(crate) fn take_away<'a>(reports: impl IntoIterator<Item = &'a (Kind, PathBuf)>) -> bool {
    let mut all = true;
    for (_, path) in reports {
        if path == Path::new("-") || !fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file()) {
            continue;
        }
        // Where a folder cannot be written to, its files may be.
        if let Err(error) = fs::remove_file(path).or_else(|_| fs::write(path, "")) {
            complain!("error: the report {} of an earlier run cannot be replaced: {error}", path.display());
            all = false;
        }
    }
    all
}

fn read(path: &Path) -> Result<Document, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > BYTES_MAX {
        return Err(format!("it has {size} bytes, {BYTES_MAX} are allowed"));
    }
    Document::from_json(&fs::read_to_string(path).map_err(|error| error.to_string())?)
}
