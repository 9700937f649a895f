//! Whether the same run is the same run: everything is played twice, with other threads and with connections that start in
//! another order, and the running digests of both are held against each other.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::core::Core;
use crate::options::Options;
use crate::played::Played;
use crate::suite::{FileResult, Suite};
use crate::trace::{Moment, Trace};

/// Where two runs of one row part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// The scenario.
    pub path: PathBuf,
    /// The values of the row.
    pub values: Vec<(String, String)>,
    /// Which event, from 1.
    pub event: usize,
    /// What the first run had there; nothing where it was over.
    pub first: Option<String>,
    /// What the second run had there.
    pub second: Option<String>,
}

/// What an audit came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// Rows that were played twice.
    pub rows: usize,
    /// Events of one of the runs.
    pub events: usize,
    /// One digest of everything, as hex: the same on every machine.
    pub digest: String,
    /// The rows that part, each at its first event.
    pub divergences: Vec<Divergence>,
}

/// An order of starting connections that differs from the usual one.
const OTHER_ORDER: u64 = 7;

/// Plays every file with one thread, and again with `jobs`.
///
/// # Errors
/// What the system says of a file that cannot be read, with its path.
pub fn audit<C: Core>(
    suite: Suite<'_, C>,
    paths: &[PathBuf],
    jobs: usize,
) -> Result<Audited, (PathBuf, std::io::Error)> {
    let first = Suite { options: Options { keeps_trace: true, ..suite.options.clone() }, ..suite };
    let one = played(&first, paths, 1)?;
    let options = Options { start_order: OTHER_ORDER, ..first.options.clone() };
    let other = played(&Suite { options, ..first }, paths, jobs.max(2))?;
    let mut audited = Audited { rows: 0, events: 0, digest: String::new(), divergences: Vec::new() };
    let mut whole = Sha256::new();
    for (one, other) in one.iter().zip(&other) {
        for (a, b) in one.rows.iter().zip(&other.rows) {
            audited.rows += 1;
            audited.events += a.trace.as_ref().map_or(0, |trace| trace.moments.len());
            whole.update(digests(a).last().copied().unwrap_or_default());
            audited.divergences.extend(diverge(one, a, b));
        }
    }
    audited.digest = whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(audited)
}

fn played<C: Core>(
    suite: &Suite<'_, C>,
    paths: &[PathBuf],
    jobs: usize,
) -> Result<Vec<FileResult>, (PathBuf, std::io::Error)> {
    let results = suite.run(paths, jobs, &|_| ());
    paths.iter().zip(results).map(|(path, result)| result.map_err(|error| (path.clone(), error))).collect()
}

/// One digest for each event, each of all that happened until then; the last one is of the verdict too.
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

fn diverge(file: &FileResult, a: &Played, b: &Played) -> Option<Divergence> {
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
