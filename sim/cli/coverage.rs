//! `coverage`: which fault classes have hit the terminal in which of its states, and the gaps.

use std::path::PathBuf;

use clap::Args;
use sca_hunt::sweep::Sweep;
use sca_judge::coverage::Coverage;
use sca_suite::{ExternalParty, SnapshotMode, Suite};
use sca_world::Options;

use crate::console::{authorities, complain, count, find_some_scenarios, painter, say, threads, unread};
use crate::core_option::CoreOption;
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// Also count the faults of a sweep of the scenarios
    #[arg(long)]
    sweep: bool,
    #[command(flatten)]
    core: CoreOption,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let paths = match find_some_scenarios(&arguments.paths) {
        Ok(paths) => paths,
        Err(exit) => return exit,
    };
    let identities = match authorities() {
        Ok(identities) => identities,
        Err(exit) => return exit,
    };
    let clauses = sca_protocol::clauses::ids();
    let terminals = arguments.core.terminals();
    let mut coverage = Coverage::default();
    let (mut runs, mut exit) = (0, Exit::Good);
    if arguments.sweep {
        let (identities, jobs) = (identities.memory.clone(), threads(None));
        let sweep = Sweep { make: &terminals, clauses: &clauses, identities, bytes: false, all_rows: false, jobs };
        match sweep.run(&paths, &|_, _| {}) {
            Ok(swept) => swept.iter().flat_map(|swept| &swept.met).for_each(|met| {
                coverage.add(met);
                runs += 1;
            }),
            Err((path, error)) => return unread(&path, &error),
        }
    }
    let (options, snapshots) = (Options::default(), SnapshotMode::Ignore);
    let suite =
        Suite { options, snapshots, make: &terminals, clauses: &clauses, identities, real: ExternalParty::Nothing };
    for (path, result) in paths.iter().zip(suite.run(&paths, threads(None), &|_| ())) {
        match result {
            Ok(result) => {
                for problem in result.problems() {
                    complain!("{}\n", sca_report::problem(painter(), &result.loaded.texts, problem));
                    exit = Exit::Invalid;
                }
                for played in &result.rows {
                    coverage.add(&played.evidence.met);
                    runs += 1;
                }
            }
            Err(error) => {
                complain!("error: {}: {error}", path.display());
                return Exit::CannotRun;
            }
        }
    }
    say!("{}", coverage.table());
    let holes = coverage.uncovered();
    say!(
        "{}; cells count the runs in which a fault class hit the terminal in that state; {}",
        count(runs, "run"),
        count(holes.len(), "gap")
    );
    for (state, class) in holes {
        say!("  {class} has never hit a terminal in state {state}");
    }
    exit
}
