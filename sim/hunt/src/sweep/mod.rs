//! The sweep: plays a passing scenario again and again, each time with a fault injected at another place.
//!
//! Faults above TLS are injected over ws, where a run is fast; faults in a handshake are injected once per TLS profile.
//! A place whose prefix equals that of another is not played again.

mod plan;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sca_model::Span;
use sca_model::{Action, Step};

pub use sca_faults::probe::injection::{Injection, KINDS, Kind, ParseInjectionError, Part, Spot};

use plan::{Plan, Surveyed, Visit};
use sca_core::{Terminal, TerminalConfig};
use sca_environment::identities::Identities;
use sca_faults::probe::injection::TLS_PLACES;
use sca_files::Loaded;
use sca_judge::coverage::Met;
use sca_judge::verdict::{Failure, FailureKind, Verdict};
use sca_suite::in_parallel;
use sca_world::options::{Options, Probe};
use sca_world::play::play_one;
use sca_world::played::Played;

use crate::shrink::{Shrinker, Shrunk};

/// Why a row of a file is not swept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSwept {
    /// The file has no such row.
    #[error("there is no row {0}")]
    NoRow(usize),
    /// Nothing can be injected into the scenario; why.
    #[error("{0}")]
    Unsuited(String),
}

/// A sweep: everything needed to run it.
pub struct Sweep<'a, C> {
    /// Makes the client core.
    pub make: &'a (dyn Fn(TerminalConfig) -> C + Sync),
    /// The known clause ids; empty to skip their check.
    pub clauses: &'a [&'static str],
    /// The certificate authority.
    pub identities: Arc<Identities>,
    /// Whether to inject after every byte of what is sent to a terminal.
    pub bytes: bool,
    /// Whether to sweep every row of an `each`, or only the first.
    pub all_rows: bool,
    /// The number of threads.
    pub jobs: usize,
}

/// The result of a sweep of one file.
#[derive(Debug)]
pub struct SweepResult {
    /// The file with its texts, and its problems if there are any.
    pub loaded: Loaded,
    /// Why the file was skipped, if it was.
    pub skipped: Option<String>,
    /// Whether each visit was good, in the order of the run.
    pub strip: Vec<(Injection, bool)>,
    /// The injections that led to a failure.
    pub broken: Vec<Broken>,
    /// The fault coverage of each visit.
    pub met: Vec<Met>,
    /// The number of places that were not visited because another place has the same prefix and the same lines.
    pub same: usize,
    /// The number of places of a long run that were not visited because three similar ones were.
    pub alike: usize,
}

/// An injection that led to a failure.
#[derive(Debug)]
pub struct Broken {
    /// The number of the row among those that were swept, from 1.
    pub row: usize,
    /// The injection.
    pub injection: Injection,
    /// The failure.
    pub failure: Failure,
    /// The transcript of the run.
    pub transcript: String,
}

impl<C: Terminal> Sweep<'_, C> {
    /// Sweeps files. `done` is called after each visit with the number of visits done and their total. The results are
    /// in the order of the files.
    ///
    /// # Errors
    /// The I/O error of a file that cannot be read, with its path.
    pub fn run(
        &self,
        paths: &[PathBuf],
        done: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Vec<SweepResult>, (PathBuf, io::Error)> {
        let surveyed = in_parallel(self.jobs, paths, |path| {
            plan::survey(path, self.all_rows, self.clauses, &self.identities, &self.make)
                .map_err(|error| (path.clone(), error))
        });
        let surveyed: Vec<Surveyed> = surveyed.into_iter().collect::<Result<_, _>>()?;
        let mut seen = BTreeSet::new();
        let plans: Vec<Plan> = surveyed.iter().map(|surveyed| plan::plan(surveyed, self.bytes, &mut seen)).collect();
        let visits: Vec<(usize, Visit)> = plans
            .iter()
            .enumerate()
            .flat_map(|(file, plan)| plan.visits.iter().map(move |visit| (file, *visit)))
            .collect();
        let count = AtomicUsize::new(0);
        let outcomes = in_parallel(self.jobs, &visits, |(file, visit)| {
            let outcome = self.visit(&surveyed[*file], *visit);
            done(count.fetch_add(1, Ordering::Relaxed) + 1, visits.len());
            outcome
        });
        let mut outcomes = outcomes.into_iter();
        let swept = surveyed.into_iter().zip(plans).map(|(surveyed, plan)| {
            let mut swept = SweepResult {
                loaded: surveyed.loaded,
                skipped: surveyed.skipped,
                strip: Vec::with_capacity(plan.visits.len()),
                broken: Vec::new(),
                met: Vec::with_capacity(plan.visits.len()),
                same: plan.same,
                alike: plan.alike,
            };
            for (visit, (outcome, met)) in plan.visits.iter().zip(&mut outcomes) {
                swept.met.push(met);
                swept.strip.push((visit.injection, outcome.is_none()));
                swept.broken.extend(outcome);
            }
            swept
        });
        Ok(swept.collect())
    }

    /// Plays one row of a file with one injection.
    ///
    /// # Errors
    /// The I/O error of the file; the inner error says why the row cannot be swept.
    pub fn one(
        &self,
        path: &std::path::Path,
        row: usize,
        injection: Injection,
    ) -> io::Result<(Loaded, Result<Played, NotSwept>)> {
        let all = plan::survey(path, true, self.clauses, &self.identities, &self.make)?;
        let played = match (&all.skipped, all.subjects.get(row.saturating_sub(1))) {
            (Some(why), _) => Err(NotSwept::Unsuited(why.clone())),
            (None, None) => Err(NotSwept::NoRow(row)),
            (None, Some(_)) => Ok(self.strike(&all, Visit { subject: row.saturating_sub(1), injection })),
        };
        Ok((all.loaded, played))
    }

    /// The smallest scenario that fails as an injection did; `None` if the transcript does not fail again when
    /// replayed.
    pub fn shrink(&self, swept: &SweepResult, broken: &Broken) -> Option<Shrunk> {
        let scenario = swept.loaded.scenario.as_ref().ok()?;
        let row = scenario.rows.get(broken.row - 1)?;
        let is_law = broken.failure.kind == FailureKind::Law;
        let line = line_at(&row.steps, broken.failure.span).filter(|_| !is_law);
        let text = told_ahead(broken);
        Shrinker::new(&self.make, &self.identities).shrink(&text, line, &broken.failure)
    }

    fn strike(&self, surveyed: &Surveyed, visit: Visit) -> Played {
        let subject = &surveyed.subjects[visit.subject];
        let is_of_tls = matches!(visit.injection.at, Spot::Tls(..));
        let row = subject.secure.as_ref().filter(|_| is_of_tls).unwrap_or(&subject.row);
        let options = Options { probe: Probe::Injection(visit.injection), ..Options::default() };
        let scenario = surveyed.loaded.scenario.as_ref().expect("what has subjects has parsed");
        play_one(scenario, row, &options, &self.identities, &self.make)
    }

    fn visit(&self, surveyed: &Surveyed, visit: Visit) -> (Option<Broken>, Met) {
        let mut played = self.strike(surveyed, visit);
        let met = std::mem::take(&mut played.evidence.met);
        (Self::judged(visit, played), met)
    }

    fn judged(visit: Visit, played: Played) -> Option<Broken> {
        let whole = sca_model::Span { line: 1, column: 1, length: 8, ..Default::default() };
        let failure = match played.verdict {
            // A handshake may be too short to reach the place.
            Verdict::Pass if played.has_struck || matches!(visit.injection.at, Spot::Tls(..)) => return None,
            Verdict::Pass => Failure::at(whole, "the run did not reach this place again"),
            Verdict::Fail(failure) => *failure,
            Verdict::Error(why) | Verdict::CannotRun(why) => Failure::of_run(whole, &why),
            other => Failure::at(whole, other.word()),
        };
        Some(Broken { row: visit.subject + 1, injection: visit.injection, failure, transcript: played.transcript })
    }
}

/// The transcript of an injected run as a scenario can say it: a cut within TLS is announced before the attempt.
fn told_ahead(broken: &Broken) -> Cow<'_, str> {
    let (Spot::Tls(place, bytes), kind) = (broken.injection.at, broken.injection.kind) else {
        return Cow::Borrowed(&broken.transcript);
    };
    let mut lines: Vec<&str> = broken.transcript.lines().collect();
    if let Some(at) = lines.iter().position(|line| line.starts_with("# fault injected")) {
        lines.drain(at..(at + 2).min(lines.len()));
    }
    let ahead = format!("fault {} after {bytes} bytes of {}", kind.word(), TLS_PLACES[place.min(3)]);
    let first = lines.iter().position(|line| line.starts_with('+')).unwrap_or(lines.len());
    lines.insert(first, &ahead);
    Cow::Owned(lines.join("\n") + "\n")
}

/// The expectation on the line of a failure.
fn line_at(steps: &[Step], span: Span) -> Option<&Step> {
    steps.iter().find_map(|step| match &step.action {
        Action::Expect(_) if (step.span.file, step.span.line) == (span.file, span.line) => Some(step),
        other => other.blocks().into_iter().find_map(|block| line_at(block, span)),
    })
}

impl SweepResult {
    /// Whether this file makes a sweep fail.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        let is_known = self.loaded.scenario.as_ref().is_ok_and(|scenario| scenario.header.expect_fail.is_some());
        self.loaded.scenario.is_err() || !self.broken.is_empty() || (self.skipped.is_some() && !is_known)
    }

    /// The strip of one kind, or of all: one sign for each visit or for several in a column; `x` if one of them failed.
    #[must_use]
    pub fn strip_text(&self, kind: Option<Kind>, width: usize) -> String {
        let signs: Vec<bool> = self
            .strip
            .iter()
            .filter(|(injection, _)| kind.is_none_or(|k| injection.kind == k))
            .map(|(_, good)| *good)
            .collect();
        let column = signs.len().div_ceil(width.max(1)).max(1);
        signs.chunks(column).map(|signs| if signs.iter().all(|good| *good) { '·' } else { 'x' }).collect()
    }
}
