//! The core of the example, which is not ours, in the hands of a user: it keeps the contract, and passes every bundled
//! scenario.

use crate::common;
#[expect(dead_code, reason = "the example's main is not played here")]
#[path = "../../sim/examples/own_core.rs"]
mod own_core;

use own_core::OwnCore;
use sca_sim::{Options, SimulatedTerminal, check_core, play_file};

#[test]
fn it_keeps_the_contract() {
    check_core(OwnCore::new).unwrap_or_else(|broken| panic!("{broken}"));
}

#[test]
fn it_passes_every_scenario() {
    let make = |config| SimulatedTerminal::around(config, OwnCore::new);
    let mut failed = Vec::new();
    for path in common::scenarios() {
        let played = play_file(&path, &Options::default(), &make).unwrap_or_else(|error| panic!("{error}"));
        if !played.passed() {
            failed.push(played.to_string());
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// What failed is shown with its file, and no command is offered that would play another core.
#[test]
fn a_failure_of_a_linked_core_is_shown_with_its_file() {
    let folder = common::folder("example-core");
    common::file(&folder, "a.sca", "scenario \"Nobody refuses\"\n\nterminal fails refused\n");
    let make = |config| SimulatedTerminal::around(config, OwnCore::new);
    let played = play_file(&folder.join("a.sca"), &Options::default(), &make).unwrap_or_else(|error| panic!("{error}"));
    let shown = played.to_string();
    assert!(!played.passed() && shown.contains("a.sca") && !shown.contains("sca-sim run"), "{shown}");
}
