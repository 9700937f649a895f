//! `run`: plays scenarios and says what came of them.

mod audit;
mod chosen;
pub(crate) mod device;
mod last;
mod lines;
mod progress;
mod tell;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use sca_network::tls::KeyNotes;
use sca_runner::filter::Filter;
use sca_runner::ledger::Ledger;
use sca_runner::report::{About, Document, Kind, Tally};
use sca_runner::shard::Shard;
use sca_runner::suite::{FileResult, Snapshots, Suite};
use sca_runner::{Options, Place, Played, Verdict, simulated};

pub(crate) use chosen::filtered;

use crate::Exit;
use crate::report::{parse_report, tell_beside, write_reports};
use crate::terms::{authorities_for, complain, count};
use progress::Progress;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Play on loopback sockets in scaled real time, and compare with memory lane by lane
    #[arg(long, conflicts_with_all = ["terminal", "broker"])]
    wire: bool,
    /// Seconds of the scenario in one real second, with --wire
    #[arg(long, value_name = "N", default_value_t = 50, requires = "wire", value_parser = clap::value_parser!(u32).range(1..=1000))]
    time_scale: u32,
    /// Write the snapshots instead of comparing with them
    #[arg(long, conflicts_with_all = ["wire", "seed", "terminal", "broker"])]
    update: bool,
    /// Rewrite expectations that are not met, in place, so that they demand what came; comments and layout stay
    #[arg(long, conflicts_with_all = ["wire", "update", "watch", "report", "terminal", "broker"])]
    update_lines: bool,
    /// The seed that all chance follows from; snapshots are those of the scenario's own seed
    #[arg(long, value_name = "N", conflicts_with_all = ["terminal", "broker"])]
    seed: Option<u64>,
    /// Scenarios that play at the same time; as many as there are cores when absent
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Only scenarios that this takes: path(GLOB), tag(WORD), clause(ID), verdict(WORD) it came to when it was last
    /// played here, joined by `not`, `and`, `or` and brackets; for example 'clause(REC-*) and not tag(slow)', or
    /// 'verdict(fail)'
    #[arg(long, value_name = "EXPRESSION", value_parser = |text: &str| Filter::read(text))]
    filter: Option<Filter>,
    /// Only the rows of an `each` with this value; several have to hold together
    #[arg(long, value_name = "NAME=VALUE", value_parser = row)]
    row: Vec<(String, String)>,
    /// Begin no other scenario once one has failed
    #[arg(long)]
    fail_fast: bool,
    /// Only the i-th of n parts, as i/n; `auto/n` or `auto` take the index, and the count, that a scheduler has set
    /// (Slurm arrays, GitLab, indexed jobs of Kubernetes)
    #[arg(long, value_name = "i/n", value_parser = |text: &str| Shard::read(text, |name| std::env::var(name).ok()))]
    shard: Option<Shard>,
    /// Play again whenever a file is saved
    #[arg(long)]
    watch: bool,
    /// Play everything twice, with other threads and other orders of starting, and compare event by event
    #[arg(long, conflicts_with_all = ["wire", "update", "update_lines", "watch", "report", "terminal", "broker"])]
    audit: bool,
    /// Known failures, as comma-separated values: scenario,until,reason; entries that are stale fail
    #[arg(long, value_name = "FILE.csv")]
    ledger: Option<PathBuf>,
    /// Reports to write, several with commas: junit, json, jsonl, github, markdown or tap, each =FILE, or =- for
    /// standard output
    #[arg(long, value_name = "KIND=FILE", value_delimiter = ',', value_parser = parse_report)]
    report: Vec<(Kind, PathBuf)>,
    /// Where the evidence of a failure goes
    #[arg(long, value_name = "DIR", default_value = "failures")]
    failures: PathBuf,
    /// Print the transcripts
    #[arg(long, short)]
    transcript: bool,
    /// Print beside everything that was done and seen the line and label that played or read it
    #[arg(long)]
    explain: bool,
    /// Write the run of one scenario as a page: ladder, messages, screens, and what failed on top
    #[arg(long, value_name = "FILE.html")]
    trace: Option<PathBuf>,
    #[command(flatten)]
    device: device::Device,
}

fn row(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, a name of an `each` and a value of it")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A suite of the simulated terminal.
type Terminals<'a> = Suite<'a, sca_terminal::Terminal>;

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let twice = |(at, (_, path)): (usize, &(Kind, PathBuf))| arguments.report[..at].iter().any(|(_, p)| p == path);
    if arguments.report.iter().enumerate().any(twice) {
        complain!("error: two reports go to one file");
        return Exit::Usage;
    }
    if (arguments.transcript || arguments.explain) && arguments.report.iter().any(|(_, path)| path == Path::new("-")) {
        complain!("error: a transcript and a report cannot both go to standard output");
        return Exit::Usage;
    }
    let real = match arguments.device.real() {
        Ok(real) => real,
        Err(exit) => return exit,
    };
    let identities = match authorities_for(&real) {
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
        real,
    };
    let once = || once(arguments, &suite);
    if arguments.watch { watch::watch(&arguments.paths, &clauses, once) } else { once() }
}

fn once(arguments: &Arguments, suite: &Terminals<'_>) -> Exit {
    let all = match chosen::chosen(arguments) {
        Ok(all) => all,
        Err(exit) => return exit,
    };
    if arguments.audit {
        return audit::run(arguments, suite, &all);
    }
    if arguments.update_lines {
        return lines::update(arguments, suite, &all);
    }
    if arguments.trace.is_some() && all.len() != 1 {
        complain!("error: a page shows one scenario, and there are {}; name one", all.len());
        return Exit::Usage;
    }
    let ledger = match arguments.ledger.as_ref().map(|path| crate::conformance::ledger(path)) {
        None => Ledger::default(),
        Some(Ok(ledger)) => ledger,
        Some(Err(exit)) => return exit,
    };
    let progress = Progress::new(all.len());
    let results = suite.run_until(&all, arguments.device.jobs(arguments.jobs), &|result| {
        progress.one();
        !(arguments.fail_fast && result.is_bad())
    });
    progress.over();
    finish(arguments, suite, (&all, &ledger), results)
}

fn options(arguments: &Arguments) -> Options {
    let place = if arguments.wire { Place::Wire { scale: arguments.time_scale } } else { Place::Memory };
    Options {
        place,
        seed: arguments.seed,
        rows: arguments.row.clone(),
        // On the wire a failure cannot be played again with its frames, so they are kept from the start.
        keeps_frames: arguments.wire || arguments.device.world().is_some(),
        keeps_trace: arguments.explain || arguments.trace.is_some(),
        key_notes: arguments.wire.then(|| Arc::new(KeyNotes::default())),
        ..Options::default()
    }
}

fn finish(
    arguments: &Arguments,
    suite: &Terminals<'_>,
    (paths, ledger): (&[PathBuf], &Ledger),
    results: Vec<(usize, std::io::Result<FileResult>)>,
) -> Exit {
    let mut good = Vec::with_capacity(results.len());
    let mut unreadable = false;
    let left_out = paths.len() - results.len();
    for (at, result) in results {
        match result {
            Ok(result) => good.push(result),
            Err(error) => {
                complain!("error: {}: {error}", paths[at].display());
                unreadable = true;
            }
        }
    }
    // Of a part nobody knows whether an entry is needed elsewhere.
    let is_part = arguments.filter.is_some() || !arguments.row.is_empty() || arguments.shard.is_some() || left_out > 0;
    let stale = match ledger.apply(&mut good, sca_runner::today()) {
        stale if !is_part => stale,
        _ => Vec::new(),
    };
    good.iter().for_each(|result| tell::tell(arguments, suite, result));
    let untraced = !good.iter().all(|result| tell::trace(arguments, result));
    let tally = Tally::of(&good);
    last::keep(&good);
    let unwritten = !write_reports(&arguments.report, &document(arguments, &good));
    summary(arguments, &tally, left_out);
    stale.iter().for_each(|why| complain!("error: stale in the ledger, {why}"));
    if unreadable || unwritten || untraced {
        return Exit::CannotRun;
    }
    if tally.invalid > 0 {
        return Exit::Invalid;
    }
    let is_empty = !arguments.row.is_empty() && tally.rows == 0 && tally.invalid == 0;
    if is_empty {
        complain!("error: no row has these values");
        return Exit::Usage;
    }
    let idle = !is_part && arguments.paths.iter().any(|path| !was_played(path, &good));
    if tally.failed > 0 || tally.changed > 0 || idle || !stale.is_empty() { Exit::Failed } else { Exit::Good }
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

fn replay(arguments: &Arguments, path: &Path) -> String {
    let wire = if arguments.wire { format!(" --wire --time-scale {}", arguments.time_scale) } else { String::new() };
    let seed = arguments.seed.map(|seed| format!(" --seed {seed}")).unwrap_or_default();
    format!("sca-sim run {}{wire}{seed}{}", path.display(), arguments.device.said())
}

fn document(arguments: &Arguments, results: &[FileResult]) -> Document {
    let about = About {
        world: world(arguments).to_owned(),
        seed: arguments.seed,
        shard: arguments.shard.map(|shard| shard.to_string()),
    };
    Document::new(&results.iter().collect::<Vec<_>>(), about, |result| replay(arguments, &result.loaded.path))
}

/// The world in which is played, as reports name it.
fn world(arguments: &Arguments) -> &'static str {
    arguments.device.world().unwrap_or(if arguments.wire { "wire" } else { "memory" })
}

fn summary(arguments: &Arguments, tally: &Tally, left_out: usize) {
    let world = match world(arguments) {
        "external terminal" => "against the external terminal",
        "real broker" => "with the real broker",
        "wire" => "on the wire",
        _ => "in memory",
    };
    let mut parts = vec![format!("{} passed", tally.passed), format!("{} failed", tally.failed)];
    let more = [
        (tally.inapplicable, "inapplicable"),
        (tally.invalid, "not valid"),
        (tally.changed, if tally.changed == 1 { "snapshot differs" } else { "snapshots differ" }),
        (tally.without_snapshot, "without a snapshot"),
        (left_out, "files not begun"),
        (tally.updated, if tally.updated == 1 { "snapshot written" } else { "snapshots written" }),
    ];
    parts.extend(more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
    let rows = if tally.rows == tally.files { String::new() } else { format!(" ({})", count(tally.rows, "row")) };
    let line = format!("{}{rows} {world}: {}", count(tally.files, "scenario"), parts.join(", "));
    // A transcript on standard output is a scenario, and stays one.
    if arguments.transcript || arguments.explain {
        complain!("{line}");
    } else {
        tell_beside(&arguments.report, &line);
    }
}
