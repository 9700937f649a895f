//! Runs of many scenarios, each in its own world, on several threads, with the results in the order of the files.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use sca_core::{Terminal, TerminalConfig};
use sca_environment::Authorities;
use sca_environment::broker_under_test::ExternalBroker;
use sca_environment::device::ExternalTerminal;
use sca_files::Loaded;
use sca_judge::projection::agree;
use sca_judge::verdict::{Failure, Verdict};
use sca_model::Problem;
use sca_model::{Action, Row, Scenario};
use sca_world::external::{
    play_external_broker, play_external_terminal, unplayable_with_a_broker, unplayable_with_a_terminal,
};
use sca_world::interrupt::Interrupt;
use sca_world::options::{Options, Place};
use sca_world::play::{judged, play};
use sca_world::played::Played;
use sca_world::rows::{has_each_byte, row_of, unplayable_on_wire};

use crate::snapshots::{self, Snapshot, SnapshotMode, joined, unified_diff};

/// The result of one file.
#[derive(Debug)]
pub struct FileResult {
    /// The file with its texts, and its problems if there are any.
    pub loaded: Loaded,
    /// The results of its rows; empty for a file with problems.
    pub rows: Vec<Played>,
    /// The comparison of the transcript with the snapshot.
    pub snapshot: Snapshot,
    /// Why no snapshot could be written, if writing failed.
    pub not_left: Option<String>,
}

impl FileResult {
    /// The worst verdict of its rows; `None` for a file that was not played.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        worst(self.rows.iter())
    }

    /// Whether this file makes a run fail.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.is_bad_but(|_| false)
    }

    /// The same, except that verdicts for which `is_excused` is true do not count.
    pub fn is_bad_but(&self, is_excused: impl Fn(&Verdict) -> bool) -> bool {
        let differs = matches!(self.snapshot, Snapshot::Differs { .. });
        let mut bad = self.rows.iter().map(|row| &row.verdict).filter(|verdict| verdict.is_bad());
        self.loaded.scenario.is_err() || differs || bad.any(|verdict| !is_excused(verdict))
    }

    /// Its problems; empty for a valid file.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.loaded.scenario.as_ref().err().map_or(&[], Vec::as_slice)
    }
}

/// The worst verdict of some rows; `None` without rows.
pub fn worst<'a>(rows: impl DoubleEndedIterator<Item = &'a Played>) -> Option<&'a Verdict> {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Error(_) | Verdict::CannotRun(_) => 5,
        Verdict::Fail(_) => 4,
        Verdict::UnexpectedPass => 3,
        Verdict::ExpectedFail(_) => 2,
        Verdict::Pass => 1,
        Verdict::Inapplicable(_) => 0,
    };
    rows.map(|row| &row.verdict).rev().max_by_key(|verdict| rank(verdict))
}

/// A suite: everything needed to run a list of scenario files.
pub struct Suite<'a, C> {
    /// The options of each run.
    pub options: Options,
    /// What to do with snapshots.
    pub snapshots: SnapshotMode,
    /// Makes the client core.
    pub make: &'a (dyn Fn(TerminalConfig) -> C + Sync),
    /// The known clause ids; empty to skip their check.
    pub clauses: &'a [&'static str],
    /// The certificate authorities of the memory worlds and of the wire.
    pub identities: Authorities,
    /// The external party, if any; rows are played in memory first all the same.
    pub real: ExternalParty,
}

/// The party of a run that is external.
#[derive(Debug, Clone, Default)]
pub enum ExternalParty {
    /// None: all parties are simulated.
    #[default]
    Nothing,
    /// The terminals are external.
    Terminal(ExternalTerminal),
    /// The broker is external.
    Broker(ExternalBroker),
}

impl<C: Terminal> Suite<'_, C> {
    /// Plays files on `jobs` threads. `done` is called for each file when it is done, in no particular order; the
    /// results are in the order of the files.
    ///
    /// # Errors
    /// The I/O error of a file that cannot be read, in place of its result.
    pub fn run(
        &self,
        paths: &[std::path::PathBuf],
        jobs: usize,
        done: &(dyn Fn(&FileResult) + Sync),
    ) -> Vec<std::io::Result<FileResult>> {
        let all = self.run_until(paths, jobs, &|result| {
            done(result);
            true
        });
        all.into_iter().map(|(_, result)| result).collect()
    }

    /// Plays files like [`Self::run`], until `goes_on` returns false for a file or the run is interrupted; no further
    /// file is begun then. The results are in the order of the files, each with its index.
    ///
    /// # Errors
    /// The I/O error of a file that cannot be read, in place of its result.
    pub fn run_until(
        &self,
        paths: &[std::path::PathBuf],
        jobs: usize,
        goes_on: &(dyn Fn(&FileResult) -> bool + Sync),
    ) -> Vec<(usize, std::io::Result<FileResult>)> {
        let over = AtomicBool::new(false);
        let is_interrupted = || self.options.interrupt.as_ref().is_some_and(Interrupt::is_over);
        let results = in_parallel(jobs, paths, |path| {
            if over.load(Ordering::Relaxed) || is_interrupted() {
                return None;
            }
            let result = self.file(path);
            // The file that was being played when the interrupt came is incomplete.
            if is_interrupted() {
                return None;
            }
            if result.as_ref().is_ok_and(|result| !goes_on(result)) {
                over.store(true, Ordering::Relaxed);
            }
            Some(result)
        });
        results.into_iter().enumerate().filter_map(|(at, result)| Some((at, result?))).collect()
    }

    /// Plays one file.
    ///
    /// # Errors
    /// The I/O error of the file or of its snapshot.
    pub fn file(&self, path: &Path) -> std::io::Result<FileResult> {
        let mut loaded = sca_files::load(path, self.clauses)?;
        if let Ok(scenario) = &mut loaded.scenario {
            // The byte of an `each byte` is not a value of the file: it is selected when the row is played.
            let is_wanted = |row: &Row, wanted: &(String, String)| {
                let is_it = |(name, value): &(String, String)| {
                    *name == wanted.0 && (*value == wanted.1 || *sca_judge::mask::masked(value) == *wanted.1)
                };
                row.values.iter().any(is_it)
                    || (wanted.0 == "byte" && wanted.1.parse().is_ok_and(|n: usize| n > 0) && has_each_byte(&row.steps))
            };
            scenario.rows.retain(|row| self.options.rows.iter().all(|wanted| is_wanted(row, wanted)));
        }
        let Ok(scenario) = &loaded.scenario else {
            return Ok(FileResult { loaded, rows: Vec::new(), snapshot: Snapshot::NotCompared, not_left: None });
        };
        let projects = self.options.place != Place::Memory;
        let memory = Options { place: Place::Memory, projects, key_notes: None, ..self.options.clone() };
        let rows = play(scenario, &memory, &self.identities.memory, &self.make);
        let again = |(at, row)| match (&self.real, self.options.place) {
            (ExternalParty::Nothing, Place::Memory) => row,
            (ExternalParty::Nothing, Place::Wire { scale }) => self.on_wire(scenario, at, row, scale),
            _ => self.on_external(scenario, at, row),
        };
        let rows: Vec<Played> = rows.into_iter().enumerate().map(again).collect();
        let (snapshot, not_left) = self.snapshot(path, &rows);
        Ok(FileResult { loaded, rows, snapshot, not_left })
    }

    /// Plays a row, which was played in memory, on the wire too and compares both runs.
    fn on_wire(&self, scenario: &Scenario, at: usize, in_memory: Played, scale: u32) -> Played {
        // All rows of an `each byte` are made from one row of the file.
        let (row, byte) = row_of(scenario, at, &in_memory);
        if let Some(why) = unplayable_on_wire(&row, &in_memory, scale, self.options.longest_on_wire) {
            return in_memory.inapplicable(why);
        }
        let last = row.steps.last().map_or_else(sca_model::Span::default, |step| step.span);
        let stops = row.steps.last().is_some_and(|step| matches!(step.action, Action::End));
        let one = Scenario { rows: vec![row], ..scenario.clone() };
        let options = Options { projects: true, ..self.options.clone() };
        let mut played = play(&one, &options, &self.identities.wire, &self.make);
        let Some(mut played) = played.pop() else { return in_memory };
        played.values.extend(byte);
        let both = matches!((&played.verdict, &in_memory.verdict), (Verdict::Pass, Verdict::Pass));
        if both && !agree(&in_memory.projection, &played.projection, stops) {
            let difference = unified_diff(("memory", "wire"), &in_memory.projection, &played.projection);
            let failure = Failure::at(last, "the memory run and the wire run differ")
                .label("up to here")
                .note(format!("lines with - occurred only in memory, lines with + only on the wire\n{difference}"));
            played.verdict = Verdict::Fail(Box::new(failure));
        }
        played.beside(&in_memory)
    }

    /// Plays a row with the external party. Its verdict is independent of the run in memory.
    fn on_external(&self, scenario: &Scenario, at: usize, in_memory: Played) -> Played {
        let (row, byte) = row_of(scenario, at, &in_memory);
        let why = match &self.real {
            ExternalParty::Nothing => None,
            ExternalParty::Terminal(external) => unplayable_with_a_terminal(scenario, &row, &in_memory, external),
            ExternalParty::Broker(external) => unplayable_with_a_broker(scenario, &row, &in_memory, external),
        };
        if let Some(why) = why {
            return in_memory.inapplicable(why);
        }
        let wire = &self.identities.wire;
        let mut played = match &self.real {
            ExternalParty::Nothing => return in_memory,
            ExternalParty::Terminal(external) => play_external_terminal(scenario, &row, &self.options, wire, external),
            ExternalParty::Broker(external) => {
                play_external_broker(scenario, &row, &self.options, wire, &self.make, external)
            }
        };
        played.values.extend(byte);
        judged(scenario, self.options.today, played).beside(&in_memory)
    }

    /// Compares the transcripts with the snapshot and writes what the mode demands. The second value says why writing
    /// failed, if it did; that does not change the comparison.
    fn snapshot(&self, path: &Path, rows: &[Played]) -> (Snapshot, Option<String>) {
        // Transcripts of failed runs are neither kept nor compared.
        let failed = rows.iter().any(|row| row.verdict.is_bad());
        if failed
            || self.snapshots == SnapshotMode::Ignore
            || self.options.seed.is_some()
            || !self.options.rows.is_empty()
            || self.options.place != Place::Memory
            || !matches!(self.real, ExternalParty::Nothing)
        {
            return (Snapshot::NotCompared, None);
        }
        snapshots::compare(path, joined(rows), self.snapshots)
    }
}

/// Applies a function to each item of a list on `jobs` threads; the results are in the order of the list.
pub fn in_parallel<T: Sync, R: Send>(jobs: usize, list: &[T], what: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(list.len()));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = list.get(at) else { return };
            let result = what(one);
            results.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
        }
    };
    std::thread::scope(|scope| {
        // This thread works too, so a system that gives no more threads makes the run slower and nothing else.
        for _ in 1..jobs.clamp(1, list.len().max(1)) {
            if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
