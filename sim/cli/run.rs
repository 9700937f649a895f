//! `run`: plays scenarios and says what came of them.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;
use sca_network::tls::KeyNotes;
use sca_runner::report::{self, Tally};
use sca_runner::suite::{FileResult, Snapshot, Snapshots, Suite, difference};
use sca_runner::{Options, Place, Played, Verdict, files, simulated};

use crate::Exit;
use crate::terms::{authorities, complain, count, painter, say, threads};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Play on loopback sockets in scaled real time, and compare with memory lane by lane
    #[arg(long)]
    wire: bool,
    /// Seconds of the scenario in one real second, with --wire
    #[arg(long, value_name = "N", default_value_t = 50, requires = "wire", value_parser = clap::value_parser!(u32).range(1..=1000))]
    time_scale: u32,
    /// Write the snapshots instead of comparing with them
    #[arg(long, conflicts_with_all = ["wire", "seed"])]
    update: bool,
    /// The seed that all chance follows from; snapshots are those of the scenario's own seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Scenarios that play at the same time; as many as there are cores when absent
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Reports to write: junit=FILE, json=FILE, several with commas
    #[arg(long, value_name = "KIND=FILE", value_delimiter = ',', value_parser = parse_report)]
    report: Vec<(Kind, PathBuf)>,
    /// Where the evidence of a failure goes
    #[arg(long, value_name = "DIR", default_value = "failures")]
    failures: PathBuf,
    /// Print the transcripts
    #[arg(long, short)]
    transcript: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Junit,
    Json,
}

fn parse_report(text: &str) -> Result<(Kind, PathBuf), String> {
    let (kind, file) = text.split_once('=').ok_or("expected KIND=FILE, for example junit=report.xml")?;
    match kind {
        "junit" => Ok((Kind::Junit, file.into())),
        "json" => Ok((Kind::Json, file.into())),
        other => Err(format!("there is no report `{other}`; expected junit or json")),
    }
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let twice = |(at, (_, path)): (usize, &(Kind, PathBuf))| arguments.report[..at].iter().any(|(_, p)| p == path);
    if arguments.report.iter().enumerate().any(twice) {
        complain!("error: two reports go to one file");
        return Exit::CannotRun;
    }
    let mut all = Vec::new();
    for path in &arguments.paths {
        match files::find(std::slice::from_ref(path)) {
            Ok(found) if found.is_empty() => {
                complain!("error: there is no scenario in {}", path.display());
                return Exit::CannotRun;
            }
            Ok(found) => all.extend(found),
            Err((path, error)) => {
                complain!("error: {} cannot be read: {error}", path.display());
                return Exit::CannotRun;
            }
        }
    }
    all.dedup();
    let identities = match authorities() {
        Ok(identities) => identities,
        Err(exit) => return exit,
    };
    let clauses = sca_protocol::clauses::ids();
    let suite = Suite {
        options: options(arguments),
        snapshots: if arguments.update { Snapshots::Update } else { Snapshots::Compare },
        make: &simulated,
        clauses: &clauses,
        identities,
    };
    let progress = Progress::new(all.len());
    let results = suite.run(&all, threads(arguments.jobs), &|_| progress.one());
    progress.over();
    finish(arguments, &suite, &all, results)
}

fn options(arguments: &Arguments) -> Options {
    let place = if arguments.wire { Place::Wire { scale: arguments.time_scale } } else { Place::Memory };
    Options {
        place,
        seed: arguments.seed,
        // On the wire a failure cannot be played again with its frames, so they are kept from the start.
        keeps_frames: arguments.wire,
        key_notes: arguments.wire.then(|| Arc::new(KeyNotes::default())),
        ..Options::default()
    }
}

fn finish(
    arguments: &Arguments,
    suite: &Suite<'_, sca_terminal::Terminal>,
    paths: &[PathBuf],
    results: Vec<std::io::Result<FileResult>>,
) -> Exit {
    let mut good = Vec::with_capacity(results.len());
    let mut unreadable = false;
    for (path, result) in paths.iter().zip(results) {
        match result {
            Ok(result) => good.push(result),
            Err(error) => {
                complain!("error: {}: {error}", path.display());
                unreadable = true;
            }
        }
    }
    for result in &good {
        tell(arguments, suite, result);
    }
    let tally = Tally::of(&good);
    summary(arguments, &tally);
    let unwritten = write_reports(arguments, &good);
    if unreadable || unwritten {
        return Exit::CannotRun;
    }
    if tally.invalid > 0 {
        return Exit::Invalid;
    }
    let idle = arguments.paths.iter().any(|path| !was_played(path, &good));
    if tally.failed > 0 || tally.changed > 0 || idle { Exit::Failed } else { Exit::Good }
}

/// Whether anything of a path given was played.
fn was_played(given: &Path, results: &[FileResult]) -> bool {
    let mine = results.iter().filter(|result| result.loaded.path.starts_with(given));
    let played = |row: &Played| !matches!(row.verdict, Verdict::Inapplicable(_));
    let mut any = mine.flat_map(|result| &result.rows).map(played);
    let is_played = any.any(|played| played);
    if !is_played {
        complain!("error: nothing of {} was played", given.display());
    }
    is_played
}

/// Says what came of one file, where there is something to say.
fn tell(arguments: &Arguments, suite: &Suite<'_, sca_terminal::Terminal>, result: &FileResult) {
    for problem in result.problems() {
        complain!("{}\n", report::problem(painter(), &result.loaded.texts, problem));
    }
    if arguments.transcript {
        say!("{}", sca_runner::suite::joined(&result.rows).trim_end());
    }
    let replay = replay(arguments, &result.loaded.path);
    let mut shown = 0;
    for (number, row) in result.rows.iter().enumerate() {
        let values: Vec<String> = row.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let values = if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) };
        let place = format!("{}{values}", result.loaded.path.display());
        match &row.verdict {
            Verdict::Fail(failure) => {
                shown += 1;
                // What is wrong with one row is mostly wrong with the next too.
                if shown <= 3 {
                    complain!("{}", report::failure(painter(), &result.loaded, failure, &replay));
                    evidence(arguments, suite, result, number, &replay);
                }
            }
            Verdict::Error(why) => complain!("error: {place}: {why}\n  replay: {replay}\n"),
            Verdict::UnexpectedPass => complain!("error: {place} passes, but its header expects it to fail\n"),
            Verdict::Inapplicable(why) => complain!("{place}:{}: inapplicable: {}", why.span.line, why.headline),
            Verdict::Pass | Verdict::ExpectedFail(_) => {}
        }
    }
    if shown > 3 {
        complain!("… and {} more rows of {} fail\n", shown - 3, result.loaded.path.display());
    }
    if let Snapshot::Differs { kept, new } = &result.snapshot {
        complain!("error: the transcript of {} differs from its snapshot", result.loaded.path.display());
        complain!("{}", difference(kept, new));
        complain!("  look at it, and accept or reject it: sca-sim review {}\n", result.loaded.path.display());
    }
}

fn replay(arguments: &Arguments, path: &Path) -> String {
    let wire = if arguments.wire { format!(" --wire --time-scale {}", arguments.time_scale) } else { String::new() };
    let seed = arguments.seed.map(|seed| format!(" --seed {seed}")).unwrap_or_default();
    format!("sca-sim run {}{wire}{seed}", path.display())
}

/// Leaves transcript, command, frames and on the wire the secrets of TLS where a person finds them.
fn evidence(
    arguments: &Arguments,
    suite: &Suite<'_, sca_terminal::Terminal>,
    result: &FileResult,
    number: usize,
    replay: &str,
) {
    let name = result.loaded.path.with_extension("").to_string_lossy().replace(['/', '\\', '.', ':'], "_");
    let folder = arguments.failures.join(format!("{}-{}", name.trim_matches('_'), number + 1));
    let row = &result.rows[number];
    let mut frames = row.frames.clone();
    if let (false, Ok(scenario)) = (arguments.wire, &result.loaded.scenario) {
        let again = Options { keeps_frames: true, ..suite.options.clone() };
        let rows = sca_runner::play(scenario, &again, &suite.identities.memory, &simulated);
        frames = rows.into_iter().nth(number).map(|row| row.frames).unwrap_or_default();
    }
    let seed = arguments.seed.or_else(|| result.loaded.scenario.as_ref().ok().and_then(|s| s.header.seed)).unwrap_or(1);
    let written = fs::create_dir_all(&folder)
        .and_then(|()| fs::write(folder.join("transcript.txt"), &row.transcript))
        .and_then(|()| fs::write(folder.join("frames.txt"), &frames))
        .and_then(|()| fs::write(folder.join("replay.txt"), format!("{replay}\nseed {seed}\n")))
        .and_then(|()| match &suite.options.key_notes {
            Some(notes) => crate::private::write(&folder.join("tls-keys.log"), notes.text().as_bytes()),
            None => Ok(()),
        });
    match written {
        Ok(()) => complain!("  evidence: {}\n", folder.display()),
        Err(error) => complain!("  no evidence was left in {}: {error}\n", folder.display()),
    }
}

fn summary(arguments: &Arguments, tally: &Tally) {
    let world = if arguments.wire { "on the wire" } else { "in memory" };
    let mut parts = vec![format!("{} passed", tally.passed), format!("{} failed", tally.failed)];
    let more = [
        (tally.inapplicable, "inapplicable"),
        (tally.invalid, "files not valid"),
        (tally.changed, "snapshots differ"),
        (tally.without_snapshot, "without a snapshot"),
    ];
    parts.extend(more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
    say!("{} {world}: {}", count(tally.files, "scenario"), parts.join(", "));
}

fn write_reports(arguments: &Arguments, results: &[FileResult]) -> bool {
    let all: Vec<&FileResult> = results.iter().collect();
    let mut failed = false;
    for (kind, path) in &arguments.report {
        let world = if arguments.wire { "wire" } else { "memory" };
        let text = match kind {
            Kind::Junit => {
                report::junit(&all, |r| replay(arguments, &r.loaded.path)).map_err(|error| error.to_string())
            }
            Kind::Json => report::json(&all, world, arguments.seed).map_err(|error| error.to_string()),
        };
        let written = text.and_then(|text| fs::write(path, text).map_err(|error| error.to_string()));
        if let Err(error) = written {
            complain!("error: the report {} was not written: {error}", path.display());
            failed = true;
        }
    }
    failed
}

/// A counter on a terminal; silence elsewhere.
struct Progress {
    all: usize,
    done: AtomicUsize,
    shown: bool,
}

impl Progress {
    fn new(all: usize) -> Self {
        Self { all, done: AtomicUsize::new(0), shown: std::io::stderr().is_terminal() && all > 1 }
    }

    fn one(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.shown {
            drop(write!(std::io::stderr().lock(), "\r{done}/{}", self.all));
        }
    }

    fn over(&self) {
        if self.shown {
            drop(write!(std::io::stderr().lock(), "\r          \r"));
        }
    }
}
