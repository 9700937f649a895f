//! Machine-readable reports: writing them, and `report merge`, which merges those of several partial runs.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::{Args, Subcommand};
use sca_report::{Document, KINDS, Kind, Summary};

use crate::console::{complain, count, is_stdout_closed, put, say};
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Merge the reports of several partial runs, and judge the whole run
    Merge(Merge),
}

#[derive(Debug, Args)]
struct Merge {
    /// JSON reports written by --report json=FILE
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Reports to write, separated by commas: junit, json, jsonl, github, markdown or tap, each as KIND=FILE, or KIND=-
    /// for standard output
    #[arg(long, value_name = "KIND=FILE", value_delimiter = ',', value_parser = parse_report)]
    report: Vec<(Kind, PathBuf)>,
    /// Report on the given parts even if others are missing
    #[arg(long)]
    partial: bool,
}

/// Maximum size in bytes of a report to merge.
const BYTES_MAX: u64 = 256 << 20;

/// Parses `KIND=FILE`.
pub(crate) fn parse_report(text: &str) -> Result<(Kind, PathBuf), String> {
    let (word, file) = text.split_once('=').ok_or("expected KIND=FILE, for example junit=report.xml")?;
    let kind = KINDS.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind);
    let kind = kind.ok_or_else(|| {
        let known: Vec<&str> = KINDS.iter().map(|(word, _)| *word).collect();
        format!("unknown report kind `{word}`; expected one of {}", known.join(", "))
    })?;
    if file.is_empty() {
        return Err(format!("expected a file after `{word}=`, or `-`"));
    }
    Ok((kind, file.into()))
}

/// Writes the reports of a run. If one cannot be written, prints the error and returns false.
pub(crate) fn write_reports(reports: &[(Kind, PathBuf)], document: &Document) -> bool {
    let mut all = true;
    for (kind, path) in reports {
        let text = sca_report::report(document, *kind).map_err(|error| error.to_string());
        let written = text.and_then(|text| {
            if path == Path::new("-") {
                if is_stdout_closed() {
                    return Err("standard output is closed".to_owned());
                }
                put!("{}", text.trim_end());
                return Ok(());
            }
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let made = folder.map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| write(path, &text)).map_err(|error| error.to_string())
        });
        if let Err(error) = written {
            complain!("error: cannot write the report {}: {error}", path.display());
            all = false;
        }
    }
    all
}

/// Writes an output file: a regular file atomically, a pipe, terminal or other device directly. If no file can be
/// created beside it, for example if only the file itself is mounted, it is overwritten in place: it can be
/// regenerated.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
        return fs::write(path, text);
    }
    sca_files::replace(path, text).or_else(|error| match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::ResourceBusy if path.exists() => {
            fs::write(path, text)
        }
        _ => Err(error),
    })
}

/// Prints a line on standard output, or on standard error if a report is written to standard output.
pub(crate) fn print_beside_reports(reports: &[(Kind, PathBuf)], line: &str) {
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
    if !remove_reports(fresh) || documents.is_empty() || (!absent.is_empty() && !arguments.partial) {
        return Exit::CannotRun;
    }
    let merged = match documents.pop() {
        // A single part is reported as that part.
        Some(one) if documents.is_empty() && absent.is_empty() && arguments.partial => Ok(one),
        last => {
            documents.extend(last);
            Document::merge(documents, absent)
        }
    };
    let whole = match merged {
        Ok(whole) => whole,
        Err(why) => {
            complain!("error: these are not parts of one run: {why}");
            return Exit::CannotRun;
        }
    };
    if !write_reports(&arguments.report, &whole) {
        return Exit::CannotRun;
    }
    conclude(arguments, &whole)
}

/// Prints what is missing and the summary of a whole; the exit code.
fn conclude(arguments: &Merge, whole: &Document) -> Exit {
    let summary = whole.summary;
    if !whole.missing.is_empty() {
        let named: Vec<&str> = whole.missing.iter().take(20).map(String::as_str).collect();
        let tail = if arguments.partial { "" } else { "; --partial reports without them" };
        complain!("error: missing parts: {}{tail}", named.join(", "));
    }
    for one in &whole.unreadable {
        complain!("error: cannot read {}: {}", one.path, one.error);
    }
    whole.stale().iter().for_each(|why| complain!("error: stale ledger entry: {why}"));
    let is_idle = whole.shard.is_none() && whole.missing.is_empty() && summary.passed + summary.failed == 0;
    if is_idle {
        complain!("error: no scenario was played");
    }
    let more = [
        (summary.expected_failures, "expected failures"),
        (summary.inapplicable, "inapplicable"),
        (summary.invalid, "invalid"),
        (summary.changed, "snapshots differ"),
        (summary.unreadable, "unreadable"),
        (summary.not_begun, "not started"),
    ];
    let aside: String = more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}")).collect();
    let files = count(summary.files, "scenario");
    let line = format!("{files} in {}: {} passed, {} failed{aside}", whole.world, summary.passed, summary.failed);
    print_beside_reports(&arguments.report, &line);
    let asked = if arguments.partial { Summary { missing: 0, ..summary } } else { summary };
    match exit_code(&asked) {
        Exit::Good if is_idle => Exit::Failed,
        exit => exit,
    }
}

/// The exit code for the summary of a run or of a merge.
pub(crate) fn exit_code(summary: &Summary) -> Exit {
    match summary {
        Summary { unreadable: 1.., .. } | Summary { cannot_run: 1.., .. } => Exit::CannotRun,
        Summary { invalid: 1.., .. } => Exit::Invalid,
        summary if summary.is_good() => Exit::Good,
        _ => Exit::Failed,
    }
}

/// Removes the reports of an earlier run, so that an aborted run leaves no stale ones. If one cannot be removed or
/// emptied, prints the error and returns false.
pub(crate) fn remove_reports<'a>(reports: impl IntoIterator<Item = &'a (Kind, PathBuf)>) -> bool {
    let mut all = true;
    for (_, path) in reports {
        if path == Path::new("-") || !fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file()) {
            continue;
        }
        // In a read-only folder the files may still be writable.
        if let Err(error) = fs::remove_file(path).or_else(|_| fs::write(path, "")) {
            complain!("error: cannot replace the report {} of an earlier run: {error}", path.display());
            all = false;
        }
    }
    all
}

fn read(path: &Path) -> Result<Document, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > BYTES_MAX {
        return Err(format!("{size} bytes, limit is {BYTES_MAX}"));
    }
    Document::from_json(&fs::read_to_string(path).map_err(|error| error.to_string())?)
        .map_err(|error| error.to_string())
}
