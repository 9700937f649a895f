//! `run --audit`: plays every scenario twice and checks that both runs are identical.

use std::path::PathBuf;

use sca_suite::audit::{Divergence, audit};
use sca_suite::{ExternalParty, SnapshotMode, Suite};

use super::arguments::{Arguments, Terminals};
use crate::console::{complain, count, load_scenario, say, threads};
use crate::exit::Exit;

/// Plays everything twice and prints where the two runs diverge.
pub(super) fn run(arguments: &Arguments, suite: &Terminals<'_>, paths: &[PathBuf]) -> Exit {
    let twice = Suite {
        options: suite.options.clone(),
        snapshots: SnapshotMode::Ignore,
        identities: suite.identities.clone(),
        real: ExternalParty::Nothing,
        ..*suite
    };
    for path in paths {
        if let Err(exit) = load_scenario(path, suite.clauses) {
            return exit;
        }
    }
    let audited = match audit(twice, paths, threads(arguments.jobs)) {
        Ok(audited) => audited,
        Err((path, error)) => {
            complain!("error: {}: {error}", path.display());
            return Exit::CannotRun;
        }
    };
    audited.divergences.iter().for_each(show);
    for row in &audited.unplayed {
        complain!("error: {}{} was not played: {}\n", row.path.display(), in_brackets(&row.values), row.why);
    }
    let (rows, events) = (count(audited.rows, "row"), count(audited.events, "event"));
    let unplayed = match audited.unplayed.len() {
        0 => String::new(),
        some => format!(", {some} ended with an error"),
    };
    let diverge = audited.divergences.len();
    say!("{rows} played twice, {events} each time, {diverge} diverge{unplayed}; digest {}", audited.digest);
    if diverge == 0 && audited.unplayed.is_empty() { Exit::Good } else { Exit::Failed }
}

fn show(divergence: &Divergence) {
    let values = in_brackets(&divergence.values);
    complain!("error: two runs of {}{values} diverge at event {}", divergence.path.display(), divergence.event);
    complain!("  first:  {}", divergence.first.as_deref().unwrap_or("end of run"));
    complain!("  second: {}\n", divergence.second.as_deref().unwrap_or("end of run"));
}

fn in_brackets(values: &[(String, String)]) -> String {
    let values = sca_model::shown_values(values);
    if values.is_empty() { String::new() } else { format!(" ({values})") }
}
