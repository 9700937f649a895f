//! `review`: shows transcripts that differ from their snapshots and accepts or rejects each.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use sca_files::Found;
use sca_report::sides;
use sca_suite::{lint, snapshots};

use crate::console::{complain, count, painter_of_output, say, unread};
use crate::exit::Exit;

#[derive(Debug, Args)]
#[command(after_help = "Without an option, each change is shown side by side, and one key accepts or rejects it. \
    A run saves a changed transcript beside the snapshot as NAME.snap.new, in the format of insta, \
    so `cargo insta review` works too.")]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// List pending changes, and snapshots without a scenario; exit 1 if there are any
    #[arg(long, conflicts_with_all = ["accept", "reject", "prune"])]
    list: bool,
    /// Accept every change
    #[arg(long, conflicts_with_all = ["reject"])]
    accept: bool,
    /// Reject every change
    #[arg(long)]
    reject: bool,
    /// Delete snapshots that have no scenario
    #[arg(long)]
    prune: bool,
}

/// What is pending.
struct Pending {
    changes: Vec<PathBuf>,
    orphans: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let found = match sca_files::find_all(&arguments.paths) {
        Ok(found) => found,
        Err((path, error)) => return unread(&path, &error),
    };
    let pending = pending(&found);
    if arguments.list {
        return list(&pending);
    }
    let done = if arguments.accept || arguments.reject {
        pending.changes.iter().try_for_each(|scenario| decide(scenario, arguments.accept)).map(|()| Exit::Good)
    } else if arguments.prune {
        Ok(Exit::Good)
    } else {
        look(&pending)
    };
    let done = done.and_then(|exit| {
        if arguments.prune {
            prune(&pending.orphans)?;
        }
        Ok(exit)
    });
    match done {
        Ok(exit) => exit,
        Err(error) => {
            complain!("error: {error}");
            Exit::CannotRun
        }
    }
}

fn pending(found: &Found) -> Pending {
    let waits = |scenario: &&PathBuf| snapshots::path_of_new(scenario).exists();
    Pending {
        changes: found.scenarios.iter().filter(waits).cloned().collect(),
        orphans: lint::orphans(&found.snapshots),
    }
}

fn list(pending: &Pending) -> Exit {
    for scenario in &pending.changes {
        say!("{}  differs from its snapshot", scenario.display());
    }
    for path in &pending.orphans {
        say!("{}  has no scenario", path.display());
    }
    let all = pending.changes.len() + pending.orphans.len();
    if all == 0 {
        say!("nothing to review");
        return Exit::Good;
    }
    Exit::Failed
}

fn decide(scenario: &Path, accept: bool) -> std::io::Result<()> {
    if accept && let Some(new) = snapshots::read_new(scenario)? {
        snapshots::write(scenario, &new)?;
        say!("accepted  {}", scenario.display());
    } else {
        snapshots::remove_new(scenario);
        say!("rejected  {}", scenario.display());
    }
    Ok(())
}

fn prune(orphans: &[PathBuf]) -> std::io::Result<()> {
    for path in orphans {
        std::fs::remove_file(path)?;
        say!("deleted  {}", path.display());
    }
    Ok(())
}

/// Shows each change, asks for a decision, and carries it out.
fn look(pending: &Pending) -> std::io::Result<Exit> {
    let painter = painter_of_output();
    let mut answers = std::io::stdin().lock().lines();
    for (at, scenario) in pending.changes.iter().enumerate() {
        let kept = snapshots::read(scenario)?.unwrap_or_default();
        let new = snapshots::read_new(scenario)?.unwrap_or_default();
        say!("{} of {}: {}\n", at + 1, pending.changes.len(), scenario.display());
        say!("{}", sides(painter, &kept, &new, width()));
        loop {
            print!("[a]ccept, [r]eject, [s]kip or [q]uit? ");
            std::io::stdout().flush()?;
            let Some(answer) = answers.next().transpose()? else {
                say!("");
                complain!("error: end of input; {} undecided", count(pending.changes.len() - at, "change"));
                return Ok(Exit::Failed);
            };
            match answer.trim() {
                "a" | "accept" => decide(scenario, true)?,
                "r" | "reject" => decide(scenario, false)?,
                "s" | "skip" => {}
                "q" | "quit" => return Ok(Exit::Good),
                other => {
                    say!("expected a, r, s or q, got `{other}`");
                    continue;
                }
            }
            break;
        }
    }
    if pending.changes.is_empty() {
        say!("nothing to review");
    }
    if !pending.orphans.is_empty() {
        say!("{} without a scenario; `sca-sim review --prune` deletes them", count(pending.orphans.len(), "snapshot"));
    }
    Ok(Exit::Good)
}

/// The width of the console in columns.
fn width() -> usize {
    let by_hand = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    by_hand
        .or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
        .unwrap_or(160)
        .clamp(40, 400)
}
