//! The test that a mutant must survive: every bundled scenario with its snapshot, then the sweep unless `SWEEP=no`.
//! It stops at the first failure. It is not part of `cargo test`, which runs both separately.

#[path = "../common/mod.rs"]
mod common;

use std::process::ExitCode;

use sca_environment::Authorities;
use sca_hunt::sweep::{Sweep, SweepResult};
use sca_judge::Verdict;
use sca_suite::{Snapshot, SnapshotMode};
use sca_terminal::simulated;
use sca_world::Options;

fn main() -> ExitCode {
    let paths = common::scenarios();
    let suite = common::suite(Options::default(), SnapshotMode::Compare, &[]);
    for path in &paths {
        let result = suite.file(path).expect("a scenario can be read");
        let held = |verdict: &Verdict| matches!(verdict, Verdict::Pass | Verdict::ExpectedFail(_));
        let is_good = result.rows.iter().all(|row| held(&row.verdict)) && matches!(result.snapshot, Snapshot::Same);
        if !is_good {
            println!("found by {}", common::name(path));
            return ExitCode::FAILURE;
        }
    }
    if std::env::var_os("SWEEP").is_some_and(|word| word == "no") {
        println!("{} scenarios", paths.len());
        return ExitCode::SUCCESS;
    }
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let identities = Authorities::new().expect("an authority can be made").memory;
    let sweep = Sweep { make: &simulated, clauses: &[], identities, bytes: false, all_rows: false, jobs };
    for some in paths.chunks(24) {
        let swept = sweep.run(some, &|_, _| {}).expect("a scenario can be read");
        if let Some(bad) = swept.iter().find(|swept| SweepResult::is_bad(swept)) {
            println!("found by a sweep of {}", common::name(&bad.loaded.path));
            return ExitCode::FAILURE;
        }
    }
    println!("{} scenarios and their sweep", paths.len());
    ExitCode::SUCCESS
}
