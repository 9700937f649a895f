//! The explorer: plays many seeds, each in a world with its own latency, faults and requests. Only the invariants are
//! checked; a run that violates one is shrunk to a scenario.

mod moves;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sca_core::{Terminal, TerminalConfig};
use sca_environment::clock::WallLimit;
use sca_environment::identities::Identities;
use sca_judge::verdict::{Failure, Verdict};
use sca_model::{Row, Scenario, Step};
use sca_protocol::Chance;
use sca_suite::in_parallel;
use sca_world::options::{Options, Probe};
use sca_world::play::play_one;
use sca_world::played::Played;
use sca_world::rows::{each_byte_once, over_ws};

use crate::shrink::{Shrinker, Shrunk};

/// An exploration: everything needed to run it.
pub struct Explore<'a, C> {
    /// Makes the client core.
    pub make: &'a (dyn Fn(TerminalConfig) -> C + Sync),
    /// The certificate authority.
    pub identities: Arc<Identities>,
    /// The range of seeds.
    pub seeds: std::ops::Range<u64>,
    /// The real time after which no further seed is begun.
    pub limit: Option<Duration>,
    /// The number of threads.
    pub jobs: usize,
}

/// The result of exploring the world of one scenario.
#[derive(Debug, Default)]
pub struct ExploreResult {
    /// Why the scenario was skipped, if it was.
    pub skipped: Option<&'static str>,
    /// The number of seeds that were played.
    pub played: usize,
    /// The failures, one for each reason, with its smallest seed.
    pub found: Vec<Found>,
}

/// A failure found by the explorer.
#[derive(Debug)]
pub struct Found {
    /// The seed.
    pub seed: u64,
    /// The number of seeds that failed for the same reason.
    pub times: usize,
    /// The failure.
    pub failure: Failure,
    /// The transcript of the run.
    pub transcript: String,
    /// The shrunk scenario; `None` if the transcript does not fail again when replayed.
    pub shrunk: Option<Shrunk>,
}

impl<C: Terminal> Explore<'_, C> {
    /// Explores the world of a scenario: keeps its settings, plays its own steps in half of the seeds, and inserts
    /// moves among and after them.
    ///
    /// A scenario whose terminals use the classic TCP ports has no link and is skipped.
    pub fn run(&self, scenario: &Scenario) -> ExploreResult {
        let on_the_link = |value: &String| value == "WEBSOCKETS";
        let mut terminals = scenario.rows.iter().flat_map(|row| &row.cast.terminals);
        if !terminals.all(|terminal| terminal.settings.get("POSCONNECTALLOW").is_none_or(on_the_link)) {
            return ExploreResult { skipped: Some("its terminals have no link"), ..ExploreResult::default() };
        }
        let is_over = AtomicBool::new(false);
        let wall = self.limit.map(WallLimit::start);
        let seeds: Vec<u64> = self.seeds.clone().collect();
        let runs = in_parallel(self.jobs, &seeds, |seed| {
            if is_over.load(Ordering::Relaxed) || wall.as_ref().is_some_and(WallLimit::is_over) {
                is_over.store(true, Ordering::Relaxed);
                return None;
            }
            Some(self.one(scenario, *seed))
        });
        let mut explored = ExploreResult::default();
        for (seed, played) in seeds.iter().zip(runs).filter_map(|(seed, played)| Some((*seed, played?))) {
            explored.played += 1;
            let failure = match played.verdict {
                Verdict::Fail(failure) => *failure,
                Verdict::Error(why) | Verdict::CannotRun(why) => Failure::of_run(sca_model::Span::default(), &why),
                _ => continue,
            };
            match explored.found.iter_mut().find(|found| found.failure.reason() == failure.reason()) {
                Some(known) => known.times += 1,
                None => {
                    let transcript = played.transcript;
                    explored.found.push(Found { seed, times: 1, failure, transcript, shrunk: None });
                }
            }
        }
        for found in &mut explored.found {
            found.shrunk = Shrinker::new(&self.make, &self.identities).shrink(&found.transcript, None, &found.failure);
        }
        explored
    }

    /// Plays one seed.
    pub fn one(&self, scenario: &Scenario, seed: u64) -> Played {
        let row = row_of_seed(scenario, seed);
        let options = Options { seed: Some(seed), probe: Probe::Free, ..Options::default() };
        let mut scenario = scenario.clone();
        scenario.header.seed = Some(seed);
        scenario.header.expect_fail = None;
        play_one(&scenario, &row, &options, &self.identities, &self.make)
    }
}

/// The row that a seed makes from a scenario.
fn row_of_seed(scenario: &Scenario, seed: u64) -> Row {
    let chance = Chance::new(seed);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &chance.stream("explore", &[]).bytes::<32>());
    let rows = scenario.rows.len() as u64;
    let which = usize::try_from(chance.stream("row", &[]).below(rows)).unwrap_or(0);
    let mut row = each_byte_once(&scenario.rows[which]);
    // TLS is left to the sweep: a run over ws is ten times as fast.
    if row.cast.certificates.is_empty()
        && let Some(plain) = over_ws(&row)
    {
        row = plain;
    }
    let latency_ms = 1 + chance.stream("latency", &[]).below(200);
    row.cast.broker.insert("latency".to_owned(), format!("{latency_ms}ms"));
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let moves = moves::moves().new_tree(&mut runner).map(|tree| tree.current()).unwrap_or_default();
    let steps: Vec<Vec<Step>> = moves.iter().enumerate().map(|(number, m)| m.steps(number + 1)).collect();
    let mut own = if seed.is_multiple_of(2) { std::mem::take(&mut row.steps) } else { Vec::new() };
    moves::add_pos_recon(&mut own, &mut 0);
    let mut places = chance.stream("place", &[]);
    // Every other move is inserted among the scenario's own steps; the rest follow after them.
    for (number, moved) in steps.into_iter().enumerate() {
        let at = usize::try_from(places.below(own.len() as u64 + 1)).unwrap_or(0);
        let at = if number % 2 == 0 { at } else { own.len() };
        own.splice(at..at, moved);
    }
    row.steps = own;
    row.values.clear();
    row
}
