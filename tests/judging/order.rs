//! Tests of determinism: no transcript depends on the order in which connection tasks start, nor on how many worlds
//! run in parallel.

use crate::common;

use sca_suite::{SnapshotMode, joined};
use sca_terminal::simulated;
use sca_world::{Options, play};

#[test]
fn the_order_in_which_connections_start_changes_nothing() {
    let identities = sca_environment::Authorities::new().expect("an authority can be made").memory;
    for path in common::scenarios() {
        let scenario = sca_files::load(&path, &[]).expect("the scenario can be read").scenario;
        let mut scenario = scenario.expect("the scenario is valid");
        scenario.rows.truncate(6);
        let play = |start_order| {
            let options = Options { start_order, ..Options::default() };
            joined(&play(&scenario, &options, &identities, &simulated))
        };
        let first = play(0);
        for start_order in 1..=3 {
            assert_eq!(first, play(start_order), "{}, order {start_order}", path.display());
        }
    }
}

#[test]
fn how_many_worlds_run_at_once_changes_nothing() {
    let paths = common::scenarios();
    let run = |jobs| {
        let suite = common::suite(Options::default(), SnapshotMode::Ignore, &[]);
        let results = suite.run(&paths, jobs, &|_| {});
        results.into_iter().map(|r| joined(&r.expect("the scenario can be read").rows)).collect::<Vec<_>>()
    };
    let alone = run(1);
    for jobs in [2, 3, 8] {
        assert!(alone == run(jobs), "transcripts differ with {jobs} at once");
    }
}

#[test]
fn another_seed_is_another_run_and_the_same_seed_is_the_same() {
    let identities = sca_environment::Authorities::new().expect("an authority can be made").memory;
    let path = common::root().join("scenarios/disconnects/boot_backoff.sca");
    let scenario = sca_files::load(&path, &[]).expect("the scenario can be read").scenario.expect("it is valid");
    let play = |seed| {
        let options = Options { seed: Some(seed), ..Options::default() };
        joined(&play(&scenario, &options, &identities, &simulated))
    };
    assert_eq!(play(7), play(7));
    assert_ne!(play(7), play(8));
}
