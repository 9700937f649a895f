//! The core of the example, which is not ours, in the hands of a user: it keeps the contract, and plays every bundled
//! scenario but those that show what it lacks.

use crate::common;
#[expect(dead_code, reason = "the example's main is not played here")]
#[path = "../../sim/examples/own_core.rs"]
mod own_core;

use own_core::OwnCore;
use sca_sim::{Options, SimulatedTerminal, check_core, play_file};

/// Scenarios that need pings: without them nobody notices that a line is silent.
const NEED_PINGS: &[&str] = &[
    "admin/parameters",
    "admin/settings_while_it_runs",
    "counter/over_reconnect",
    "disconnects/both_removed",
    "disconnects/broker_closes_silently",
    "disconnects/cut_at_every_moment",
    "disconnects/finished_stays_finished",
    "disconnects/found_again",
    "disconnects/half_open",
    "disconnects/idle_cutter",
    "disconnects/idle_cutter_kept_open",
    "disconnects/missed_pong",
    "disconnects/one_way_silence",
    "disconnects/pings_in_time",
    "disconnects/session_goes_on",
    "disconnects/session_survives",
    "disconnects/shown_each_time",
    "disconnects/silent_for_ever",
    "disconnects/stale_keeps_the_traffic",
    "disconnects/stale_refuses_the_new",
    "disconnects/still_on_its_way",
    "disconnects/training_goes_on",
    "disconnects/wrong_pong",
];

/// Scenarios that set how long a step may take, where the core has a limit of its own.
const NEED_LIMITS: &[&str] = &[
    "disconnects/unanswered",
    "handshake/proxy_is_silent",
    "handshake/silence",
    "handshake/silent_port",
    "handshake/slow_answer",
    "trust/silence_in_the_handshake",
];

/// Scenarios in which the broker says when to come back.
const NEED_RETRY_AFTER: &[&str] =
    &["handshake/retry_after", "handshake/retry_after_date", "handshake/retry_after_too_long"];

/// Scenarios that set the form of the upgrade request.
const NEED_THE_FORM: &[&str] = &["handshake/other_port", "handshake/stray_space"];

#[test]
fn it_keeps_the_contract() {
    check_core(OwnCore::new).unwrap_or_else(|broken| panic!("{broken}"));
}

#[test]
fn it_passes_every_scenario_but_those_that_show_what_it_lacks() {
    let make = |config| SimulatedTerminal::around(config, OwnCore::new);
    let mut failed = Vec::new();
    for path in common::scenarios() {
        let played = play_file(&path, &Options::default(), &make).unwrap_or_else(|error| panic!("{error}"));
        if !played.passed() {
            // What failed is shown with its file, and no command is offered that would play another core.
            let shown = played.to_string();
            assert!(shown.contains(".sca") && !shown.contains("sca-sim run"), "{shown}");
            let name = path.strip_prefix(common::root().join("scenarios")).unwrap_or(&path).with_extension("");
            failed.push(name.display().to_string());
        }
    }
    failed.sort();
    let mut lacks = [NEED_PINGS, NEED_LIMITS, NEED_RETRY_AFTER, NEED_THE_FORM].concat();
    lacks.sort_unstable();
    assert_eq!(failed, lacks);
}
