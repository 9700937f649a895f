//! What a run says of a file, and the evidence it leaves of a failure.

use std::fs;
use std::path::{Component, Path, PathBuf};

use sca_runner::suite::{FileResult, Snapshot, difference, joined};
use sca_runner::{Options, Verdict, files, play, report, shell, simulated};

use super::arguments::{Arguments, Terminals, replay};
use crate::terms::{complain, painter, say};

/// Says what came of one file, where there is something to say.
pub(super) fn tell(arguments: &Arguments, suite: &Terminals<'_>, result: &FileResult) {
    for problem in result.problems() {
        complain!("{}\n", report::problem(painter(), &result.loaded.texts, problem));
    }
    if let (true, Ok(scenario)) = (result.rows.iter().any(|row| row.verdict.is_bad()), &result.loaded.scenario) {
        // A slip that is valid all the same is often why it fails.
        for warning in sca_scenario::warnings(scenario) {
            complain!("{}\n", report::problem(painter(), &result.loaded.texts, &warning));
        }
    }
    if arguments.transcript {
        say!("{}", joined(&result.rows).trim_end());
    }
    if arguments.explain {
        for row in &result.rows {
            say!("{}", report::explained(&result.loaded, row).trim_end());
        }
    }
    let replay = replay(arguments, &result.loaded.path);
    let mut shown = 0;
    for (number, row) in result.rows.iter().enumerate() {
        let values = sca_scenario::model::shown_values(&row.values);
        let values = if values.is_empty() { String::new() } else { format!(" ({values})") };
        let place = format!("{}{values}", result.loaded.path.display());
        match &row.verdict {
            Verdict::Fail(failure) => {
                shown += 1;
                // What is wrong with one row is mostly wrong with the next too.
                if shown <= 3 {
                    let replay = format!("{replay}{}", row.row_arguments());
                    complain!("{}", report::failure(painter(), &result.loaded, failure, &replay));
                    evidence(arguments, suite, result, number, &replay);
                }
            }
            Verdict::Error(why) | Verdict::CannotRun(why) => complain!("error: {place}: {why}\n  replay: {replay}\n"),
            Verdict::UnexpectedPass => complain!("error: {place} passes, but its header expects it to fail\n"),
            Verdict::Inapplicable(why) => complain!("{place}:{}: inapplicable: {}", why.span.line, why.headline),
            Verdict::ExpectedFail(why) => complain!("{place}:{}: expected-fail: {}", why.span.line, why.headline),
            Verdict::Pass => {
                if let Some(model) = &row.model {
                    complain!("{place}: note: {model}");
                }
            }
        }
    }
    if shown > 3 {
        let more = if shown == 4 { "1 more row" } else { &format!("{} more rows", shown - 3) };
        let verb = if shown == 4 { "fails" } else { "fail" };
        complain!("… and {more} of {} {verb}\n", result.loaded.path.display());
    }
    if let Snapshot::Differs { kept, new } = &result.snapshot {
        complain!("error: the transcript of {} differs from its snapshot", result.loaded.path.display());
        complain!("{}", difference(kept, new));
        match &result.not_left {
            None => {
                complain!(
                    "  look at it, and accept or reject it: sca-sim review {}\n",
                    shell::last(&result.loaded.path)
                );
            }
            Some(why) => complain!("  nothing was left for review: {why}\n"),
        }
    }
    if let (true, Some(why)) = (arguments.update, &result.not_left) {
        complain!("error: the snapshot of {} was not written: {why}\n", result.loaded.path.display());
    }
}

/// Writes the page of a run, where one is wanted; false where it was not written.
pub(super) fn trace(arguments: &Arguments, result: &FileResult) -> bool {
    let (Some(path), Ok(scenario)) = (&arguments.trace, &result.loaded.scenario) else { return true };
    let replay = replay(arguments, &result.loaded.path);
    let page = report::trace_page(&result.loaded, scenario, &result.rows, &replay);
    match page.and_then(|page| crate::report::write(path, &page).map_err(|error| error.to_string())) {
        Ok(()) => {
            complain!("the run is shown in {}", path.display());
            true
        }
        Err(error) => {
            complain!("error: {} was not written: {error}", path.display());
            false
        }
    }
}

/// Where the evidence of a row goes: below the folder of evidence the way to its scenario, so that no two share one.
fn evidence_folder(failures: &Path, scenario: &Path, number: usize) -> PathBuf {
    let mut folder = failures.to_owned();
    let name = scenario.with_extension("");
    for component in name.components() {
        match component {
            Component::Normal(part) => folder.push(part),
            Component::ParentDir => folder.push("up"),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    let mut named = folder.into_os_string();
    named.push(format!("-{number}"));
    PathBuf::from(named)
}

/// Leaves transcript, command, frames and on the wire the secrets of TLS where a person finds them.
fn evidence(arguments: &Arguments, suite: &Terminals<'_>, result: &FileResult, number: usize, replay: &str) {
    let folder = evidence_folder(&arguments.failures, &result.loaded.path, number + 1);
    let row = &result.rows[number];
    let mut frames = row.frames.clone();
    // A real run cannot be played again; its frames were kept from the start.
    let is_memory = !arguments.wire && arguments.device.world().is_none();
    if let (true, Ok(scenario)) = (is_memory, &result.loaded.scenario) {
        let again = Options { keeps_frames: true, ..suite.options.clone() };
        let rows = play(scenario, &again, &suite.identities.memory, &simulated);
        frames = rows.into_iter().nth(number).map(|row| row.frames).unwrap_or_default();
    }
    let seed = arguments.seed.or_else(|| result.loaded.scenario.as_ref().ok().and_then(|s| s.header.seed)).unwrap_or(1);
    let written = files::make_folder(&arguments.failures)
        .and_then(|()| fs::create_dir_all(&folder))
        .and_then(|()| files::replace(&folder.join("transcript.txt"), &row.transcript))
        .and_then(|()| files::replace(&folder.join("frames.txt"), &frames))
        .and_then(|()| files::replace(&folder.join("replay.txt"), format!("{replay}\nseed {seed}\n")))
        .and_then(|()| match &suite.options.key_notes {
            Some(notes) => files::replace_private(&folder.join("tls-keys.log"), notes.text()),
            None => Ok(()),
        });
    match written {
        Ok(()) => complain!("  evidence: {}\n", folder.display()),
        Err(error) => complain!("  no evidence was left in {}: {error}\n", folder.display()),
    }
}
