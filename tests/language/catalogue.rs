//! Tests of the bundled scenarios as a catalogue: there are enough, each is distinct, most are about failures, and
//! the ten failures that hurt most in the field are covered.

use crate::common;

use std::collections::BTreeMap;
use std::fs;

use sca_model::{Action, Scenario, Step};

fn all() -> Vec<(String, Scenario)> {
    let clauses = sca_protocol::clauses::ids();
    let load = |path: &std::path::PathBuf| {
        let loaded = sca_files::load(path, &clauses).expect("the scenario can be read");
        (common::name(path), loaded.scenario.unwrap_or_else(|problems| panic!("{}: {problems:?}", path.display())))
    };
    common::scenarios().iter().map(load).collect()
}

/// Whether a scenario shows a refusal, an absence, or a failure.
fn is_negative(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.action {
        Action::Fault(_) | Action::Without(..) => true,
        Action::Power { on, .. } => !on,
        Action::Expect(expect) => expect.awaited.is_negative(),
        other => other.blocks().into_iter().any(is_negative),
    })
}

#[test]
fn there_are_many_and_no_two_have_the_same_transcript() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for path in common::scenarios() {
        let kept = sca_suite::snapshots::read(&path).expect("the snapshot can be read").expect("there is a snapshot");
        let said: Vec<&str> = kept.lines().filter(|line| !line.starts_with("scenario ")).collect();
        let name = common::name(&path);
        if let Some(other) = seen.insert(said.join("\n"), name.clone()) {
            panic!("{name} has the transcript of {other}");
        }
    }
    assert!(seen.len() >= 250, "{} scenarios", seen.len());
}

#[test]
fn most_are_about_what_goes_wrong() {
    let all = all();
    let negative = all.iter().filter(|(_, scenario)| scenario.rows.iter().any(|row| is_negative(&row.steps))).count();
    assert!(negative * 2 > all.len(), "{negative} of {}", all.len());
}

/// The failures that hurt in the field, each with its scenario.
const FIELD: &[(&str, &str)] = &[
    ("no redial after a missed pong", "disconnects/missed_pong"),
    ("a dead link shown as connected", "disconnects/half_open"),
    ("the root has expired", "trust/root_expired"),
    ("the clock stands at 1970", "trust/clock_of_1970"),
    ("a stale connection refuses the new one", "disconnects/stale_refuses_the_new"),
    ("replacing a duplicate removes both", "disconnects/both_removed"),
    ("paid, but the answer is lost", "payments/paid_but_the_answer_is_lost"),
    ("cancelled, then approved", "cancel/crosses_the_answer"),
    ("busy is swallowed", "cancel/busy_is_answered_at_once"),
    ("a tight loop of reconnections", "disconnects/no_tight_loop"),
];

#[test]
fn the_failures_that_hurt_have_each_a_story_that_the_reference_names() {
    let mut tagged: Vec<String> = all()
        .into_iter()
        .filter(|(_, scenario)| scenario.header.tags.iter().any(|tag| tag == "field"))
        .map(|(name, _)| name)
        .collect();
    tagged.sort();
    let mut wanted: Vec<&str> = FIELD.iter().map(|(_, name)| *name).collect();
    wanted.sort_unstable();
    assert_eq!(tagged, wanted);
    let reference = fs::read_to_string(common::root().join("scenarios/README.md")).expect("the reference can be read");
    for (failure, name) in FIELD {
        let line = reference.lines().find(|line| line.contains(&format!("({name}.sca)")));
        assert!(line.is_some_and(|line| line.contains(failure)), "{failure}: {name}");
    }
}

/// The committed grammar for editors is the one generated from the tables.
#[test]
fn the_grammar_is_the_one_of_the_tables() {
    let kept = fs::read_to_string(common::root().join("sim/docs/editor/sca.tmLanguage.json"))
        .expect("the grammar can be read");
    assert_eq!(
        kept,
        format!("{:#}\n", sca_editor::grammar()),
        "sca-sim lsp --grammar > sim/docs/editor/sca.tmLanguage.json"
    );
}
