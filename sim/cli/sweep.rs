//! `sweep`: repeats runs with a fault injected at every point, and reports what breaks.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use sca_environment::shell;
use sca_hunt::sweep::{Injection, KINDS, Sweep, SweepResult};
use sca_judge::Verdict;

use crate::console::{authorities, complain, count, find_some_scenarios, is_lively, painter, say, threads, unread};
use crate::core_option::{CoreOption, PlayedTerminal};
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also inject after every byte sent to the terminal; in messages over 4 KiB only near both ends and at every 997th
    /// byte
    #[arg(long, conflicts_with = "at")]
    bytes: bool,
    /// Sweep every row of an `each`, not only the first
    #[arg(long, conflicts_with = "at")]
    all_rows: bool,
    /// Play a single injection and print the run: reset@event:7, fin@frame:3:before, silence@frame:3:17,
    /// power@server-flight:0
    #[arg(long, value_name = "KIND@PLACE")]
    at: Option<Injection>,
    /// The row of an `each` for the injection of --at, counted from 1
    #[arg(long, value_name = "N", default_value_t = 1, requires = "at")]
    row: usize,
    /// Folder for shrunk scenarios that fail like the injected run
    #[arg(long, value_name = "DIR", default_value = "failures")]
    failures: PathBuf,
    /// Number of runs in parallel; default: the number of cores
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    #[command(flatten)]
    core: CoreOption,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let paths = match find_some_scenarios(&arguments.paths) {
        Ok(paths) => paths,
        Err(exit) => return exit,
    };
    let identities = match authorities() {
        Ok(identities) => identities.memory,
        Err(exit) => return exit,
    };
    let clauses = sca_protocol::clauses::ids();
    let terminals = arguments.core.terminals();
    let sweep = Sweep {
        make: &terminals,
        clauses: &clauses,
        identities,
        bytes: arguments.bytes,
        all_rows: arguments.all_rows,
        jobs: threads(arguments.jobs),
    };
    if let Some(injection) = arguments.at {
        return paths
            .iter()
            .map(|path| one(&arguments.core, &sweep, path, (arguments.row, injection)))
            .find(|e| *e != Exit::Good)
            .unwrap_or(Exit::Good);
    }
    let shown = is_lively(&std::io::stderr());
    let progress = |done: usize, all: usize| {
        if shown && (done.is_multiple_of(97) || done == all) {
            drop(write!(std::io::stderr().lock(), "\r{done}/{all} "));
        }
    };
    let swept = sweep.run(&paths, &progress);
    if shown {
        drop(write!(std::io::stderr().lock(), "\r                    \r"));
    }
    match swept {
        Ok(swept) => tell(arguments, &sweep, &swept),
        Err((path, error)) => unread(&path, &error),
    }
}

/// Plays a single injection and prints the run.
fn one(
    core: &CoreOption,
    sweep: &Sweep<'_, PlayedTerminal>,
    path: &std::path::Path,
    (row, injection): (usize, Injection),
) -> Exit {
    match sweep.one(path, row, injection) {
        Ok((loaded, Ok(played))) => {
            say!("{}", played.transcript.trim_end());
            match &played.verdict {
                Verdict::Pass if !played.has_struck => {
                    complain!("error: {}: the run never reaches {injection}", path.display());
                    Exit::CannotRun
                }
                Verdict::Pass => Exit::Good,
                Verdict::Fail(failure) => {
                    complain!(
                        "{}",
                        sca_report::failure(painter(), &loaded, failure, &replay(core, path, row, injection))
                    );
                    Exit::Failed
                }
                other => {
                    complain!("error: {}: {}", path.display(), other.word());
                    Exit::Failed
                }
            }
        }
        Ok((_, Err(why))) => {
            complain!("error: {}: {why}", path.display());
            Exit::CannotRun
        }
        Err(error) => unread(path, &error),
    }
}

fn replay(core: &CoreOption, path: &Path, row: usize, injection: Injection) -> String {
    let row = if row == 1 { String::new() } else { format!(" --row {row}") };
    format!("sca-sim sweep {}{row} --at {injection}{}", shell::last(path), core.said())
}

/// Columns of the strip that shows the injection points.
const WIDTH: usize = 60;
/// Failures of one file that are printed in full.
const TOLD: usize = 3;
/// Failures of one file of which one is shrunk.
const SHRUNK_TRIED: usize = 32;

/// Shrinks the first failure of a file that can be told as a scenario, writes that, and prints its path. What strikes a
/// connection before it stands cannot be told by a line, and then the next failure is taken.
fn shrink(arguments: &Arguments, sweep: &Sweep<'_, PlayedTerminal>, swept: &SweepResult) {
    let mut broken = swept.broken.iter().take(SHRUNK_TRIED);
    let Some((broken, shrunk)) = broken.find_map(|broken| Some((broken, sweep.shrink(swept, broken)?))) else { return };
    let name = swept.loaded.path.file_stem().unwrap_or_default().to_string_lossy();
    let injection = broken.injection.to_string().replace(['@', ':'], "-");
    let file = arguments.failures.join(format!("sweep-{name}-{injection}.sca"));
    match sca_files::make_folder(&arguments.failures).and_then(|()| sca_files::replace(&file, shrunk.text)) {
        Ok(()) => complain!("  = shrunk scenario: {}\n", file.display()),
        Err(error) => complain!("error: cannot write {}: {error}\n", file.display()),
    }
}

fn tell(arguments: &Arguments, sweep: &Sweep<'_, PlayedTerminal>, swept: &[SweepResult]) -> Exit {
    let mut invalid = false;
    let (mut tried, mut broken, mut skipped) = (0, 0, 0);
    for one in swept {
        let path = one.loaded.path.display();
        for problem in one.loaded.scenario.as_ref().err().into_iter().flatten() {
            complain!("{}\n", sca_report::problem(painter(), &one.loaded.texts, problem));
            invalid = true;
        }
        if let Some(why) = &one.skipped {
            skipped += 1;
            say!("{path}: not swept: {why}");
            continue;
        }
        (tried, broken) = (tried + one.strip.len(), broken + one.broken.len());
        let more = [(one.same, "same as another"), (one.alike, "similar to others")];
        let more: String = more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}")).collect();
        say!("{path}: {} tried, {} broken{more}", one.strip.len(), one.broken.len());
        if one.broken.is_empty() {
            say!("  {}", one.strip_text(None, WIDTH));
            continue;
        }
        for kind in KINDS {
            say!("  {:8} {}", kind.word(), one.strip_text(Some(kind), WIDTH));
        }
        for broken in one.broken.iter().take(TOLD) {
            let replay = replay(&arguments.core, &one.loaded.path, broken.row, broken.injection);
            complain!("{}", sca_report::failure(painter(), &one.loaded, &broken.failure, &replay));
        }
        shrink(arguments, sweep, one);
        for broken in one.broken.iter().skip(TOLD) {
            say!("  also: {}", replay(&arguments.core, &one.loaded.path, broken.row, broken.injection));
        }
    }
    let what = if arguments.bytes { "events, frames and bytes" } else { "events and frames" };
    let skipped = if skipped == 0 { String::new() } else { format!(", {skipped} not swept") };
    say!("{} at {what}: {tried} injections, {broken} broken{skipped}", count(swept.len(), "scenario"));
    match (invalid, swept.iter().any(SweepResult::is_bad)) {
        (true, _) => Exit::Invalid,
        (false, false) => Exit::Good,
        (false, true) => Exit::Failed,
    }
}
