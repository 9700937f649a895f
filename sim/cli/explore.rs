//! `explore`: plays a scenario's setup with many seeds, and shrinks each violation of a law to a small scenario.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use sca_environment::shell;
use sca_hunt::explore::{Explore, ExploreResult, Found};
use sca_judge::verdict::FailureKind;

use crate::console::{authorities, complain, count, find_some_scenarios, load_scenario, say, threads};
use crate::core_option::CoreOption;
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files; each provides the setup, and its steps for half of the seeds
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Number of seeds per scenario
    #[arg(long, value_name = "N", default_value_t = 100)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    from: u64,
    /// Real-time limit per scenario, after which no further seed starts: 30s, 5m
    #[arg(long = "for", value_name = "T", value_parser = span)]
    limit: Option<Duration>,
    /// Folder for the findings: shrunk scenarios, or whole runs that cannot be shrunk
    #[arg(long, value_name = "DIR", default_value = "failures")]
    failures: PathBuf,
    /// Print the run of the first seed
    #[arg(long, short)]
    transcript: bool,
    /// Number of runs in parallel; default: the number of cores
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    #[command(flatten)]
    core: CoreOption,
}

fn span(text: &str) -> Result<Duration, String> {
    sca_protocol::settings::span(text).ok_or_else(|| "expected a duration, for example 30s or 5m".to_owned())
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
    let terminals = arguments.core.terminals();
    let explore = Explore {
        make: &terminals,
        identities,
        seeds: arguments.from..arguments.from.saturating_add(arguments.seeds),
        limit: arguments.limit,
        jobs: threads(arguments.jobs),
    };
    let (mut exit, mut played, mut broken, mut errors) = (Exit::Good, 0, 0, 0);
    for path in &paths {
        let loaded = match load_scenario(path, &sca_protocol::clauses::ids()) {
            Ok(loaded) => loaded,
            Err(Exit::Invalid) => {
                exit = Exit::Invalid;
                continue;
            }
            Err(exit) => return exit,
        };
        let Ok(scenario) = &loaded.scenario else { continue };
        if arguments.transcript {
            say!("{}", explore.one(scenario, arguments.from).transcript.trim_end());
            continue;
        }
        let explored = explore.run(scenario);
        if let Some(why) = explored.skipped {
            say!("{}: not explored: {why}", path.display());
        }
        let of_runs = explored.found.iter().filter(|found| found.failure.kind == FailureKind::Run).count();
        (played, errors) = (played + explored.played, errors + of_runs);
        broken += explored.found.len() - of_runs;
        if !tell(arguments, path, &explored) {
            return Exit::CannotRun;
        }
    }
    if !arguments.transcript {
        let aside = if errors > 0 { format!(", {}", count(errors, "error")) } else { String::new() };
        let (seeds, laws) = (count(played, "seed"), count(broken, "law"));
        say!("{}: {seeds} played, {laws} broken{aside}", count(paths.len(), "scenario"));
    }
    if exit == Exit::Good && broken + errors > 0 { Exit::Failed } else { exit }
}

/// Prints and writes the findings. Returns whether all could be written.
fn tell(arguments: &Arguments, path: &Path, explored: &ExploreResult) -> bool {
    for found in &explored.found {
        let times = if found.times == 1 { String::new() } else { format!(", and with {} more seeds", found.times - 1) };
        complain!("error: {}: {} with seed {}{times}", path.display(), found.failure.headline, found.seed);
        for note in &found.failure.notes {
            complain!("  = note: {note}");
        }
        match write(arguments, path, found) {
            Ok(file) => complain!(
                "  = found: {}\n  = replay: sca-sim run {}{}\n",
                file.display(),
                shell::last(&file),
                arguments.core.said()
            ),
            Err(error) => {
                complain!("error: cannot write the finding to {}: {error}", arguments.failures.display());
                return false;
            }
        }
    }
    true
}

/// Writes the shrunk scenario, or the whole run if it could not be shrunk.
fn write(arguments: &Arguments, path: &Path, found: &Found) -> std::io::Result<PathBuf> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let file = arguments.failures.join(format!("explore-{name}-{}.sca", found.seed));
    sca_files::make_folder(&arguments.failures)?;
    let text = found.shrunk.as_ref().map_or(&found.transcript, |shrunk| &shrunk.text);
    sca_files::replace(&file, text)?;
    Ok(file)
}
