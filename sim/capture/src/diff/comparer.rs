//! Compares a capture with a client core, resolving one difference after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use sca_core::{Terminal, TerminalConfig};
use sca_environment::Identities;
use sca_judge::verdict::FailureKind;
use sca_judge::{Failure, Verdict, text_of};
use sca_model::Problem;
use sca_model::{Action, Row, Scenario, Step};
use sca_world::{Options, play};

use super::compared::{Compared, Difference, Rung, What};
use super::explain::{Explanation, Reach};
use super::steps::{label_of, message_of};
use super::{explain, parts};

/// Maximum number of differences; a capture with more is of something else.
const DIFFERENCES_MAX: usize = 100;

/// Maximum number of failure reasons for which an explanation is searched.
const EXPLAINED_MAX: usize = 12;

/// Compares captures with a client core.
pub struct Comparer<'a, C> {
    make: &'a dyn Fn(TerminalConfig) -> C,
    identities: &'a Arc<Identities>,
}

impl<'a, C: Terminal> Comparer<'a, C> {
    /// Creates a comparer that creates its cores with `make`.
    #[must_use]
    pub fn new(make: &'a dyn Fn(TerminalConfig) -> C, identities: &'a Arc<Identities>) -> Self {
        Self { make, identities }
    }

    /// Compares a capture, given as a scenario, with the model.
    ///
    /// # Errors
    /// Every problem of the scenario.
    pub fn compare(&self, text: &str) -> Result<Compared, Vec<Problem>> {
        let scenario = sca_scenario::parse(text)?;
        let mut run = Run { scenario, rungs: Vec::new(), differences: Vec::new(), reasons: BTreeMap::new() };
        let row = run.scenario.rows.swap_remove(0);
        run.scenario.rows.clear();
        run.rungs = row.steps.iter().map(|step| Rung { step: step.clone(), difference: None }).collect();
        let stopped = self.resolve_differences(&mut run, row);
        Ok(run.in_order(stopped))
    }

    /// Resolves one difference after the other. Returns why it had to stop, if so.
    fn resolve_differences(&self, run: &mut Run, mut row: Row) -> Option<String> {
        // The rung of each step of the row.
        let mut places: Vec<usize> = (0..row.steps.len()).collect();
        loop {
            let text = text_of(&run.scenario.title, &run.scenario.header, &row);
            let (failure, transcript) = match self.verdict(&text) {
                Outcome::Passes(transcript) => {
                    let extras = run.extras(&row, &places, &transcript);
                    self.explain_extras(run, &row, &extras);
                    return None;
                }
                Outcome::Fails(failure, transcript) => (failure, transcript),
                Outcome::Cannot(why) => return Some(why),
            };
            if run.differences.len() >= DIFFERENCES_MAX {
                return Some(format!("more than {DIFFERENCES_MAX} differences"));
            }
            let at = step_of(&text, &failure);
            let explained = at.map(|at| self.explained(run, &row, at, &failure));
            let short = up_to(&run.scenario, &row, at);
            let difference = |what| Difference {
                what,
                explained: explained.unwrap_or_default(),
                text: short,
                failure: Some(failure.clone()),
            };
            let Some(at) = at else {
                run.differences.push(difference(What::Other(told(&failure))));
                return Some(told(&failure));
            };
            run.resolve(&mut row, &mut places, at, (&failure, &transcript), difference);
            if text_of(&run.scenario.title, &run.scenario.header, &row) == text {
                return Some(told(&failure));
            }
        }
    }

    /// The settings that explain a failure; cached for failures with the same reason.
    fn explained(&self, run: &mut Run, row: &Row, at: usize, failure: &Failure) -> Vec<Explanation> {
        let reason = failure.reason();
        if let Some(known) = run.reasons.get(&reason) {
            return known.clone();
        }
        let found = if run.reasons.len() < EXPLAINED_MAX {
            explain::explain(row, at, &mut |row| self.reach(&run.scenario, row))
        } else {
            Vec::new()
        };
        run.reasons.insert(reason, found.clone());
        found
    }

    /// How far a row gets.
    fn reach(&self, scenario: &Scenario, row: &Row) -> Reach {
        let text = text_of(&scenario.title, &scenario.header, row);
        match self.verdict(&text) {
            Outcome::Passes(_) => Reach::End,
            Outcome::Fails(failure, _) => step_of(&text, &failure).map_or(Reach::Nowhere, Reach::Step),
            Outcome::Cannot(_) => Reach::Nowhere,
        }
    }

    pub(super) fn verdict(&self, text: &str) -> Outcome {
        let scenario = match sca_scenario::parse(text) {
            Ok(scenario) => scenario,
            Err(problems) => {
                return Outcome::Cannot(problems.first().map_or_else(String::new, |problem| problem.message.clone()));
            }
        };
        let played = play(&scenario, &Options::default(), self.identities, self.make).pop();
        match played.map(|played| (played.verdict, played.transcript)) {
            Some((Verdict::Fail(failure) | Verdict::ExpectedFail(failure), transcript)) => {
                Outcome::Fails(failure, transcript)
            }
            Some((Verdict::Error(why) | Verdict::CannotRun(why), _)) => Outcome::Cannot(why),
            Some((_, transcript)) => Outcome::Passes(transcript),
            None => Outcome::Cannot("it has no row".to_owned()),
        }
    }
}

pub(super) enum Outcome {
    Passes(String),
    Fails(Box<Failure>, String),
    Cannot(String),
}

/// The state of a comparison.
pub(super) struct Run {
    pub(super) scenario: Scenario,
    pub(super) rungs: Vec<Rung>,
    pub(super) differences: Vec<Difference>,
    /// The explanations by failure reason.
    reasons: BTreeMap<String, Vec<Explanation>>,
}

/// The row up to the failing step, as a scenario; later steps do not matter.
fn up_to(scenario: &Scenario, row: &Row, at: Option<usize>) -> String {
    let mut row = row.clone();
    row.steps.truncate(at.map_or(usize::MAX, |at| at + 1));
    text_of(&scenario.title, &scenario.header, &row)
}

/// A failure in one sentence.
fn told(failure: &Failure) -> String {
    if failure.label.is_empty() { failure.headline.clone() } else { format!("{}: {}", failure.headline, failure.label) }
}

/// The index of the step on whose line something failed; one past the last step for a failure at the end.
fn step_of(text: &str, failure: &Failure) -> Option<usize> {
    if failure.kind == FailureKind::Law {
        return None;
    }
    let steps = sca_scenario::parse(text).ok()?.rows.into_iter().next()?.steps;
    let at = steps.iter().rposition(|step| step.span.line <= failure.span.line)?;
    let is_behind = failure.kind == FailureKind::Unlisted;
    Some(if is_behind { (at + 1).min(steps.len()) } else { at })
}

impl Run {
    /// The result, with the differences in the order of the ladder.
    fn in_order(mut self, stopped: Option<String>) -> Compared {
        let mut found: Vec<Option<Difference>> = self.differences.into_iter().map(Some).collect();
        let mut differences = Vec::with_capacity(found.len());
        for rung in &mut self.rungs {
            let taken = rung.difference.and_then(|at| found[at].take());
            rung.difference = taken.map(|difference| {
                differences.push(difference);
                differences.len() - 1
            });
        }
        // The second difference of a rung comes after all others.
        differences.extend(found.into_iter().flatten());
        Compared { rungs: self.rungs, differences, stopped }
    }

    /// Changes the row to expect what the model does where it failed, and records the difference.
    fn resolve(
        &mut self,
        row: &mut Row,
        places: &mut Vec<usize>,
        at: usize,
        (failure, transcript): (&Failure, &str),
        difference: impl FnOnce(What) -> Difference,
    ) {
        let came = parts::message(transcript, row.steps[..at].iter().filter(|step| message_of(step).is_some()).count());
        let is_late = failure.headline.starts_with("no message");
        let step = row.steps.get(at).cloned();
        let demanded = step.as_ref().filter(|step| message_of(step).is_some());
        match (demanded, came) {
            (Some(step), Some(came)) if !is_late && is_counterpart(step, &came) => {
                let mut parts = parts::differing(step, &came);
                if parts.is_empty() {
                    parts.extend(parts::inserted(step, failure));
                }
                row.steps[at] = parts::loosened(step, &came, &parts);
                self.note(places[at], difference(What::Fields(parts)));
            }
            (_, Some(came)) if !is_late && (demanded.is_some() || at == row.steps.len() || is_end(step.as_ref())) => {
                let later = row.steps.iter().skip(at).position(|step| is_counterpart(step, &came)).map(|n| at + n);
                match later {
                    Some(later) => {
                        self.note(places[later], difference(What::Earlier));
                        let (step, place) = (row.steps.remove(later), places.remove(later));
                        row.steps.insert(at, step);
                        places.insert(at, place);
                    }
                    None => {
                        let rung = places.get(at).copied().unwrap_or(self.rungs.len());
                        self.rungs.insert(rung, Rung { step: came.clone(), difference: None });
                        places.iter_mut().filter(|place| **place >= rung).for_each(|place| *place += 1);
                        self.note(rung, difference(What::OnlyModel));
                        row.steps.insert(at, Step { stamp: None, ..came });
                        places.insert(at, rung);
                    }
                }
            }
            (Some(_), _) => {
                self.note(places[at], difference(What::OnlyField));
                row.steps.remove(at);
                places.remove(at);
            }
            (None, _) => {
                let at = at.min(row.steps.len().saturating_sub(1));
                self.note(places[at], difference(What::Other(told(failure))));
                row.steps.remove(at);
                places.remove(at);
            }
        }
    }

    pub(super) fn note(&mut self, rung: usize, difference: Difference) {
        self.rungs[rung].difference.get_or_insert(self.differences.len());
        self.differences.push(difference);
    }

    pub(super) fn differing(&self, rung: usize) -> Option<&What> {
        self.rungs[rung].difference.map(|known| &self.differences[known].what)
    }
}

fn is_end(step: Option<&Step>) -> bool {
    step.is_none_or(|step| matches!(step.action, Action::End))
}

/// Whether two messages answer the same request, or are both notices.
fn is_counterpart(step: &Step, came: &Step) -> bool {
    message_of(step).is_some() && label_of(step) == label_of(came)
}
