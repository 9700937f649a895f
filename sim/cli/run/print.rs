//! The console output of a run for each file, and the evidence files of its failures.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use sca_bridge::{Conversation, Exchange};
use sca_environment::shell;
use sca_judge::Verdict;
use sca_model::Scenario;
use sca_suite::{FileResult, Snapshot, difference, joined};
use sca_world::{Options, play};

use super::arguments::{Arguments, Terminals, replay};
use crate::console::{complain, painter, say};

/// Prints the result of one file, if there is anything to print.
pub(super) fn tell(arguments: &Arguments, suite: &Terminals<'_>, result: &FileResult) {
    for problem in result.problems() {
        complain!("{}\n", sca_report::problem(painter(), &result.loaded.texts, problem));
    }
    if let (true, Ok(scenario)) = (result.rows.iter().any(|row| row.verdict.is_bad()), &result.loaded.scenario) {
        // A mistake that is still valid is often the reason for the failure.
        for warning in sca_scenario::warnings(scenario) {
            complain!("{}\n", sca_report::problem(painter(), &result.loaded.texts, &warning));
        }
    }
    if arguments.transcript {
        say!("{}", joined(&result.rows).trim_end());
    }
    if arguments.explain {
        for row in &result.rows {
            say!("{}", sca_report::explained(&result.loaded, row).trim_end());
        }
    }
    rows_of(arguments, suite, result);
    snapshot(arguments, result);
}

/// Prints the verdicts of the rows that did not simply pass.
fn rows_of(arguments: &Arguments, suite: &Terminals<'_>, result: &FileResult) {
    let replay = replay(arguments, &result.loaded.path);
    let (mut shown, mut errors) = (0, 0);
    for (number, row) in result.rows.iter().enumerate() {
        let values = sca_model::shown_values(&row.values);
        let values = if values.is_empty() { String::new() } else { format!(" ({values})") };
        let place = format!("{}{values}", result.loaded.path.display());
        match &row.verdict {
            Verdict::Fail(failure) => {
                shown += 1;
                // Rows mostly fail for the same reason, so only the first few are printed.
                if shown <= 3 {
                    let replay = format!("{replay}{}", row.row_arguments());
                    complain!("{}", sca_report::failure(painter(), &result.loaded, failure, &replay));
                    evidence(arguments, suite, result, number, &replay);
                }
            }
            Verdict::Error(why) | Verdict::CannotRun(why) => {
                let replay = format!("{replay}{}", row.row_arguments());
                complain!("error: {place}: {why}\n  replay: {replay}");
                errors += 1;
                if arguments.core.is_foreign() && errors <= 3 {
                    evidence(arguments, suite, result, number, &replay);
                }
                complain!("");
            }
            Verdict::UnexpectedPass => complain!("error: {place} passed, but its header expects it to fail\n"),
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
}

/// Prints what became of the snapshot, if it is not as it was.
fn snapshot(arguments: &Arguments, result: &FileResult) {
    if let Snapshot::Differs { kept, new } = &result.snapshot {
        complain!("error: the transcript of {} differs from its snapshot", result.loaded.path.display());
        complain!("{}", difference(kept, new));
        match &result.not_left {
            None => {
                complain!("  accept or reject it with: sca-sim review {}\n", shell::last(&result.loaded.path));
            }
            Some(why) => complain!("  not saved for review: {why}\n"),
        }
    }
    if let Snapshot::Unreadable(why) = &result.snapshot {
        complain!("error: {}: {why}\n", result.loaded.path.display());
    }
    if let (true, Some(why)) = (arguments.update, &result.not_left) {
        complain!("error: cannot write the snapshot of {}: {why}\n", result.loaded.path.display());
    }
}

/// Writes the trace page of a run if `--trace` asks for one; false if that failed.
pub(super) fn trace(arguments: &Arguments, result: &FileResult) -> bool {
    let (Some(path), Ok(scenario)) = (&arguments.trace, &result.loaded.scenario) else { return true };
    let replay = replay(arguments, &result.loaded.path);
    let page = sca_report::trace_page(&result.loaded, scenario, &result.rows, &replay);
    let page = page.map_err(|error| error.to_string());
    match page.and_then(|page| crate::report::write(path, &page).map_err(|error| error.to_string())) {
        Ok(()) => {
            complain!("trace written to {}", path.display());
            true
        }
        Err(error) => {
            complain!("error: cannot write {}: {error}", path.display());
            false
        }
    }
}

/// The evidence folder of a row: the scenario's path below the failures folder, so that no two scenarios share one.
fn evidence_folder(failures: &Path, scenario: &Path, number: usize) -> PathBuf {
    let mut folder = failures.to_owned();
    let name = scenario.with_extension("");
    for component in name.components() {
        match component {
            // A folder may have any name, so that of `..` is one that no name is changed to.
            Component::Normal(part) if part.as_encoded_bytes().starts_with(b"%") => {
                let mut doubled = OsString::from("%");
                doubled.push(part);
                folder.push(doubled);
            }
            Component::Normal(part) => folder.push(part),
            Component::ParentDir => folder.push("%up"),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    let mut named = folder.into_os_string();
    named.push(format!("-{number}"));
    PathBuf::from(named)
}

/// Writes the evidence of a failed row: transcript, frames, replay command and, on sockets, the TLS key log.
fn evidence(arguments: &Arguments, suite: &Terminals<'_>, result: &FileResult, number: usize, replay: &str) {
    let folder = evidence_folder(&arguments.failures, &result.loaded.path, number + 1);
    let row = &result.rows[number];
    let mut frames = row.frames.clone();
    let conversation = Conversation::default();
    // A run on sockets cannot be repeated exactly; its frames were kept from the start.
    let is_memory = !arguments.wire && arguments.device.world().is_none();
    if let (true, Ok(scenario)) = (is_memory, &result.loaded.scenario) {
        let again = Options { keeps_frames: true, ..suite.options.clone() };
        // Everything is played again up to this row; what is said in it comes last.
        let one = Scenario { rows: scenario.rows.get(number).cloned().into_iter().collect(), ..scenario.clone() };
        let rows = play(&one, &again, &suite.identities.memory, &arguments.core.kept_in(conversation.clone()));
        frames = rows.into_iter().next().map(|row| row.frames).unwrap_or_default();
    }
    let seed = arguments.seed.or_else(|| result.loaded.scenario.as_ref().ok().and_then(|s| s.header.seed)).unwrap_or(1);
    let written = sca_files::make_folder(&arguments.failures)
        .and_then(|()| fs::create_dir_all(&folder))
        .and_then(|()| sca_files::replace_private(&folder.join("transcript.txt"), &row.transcript))
        .and_then(|()| sca_files::replace_private(&folder.join("frames.txt"), &frames))
        .and_then(|()| sca_files::replace_private(&folder.join("replay.txt"), format!("{replay}\nseed {seed}\n")))
        .and_then(|()| match &suite.options.key_notes {
            Some(notes) => sca_files::replace_private(&folder.join("tls-keys.log"), notes.text()),
            None => Ok(()),
        })
        .and_then(|()| conversations(&folder, &conversation.taken()));
    match written {
        Ok(()) => complain!("  evidence: {}\n", folder.display()),
        Err(error) => complain!("  cannot write evidence to {}: {error}\n", folder.display()),
    }
}

/// Writes what was said with cores in other processes: a file for each terminal.
fn conversations(folder: &Path, exchanges: &[Exchange]) -> std::io::Result<()> {
    let terminals: BTreeSet<u64> = exchanges.iter().map(|exchange| exchange.index).collect();
    terminals.into_iter().try_for_each(|index| {
        let mine: Vec<Exchange> = exchanges.iter().filter(|exchange| exchange.index == index).cloned().collect();
        sca_files::replace_private(
            &folder.join(format!("conversation-{index}.jsonl")),
            sca_bridge::replay::to_lines(&mine),
        )
    })
}
