//! Reports for machines: where they go, and `report merge`, which makes one of several.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use sca_runner::report::{self, Document, KINDS, Kind};

use crate::Exit;
use crate::terms::{complain, count, say};

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
                say!("{}", text.trim_end());
                return Ok(());
            }
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let made = folder.map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| fs::write(path, text)).map_err(|error| error.to_string())
        });
        if let Err(error) = written {
            complain!("error: the report {} was not written: {error}", path.display());
            all = false;
        }
    }
    all
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
    let mut documents = Vec::with_capacity(arguments.files.len());
    for path in &arguments.files {
        match read(path) {
            Ok(document) => documents.push(document),
            Err(why) => {
                complain!("error: {}: {why}", path.display());
                return Exit::CannotRun;
            }
        }
    }
    let missing = if arguments.partial { Vec::new() } else { Document::missing(&documents) };
    let whole = match Document::merge(documents) {
        Ok(whole) => whole,
        Err(why) => {
            complain!("error: these are no parts of one run: {why}");
            return Exit::CannotRun;
        }
    };
    if !write_reports(&arguments.report, &whole) {
        return Exit::CannotRun;
    }
    let summary = &whole.summary;
    let files = count(summary.files, "scenario");
    let more =
        [(summary.inapplicable, "inapplicable"), (summary.invalid, "not valid"), (summary.changed, "snapshots differ")];
    let aside: String = more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}")).collect();
    if !missing.is_empty() {
        complain!("error: these parts are missing: {}; --partial reports without them", missing.join(", "));
    }
    let line = format!("{files} in {}: {} passed, {} failed{aside}", whole.world, summary.passed, summary.failed);
    tell_beside(&arguments.report, &line);
    match summary {
        summary if summary.is_good() && missing.is_empty() => Exit::Good,
        summary if summary.invalid > 0 => Exit::Invalid,
        _ => Exit::Failed,
    }
}

fn read(path: &Path) -> Result<Document, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > BYTES_MAX {
        return Err(format!("it has {size} bytes, {BYTES_MAX} are allowed"));
    }
    Document::from_json(&fs::read_to_string(path).map_err(|error| error.to_string())?)
}
