//! Tests of the table of faults: every kind has evidence, every word a kind, and the page matches the table.

use crate::common;

use std::collections::BTreeSet;
use std::fs;

use sca_judge::coverage::Coverage;
use sca_model::fault_table;
use sca_model::fault_table::{FaultRow, KINDS};
use sca_suite::SnapshotMode;
use sca_world::Options;

/// The text of a piece of evidence: a scenario or a test file.
fn text_of(name: &str) -> String {
    let path = match name.starts_with("tests/") {
        true => common::root().join(name),
        false => common::root().join("scenarios").join(name).with_extension("sca"),
    };
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_kind_is_said_in_its_evidence() {
    for FaultRow { kind, says, evidence, .. } in fault_table::all() {
        let first = evidence.first().unwrap_or_else(|| panic!("{kind} has no evidence"));
        assert!(text_of(first).contains(says), "{kind}: {first} does not say {says}");
        evidence.iter().for_each(|name| drop(text_of(name)));
    }
}

#[test]
fn every_kind_tries_a_clause_that_its_evidence_covers() {
    let known = sca_protocol::clauses::ids();
    for FaultRow { kind, clause, evidence, .. } in fault_table::all() {
        assert!(known.contains(clause), "{kind} names {clause}");
        let covers = |name: &&str| {
            let path = common::root().join("scenarios").join(name).with_extension("sca");
            let loaded = sca_files::load(&path, &known).expect("the scenario can be read");
            let scenario = loaded.scenario.unwrap_or_else(|why| panic!("{name}: {why:?}"));
            scenario.covers().contains(*clause)
        };
        let scenarios: Vec<&&str> = evidence.iter().filter(|name| !name.starts_with("tests/")).collect();
        assert!(scenarios.is_empty() || scenarios.into_iter().any(covers), "{kind}: nothing covers {clause}");
    }
}

#[test]
fn every_word_and_every_flaw_is_in_the_evidence() {
    let names: BTreeSet<&str> = fault_table::all().flat_map(|row| row.evidence).copied().collect();
    let all: String = names.iter().map(|name| text_of(name)).collect();
    // The word of a fault may be a value of an `each`, so every line but the title is searched.
    let lines = all.lines().filter(|line| !line.starts_with("scenario"));
    let words: BTreeSet<&str> =
        lines.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')).collect();
    for word in KINDS.iter().map(|row| row.word) {
        assert!(words.contains(word), "no evidence says `fault {word}`");
    }
    for (_, flaw) in sca_certs::FLAWS {
        let is_said = all.contains(&format!("({flaw},"))
            || all.contains(&format!("flaw {flaw}"))
            || all.contains(&format!("certificate {flaw}"));
        assert!(is_said, "no evidence has the flaw {flaw}");
    }
}

#[test]
fn what_only_memory_plays_says_so() {
    // The row says how a scenario writes it; what the first scenario of the evidence says is another thing.
    for row in fault_table::all() {
        let first = text_of(row.evidence[0]);
        let needs_memory = row.evidence[0].starts_with("tests/")
            || KINDS.iter().any(|kind| !kind.on_sockets && first.contains(&format!("fault {}", kind.word)));
        assert_eq!(row.on_the_wire(), !needs_memory, "{}", row.kind);
    }
}

#[test]
fn the_page_is_what_the_table_says() {
    let page = fs::read_to_string(common::root().join("sim/docs/faults.md")).expect("the page can be read");
    assert!(page == fault_table::page(), "write it anew: cargo run -q -- faults --markdown > sim/docs/faults.md");
}

#[test]
fn no_class_of_faults_has_never_met_a_state_that_it_can_meet() {
    let suite = common::suite(Options::default(), SnapshotMode::Ignore, &[]);
    let mut coverage = Coverage::default();
    for result in suite.run(&common::scenarios(), 2, &|_| ()) {
        let result = result.expect("the scenario can be read");
        result.rows.iter().for_each(|played| coverage.add(&played.evidence.met));
    }
    assert_eq!(coverage.uncovered(), [], "\n{}", coverage.table());
}
