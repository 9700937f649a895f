//! Plays what was chosen, and says what it came to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sca_environment::device::end_all;
use sca_judge::Verdict;
use sca_network::tls::KeyLogBuffer;
use sca_protocol::UnixTime;
use sca_report::{Document, Kind, RunInfo, Summary, Tally, Unread};
use sca_suite::known_failures::KnownFailures;
use sca_suite::origin::Origin;
use sca_suite::{FileResult, Snapshot, SnapshotMode, Suite};
use sca_world::{Options, Place, Played};

use super::arguments::{Arguments, Terminals, origin_of, replay, world};
use super::json_lines::Stream;
use super::progress::Progress;
use super::{audit, last_run, print, selection, update_lines, watch};
use crate::console::{authorities_for, complain, count, named};
use crate::exit::Exit;
use crate::interrupt;
use crate::interrupt::Heard;
use crate::report::{exit_code, print_beside_reports, remove_reports, write_reports};

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let twice = |(at, (_, path)): (usize, &(Kind, PathBuf))| arguments.report[..at].iter().any(|(_, p)| p == path);
    if arguments.report.iter().enumerate().any(twice) {
        complain!("error: two reports are written to the same file");
        return Exit::Usage;
    }
    if (arguments.transcript || arguments.explain) && arguments.report.iter().any(|(_, path)| path == Path::new("-")) {
        complain!("error: a transcript and a report cannot both be written to standard output");
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
    // With --watch or --interactive a signal terminates the program at once, without reports.
    let (heard, interrupt) = interrupt::listen(arguments.watch || arguments.device.is_interactive());
    let options = options(arguments, arguments.today.unwrap_or_else(sca_environment::today));
    let terminals = arguments.core.terminals();
    let suite = Suite {
        options: Options { interrupt: Some(interrupt), ..options },
        snapshots: match (arguments.core.is_foreign(), arguments.update) {
            // The snapshots are those of our core.
            (true, _) => SnapshotMode::Ignore,
            (false, true) => SnapshotMode::Update,
            (false, false) => SnapshotMode::Compare,
        },
        make: &terminals,
        clauses: &clauses,
        identities,
        real,
    };
    let once = || once(arguments, &suite, &heard);
    if arguments.watch { watch::watch(&arguments.paths, &clauses, once) } else { once() }
}

fn once(arguments: &Arguments, suite: &Terminals<'_>, heard: &Heard) -> Exit {
    if !remove_reports(&arguments.report) {
        return Exit::CannotRun;
    }
    let chosen = match selection::chosen(arguments) {
        Ok(chosen) => chosen,
        Err(exit) => return exit,
    };
    let all = &chosen.mine;
    if arguments.audit {
        return audit::run(arguments, suite, all);
    }
    if arguments.update_lines {
        return update_lines::update_files(arguments, suite, all);
    }
    if arguments.trace.is_some() && all.len() != 1 {
        complain!("error: --trace takes one scenario, found {}", all.len());
        return Exit::Usage;
    }
    let ledger = match arguments.ledger.as_ref().map(|path| crate::ledger::read_ledger(path)) {
        None => KnownFailures::default(),
        Some(Ok(ledger)) => ledger,
        Some(Err(exit)) => return exit,
    };
    // Taken before anything is played or written.
    let origin = origin_of(arguments, &chosen.list);
    let today = suite.options.today.unwrap_or_else(sca_environment::today);
    let progress = Progress::new(all.len());
    let about = RunInfo {
        world: world(arguments).to_owned(),
        seed: arguments.seed,
        shard: arguments.shard().map(|shard| shard.to_string()),
        origin: Some(origin.clone()),
        ..RunInfo::default()
    };
    let stream = Stream::begin(&arguments.report, about);
    let results = suite.run_until(all, arguments.device.jobs(arguments.jobs), &|result| {
        progress.one();
        stream.one(result, |result| replay(arguments, &result.loaded.path));
        !(arguments.fail_fast && ledger.is_bad(result, today))
    });
    progress.over();
    let exit = finish(arguments, suite, (all, origin), (&ledger, today), results, heard);
    match heard.which() {
        Some((signal, ended)) => {
            complain!("run interrupted by {signal}");
            end_all();
            ended
        }
        None => exit,
    }
}

fn options(arguments: &Arguments, today: UnixTime) -> Options {
    let place = if arguments.wire { Place::Wire { scale: arguments.time_scale } } else { Place::Memory };
    Options {
        place,
        seed: arguments.seed,
        rows: arguments.row.clone(),
        // A run on sockets cannot be repeated to collect its frames, so they are kept from the start.
        keeps_frames: arguments.wire || arguments.device.world().is_some(),
        keeps_trace: arguments.explain || arguments.trace.is_some(),
        today: Some(today),
        longest_on_wire: arguments.device.wire_time_max(),
        key_notes: arguments.wire.then(|| Arc::new(KeyLogBuffer::default())),
        ..Options::default()
    }
}

fn finish(
    arguments: &Arguments,
    suite: &Terminals<'_>,
    (paths, origin): (&[PathBuf], Origin),
    (ledger, today): (&KnownFailures, UnixTime),
    results: Vec<(usize, std::io::Result<FileResult>)>,
    heard: &Heard,
) -> Exit {
    let (mut good, mut unreadable) = (Vec::with_capacity(results.len()), Vec::new());
    let mut left_out: BTreeSet<usize> = (0..paths.len()).collect();
    for (at, result) in results {
        left_out.remove(&at);
        match result {
            Ok(result) => good.push(result),
            Err(error) => {
                complain!("error: {}: {error}", paths[at].display());
                unreadable.push(Unread { path: paths[at].display().to_string(), error: error.to_string() });
            }
        }
    }
    let ledger = ledger.apply(&mut good, today);
    good.iter().for_each(|result| print::tell(arguments, suite, result));
    let untraced = !good.iter().all(|result| print::trace(arguments, result));
    let tally = Tally::of(&good);
    last_run::keep(&good);
    let has_day = |result: &FileResult| result.loaded.scenario.as_ref().is_ok_and(|s| s.header.expect_fail.is_some());
    let asks_day = arguments.today.is_some() || !ledger.is_empty() || good.iter().any(has_day);
    let is_all = origin.is_all;
    let about = RunInfo {
        world: world(arguments).to_owned(),
        seed: arguments.seed,
        shard: arguments.shard().map(|shard| shard.to_string()),
        origin: Some(origin),
        today: asks_day.then(|| today.day()),
        not_begun: left_out.iter().map(|at| paths[*at].display().to_string()).collect(),
        interrupted: heard.which().map(|(signal, _)| signal.to_owned()),
        unreadable,
        ledger,
    };
    let replay = |result: &FileResult| replay(arguments, &result.loaded.path);
    let document = Document::new(&good.iter().collect::<Vec<_>>(), about, replay);
    let unwritten = !write_reports(&arguments.report, &document);
    summary(arguments, &tally, &document.summary);
    document.stale().iter().for_each(|why| complain!("error: stale ledger entry: {why}"));
    let unkept = arguments.update && good.iter().any(|result| result.not_left.is_some());
    let unread = good.iter().any(|result| matches!(result.snapshot, Snapshot::Unreadable(_)));
    if unwritten || untraced || unkept || unread {
        return Exit::CannotRun;
    }
    let exit = exit_code(&document.summary);
    if matches!(exit, Exit::CannotRun | Exit::Invalid) {
        return exit;
    }
    if !arguments.row.is_empty() && tally.rows == 0 {
        complain_of_row(arguments, &good);
        return Exit::Usage;
    }
    if is_idle(arguments, is_all, (&tally, &left_out), &good) { Exit::Failed } else { exit }
}

/// Says why no row has the values that were asked for.
fn complain_of_row(arguments: &Arguments, good: &[FileResult]) {
    let names = good.iter().filter_map(|result| result.loaded.scenario.as_ref().ok()).flat_map(|s| &s.rows);
    let names: BTreeSet<&str> = names.flat_map(|row| &row.values).map(|(name, _)| name.as_str()).collect();
    let unknown = arguments.row.iter().find(|(name, _)| name != "byte" && !names.contains(name.as_str()));
    match unknown {
        Some((name, _)) if names.is_empty() => complain!("error: no `each` named `{name}`: there is none"),
        Some((name, _)) => {
            let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            complain!("error: no `each` named `{name}`; known: {names}");
        }
        None => complain!("error: no row matches these values"),
    }
}

/// Whether nothing was played. A shard may contain nothing that can be played here; for a whole run that is a failure,
/// whatever the selection. Prints an error if so.
fn is_idle(
    arguments: &Arguments,
    is_all: bool,
    (tally, left_out): (&Tally, &BTreeSet<usize>),
    good: &[FileResult],
) -> bool {
    match (arguments.shard(), is_all) {
        (Some(_), _) => false,
        _ if !left_out.is_empty() => false,
        (None, true) => arguments.paths.iter().any(|path| !was_played(path, good)),
        (None, false) => {
            let is_idle = tally.passed + tally.failed == 0;
            if is_idle {
                complain!("error: no scenario was played");
            }
            is_idle
        }
    }
}

/// Whether any scenario below a given path was played. Prints an error if not.
fn was_played(given: &Path, results: &[FileResult]) -> bool {
    let given_as = named(given.to_owned());
    let mine = results.iter().filter(|result| result.loaded.path.starts_with(&given_as));
    let played = |row: &Played| !matches!(row.verdict, Verdict::Inapplicable(_));
    let mut any = mine.flat_map(|result| &result.rows).map(played);
    let is_played = any.any(|played| played);
    if !is_played {
        complain!("error: no scenario of {} was played", given.display());
    }
    is_played
}

fn summary(arguments: &Arguments, tally: &Tally, numbers: &Summary) {
    let world = match world(arguments) {
        "external terminal" => "against the external terminal",
        "real broker" => "with the external broker",
        "wire" => "on the wire",
        _ => "in memory",
    };
    let mut parts = vec![format!("{} passed", tally.passed), format!("{} failed", tally.failed)];
    let more = [
        (tally.expected_failures, if tally.expected_failures == 1 { "expected failure" } else { "expected failures" }),
        (tally.inapplicable, "inapplicable"),
        (tally.invalid, "invalid"),
        (tally.changed, if tally.changed == 1 { "snapshot differs" } else { "snapshots differ" }),
        (tally.without_snapshot, "without a snapshot"),
        (numbers.unreadable, "unreadable"),
        (numbers.not_begun, "files not started"),
        (tally.updated, if tally.updated == 1 { "snapshot written" } else { "snapshots written" }),
    ];
    parts.extend(more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
    let rows = if tally.rows == tally.files { String::new() } else { format!(" ({})", count(tally.rows, "row")) };
    let line = format!("{}{rows} {world}: {}", count(tally.files, "scenario"), parts.join(", "));
    // A transcript on standard output must stay a valid scenario, so the summary goes to standard error.
    if arguments.transcript || arguments.explain {
        complain!("{line}");
    } else {
        print_beside_reports(&arguments.report, &line);
    }
}
