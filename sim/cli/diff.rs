//! `diff`: compares a capture with the simulated terminal.

use std::sync::Arc;

use sca_core::TerminalConfig;
use sca_environment::Identities;
use std::path::{Path, PathBuf};

use clap::Args;
use sca_capture::diff::{Compared, Comparer};
use sca_capture::{diff, load};
use sca_hunt::shrink::Shrinker;

use crate::console::{authorities, complain, count, painter, put, say, unread};
use crate::core_option::{CoreOption, PlayedTerminal};
use crate::exit::Exit;
use crate::import::{Reading, lost, name_of, named, shown};

#[derive(Debug, Args)]
#[command(after_help = "A difference is a bug that was found, or a property of the real device. If a setting \
    of the simulated terminal would explain it, that setting is named. Exit codes: 0 no differences; 1 differences.")]
pub(crate) struct Arguments {
    /// A recording or other scenario (.sca), an HTTP archive (HAR), packets (pcap, pcapng), or a log, possibly in
    /// several files
    #[arg(value_name = "CAPTURE", required = true)]
    captures: Vec<PathBuf>,
    /// Write the smallest scenario that fails by each difference into this folder
    #[arg(long, value_name = "DIR")]
    shrink: Option<PathBuf>,
    /// Overwrite existing scenarios in the --shrink folder
    #[arg(long, requires = "shrink")]
    force: bool,
    /// Print the differences as JSON instead of the ladder
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    core: CoreOption,
}

fn first(arguments: &Arguments) -> &Path {
    arguments.captures.first().map_or(Path::new(""), PathBuf::as_path)
}

/// Scenarios with their names, and the number of parts of their capture that could not be read.
type Texts = (Vec<(String, String)>, usize);

/// The scenarios of a capture, each with the name of its terminal or file.
fn texts(arguments: &Arguments) -> Result<Texts, Exit> {
    let path = first(arguments);
    if path.extension().is_some_and(|extension| extension == "sca") {
        let text = sca_files::read_text(path).map_err(|error| unread(path, &error))?;
        return Ok((vec![(name_of(path), text)], 0));
    }
    let imported = arguments.reading.read(&arguments.captures)?;
    if imported.sessions.is_empty() {
        complain!("error: {}: contains nothing to make a scenario of", path.display());
        return Err(Exit::CannotRun);
    }
    let lost = lost(&imported, &shown(&arguments.captures));
    Ok((named(&imported, &name_of(path)), lost))
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let (texts, lost) = match texts(arguments) {
        Ok(texts) => texts,
        Err(exit) => return exit,
    };
    let identities = match authorities() {
        Ok(identities) => identities.memory,
        Err(exit) => return exit,
    };
    let terminals = arguments.core.terminals();
    let comparer = Comparer::new(&terminals, &identities);
    // What could not be read was not compared.
    let (mut exit, mut all) = (if lost > 0 { Exit::Failed } else { Exit::Good }, Vec::new());
    for (name, text) in &texts {
        let compared = match comparer.compare(text) {
            Ok(compared) => compared,
            Err(problems) => {
                let texts = [(first(arguments).to_owned(), text.clone())];
                for problem in &problems {
                    complain!("{}\n", sca_report::problem(painter(), &texts, problem));
                }
                return Exit::Invalid;
            }
        };
        if !arguments.json {
            say!("{name}: {}\n", count(compared.differences.len(), "difference"));
            say!("{}", diff::ladder(&compared));
        }
        if !compared.differences.is_empty() || compared.stopped.is_some() {
            exit = Exit::Failed;
        }
        if let Some(folder) = &arguments.shrink
            && let Err(failed) = shrink((folder, arguments.force), name, &compared, (&terminals, &identities))
        {
            return failed;
        }
        all.push((name.clone(), compared));
    }
    if arguments.json {
        put!("{}", diff::json(&all));
    }
    exit
}

/// Shrinks each difference to a small scenario and writes it.
fn shrink(
    (folder, replaces): (&Path, bool),
    name: &str,
    compared: &Compared,
    (make, identities): (&dyn Fn(TerminalConfig) -> PlayedTerminal, &Arc<Identities>),
) -> Result<(), Exit> {
    let mut shrinker = Shrinker::new(make, identities).for_capture();
    let stem = name.trim_end_matches(".sca");
    for (number, difference) in (1..).zip(&compared.differences) {
        let Some(failure) = &difference.failure else { continue };
        let Some(small) = shrinker.shrink(&difference.text, None, failure) else {
            complain!("difference {number} cannot be shrunk");
            continue;
        };
        let path = folder.join(format!("{stem}-{number}.sca"));
        if let Err(error) = load::write_new(&path, &small.text, replaces) {
            let help = if error.kind() == std::io::ErrorKind::AlreadyExists { "; --force replaces it" } else { "" };
            complain!("error: {}: {error}{help}", path.display());
            return Err(Exit::CannotRun);
        }
        complain!("{}: {} candidates tried", path.display(), small.tried);
    }
    Ok(())
}
