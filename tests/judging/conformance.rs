//! Tests of the conformance matrix of all bundled scenarios.

use crate::common;

use sca_protocol::clauses;
use sca_report::conformance::conformance;
use sca_suite::SnapshotMode;
use sca_world::Options;

#[test]
fn every_clause_command_and_code_has_its_evidence() {
    let clauses: &'static [&'static str] = clauses::ids().leak();
    let suite = common::suite(Options::default(), SnapshotMode::Ignore, clauses);
    let results = suite.run(&common::scenarios(), 2, &|_| ());
    let results: Vec<_> = results.into_iter().map(|result| result.expect("the scenario can be read")).collect();
    let matrix = conformance(&results.iter().collect::<Vec<_>>());
    let holes: Vec<String> = matrix
        .clauses
        .iter()
        .filter(|clause| !clause.verdict.starts_with("pass"))
        .map(|clause| format!("{} {}", clause.id, clause.verdict))
        .chain(
            matrix.commands.iter().filter(|c| c.answered_in.is_none()).map(|c| format!("{} not answered", c.command)),
        )
        .chain(matrix.codes.iter().filter(|c| c.produced_in.is_none()).map(|c| format!("{} not produced", c.number)))
        .collect();
    assert!(holes.is_empty(), "{holes:#?}");
}
