//! The determinism audit: plays everything twice, with a different number of threads and a different start order of
//! connections, and compares the running digests of both runs.

use std::path::PathBuf;

use sca_core::Terminal;
use sca_judge::trace::{Moment, Trace};
use sca_judge::verdict::Verdict;
use sca_world::options::Options;
use sca_world::played::Played;
use sha2::{Digest, Sha256};

use crate::suite::{FileResult, Suite};

/// The first event at which two runs of one row differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// The scenario.
    pub path: PathBuf,
    /// The values of the row.
    pub values: Vec<(String, String)>,
    /// The number of the event, from 1.
    pub event: usize,
    /// The event in the first run; `None` if that run was over.
    pub first: Option<String>,
    /// The event in the second run; `None` if that run was over.
    pub second: Option<String>,
}

/// The result of an audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditResult {
    /// The number of rows that were played twice.
    pub rows: usize,
    /// The number of events in the first run.
    pub events: usize,
    /// A digest over all rows, as hex: the same on every machine.
    pub digest: String,
    /// The rows whose runs differ, each with its first differing event.
    pub divergences: Vec<Divergence>,
    /// The rows that were not played to their end, of which nothing is known.
    pub unplayed: Vec<Unplayed>,
}

/// A row that ended with an error in place of a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplayed {
    /// The scenario.
    pub path: PathBuf,
    /// The values of the row.
    pub values: Vec<(String, String)>,
    /// The error.
    pub why: String,
}

/// A start order of connections that differs from the default.
const OTHER_ORDER: u64 = 7;

/// Plays every file with one thread, then again with `jobs` threads (at least two).
///
/// # Errors
/// The I/O error of a file that cannot be read, with its path.
pub fn audit<C: Terminal>(
    suite: Suite<'_, C>,
    paths: &[PathBuf],
    jobs: usize,
) -> Result<AuditResult, (PathBuf, std::io::Error)> {
    let first = Suite { options: Options { keeps_trace: true, ..suite.options.clone() }, ..suite };
    let one = played(&first, paths, 1)?;
    let options = Options { start_order: OTHER_ORDER, ..first.options.clone() };
    let other = played(&Suite { options, ..first }, paths, jobs.max(2))?;
    let mut audited =
        AuditResult { rows: 0, events: 0, digest: String::new(), divergences: Vec::new(), unplayed: Vec::new() };
    let mut whole = Sha256::new();
    for (one, other) in one.iter().zip(&other) {
        for (a, b) in one.rows.iter().zip(&other.rows) {
            audited.rows += 1;
            audited.events += a.trace.as_ref().map_or(0, |trace| trace.moments.len());
            whole.update(digests(a).last().copied().unwrap_or_default());
            audited.divergences.extend(first_divergence(one, a, b));
            audited.unplayed.extend(unplayed(one, a).or_else(|| unplayed(one, b)));
        }
    }
    audited.digest = whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(audited)
}

fn played<C: Terminal>(
    suite: &Suite<'_, C>,
    paths: &[PathBuf],
    jobs: usize,
) -> Result<Vec<FileResult>, (PathBuf, std::io::Error)> {
    let results = suite.run(paths, jobs, &|_| ());
    paths.iter().zip(results).map(|(path, result)| result.map_err(|error| (path.clone(), error))).collect()
}

/// One running digest for each event, over everything up to and including it, and a last one that adds the transcript
/// with its verdict.
fn digests(played: &Played) -> Vec<[u8; 32]> {
    let mut running = [0; 32];
    let mut add = |text: &str| {
        running = Sha256::new().chain_update(running).chain_update(text).finalize().into();
        running
    };
    let mut all: Vec<[u8; 32]> = moments(played).iter().map(|moment| add(&told(moment))).collect();
    all.push(add(&played.transcript));
    all
}

fn moments(played: &Played) -> &[Moment] {
    played.trace.as_ref().map_or(&[], |trace: &Trace| trace.moments.as_slice())
}

fn told(moment: &Moment) -> String {
    let frames: Vec<&str> = moment.frames.iter().map(|frame| frame.dump.as_str()).collect();
    format!("+{}.{:03} {} {}", moment.at.as_secs(), moment.at.subsec_millis(), moment.text, frames.join("\n"))
}

fn unplayed(file: &FileResult, played: &Played) -> Option<Unplayed> {
    let (Verdict::Error(why) | Verdict::CannotRun(why)) = &played.verdict else { return None };
    Some(Unplayed { path: file.loaded.path.clone(), values: played.values.clone(), why: why.clone() })
}

fn first_divergence(file: &FileResult, a: &Played, b: &Played) -> Option<Divergence> {
    let (one, other) = (digests(a), digests(b));
    let at = (0..one.len().max(other.len())).find(|at| one.get(*at) != other.get(*at))?;
    let event = |played: &Played| match moments(played).get(at) {
        Some(moment) => Some(told(moment).trim_end().to_owned()),
        None => (at == moments(played).len()).then(|| format!("the end: {}", played.verdict.word())),
    };
    Some(Divergence {
        path: file.loaded.path.clone(),
        values: a.values.clone(),
        event: at + 1,
        first: event(a),
        second: event(b),
    })
}
