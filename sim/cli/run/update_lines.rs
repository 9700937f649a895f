//! `run --update-lines`: rewrites failing expectations in place.

use std::path::Path;

use sca_suite::rewrite;
use sca_world::play;

use super::arguments::{Arguments, Terminals, replay};
use crate::console::{complain, count, painter, say, unread};
use crate::exit::Exit;

/// Rewrites the failing expectations of the files until each file passes or cannot be fixed this way.
pub(super) fn update_files(arguments: &Arguments, suite: &Terminals<'_>, paths: &[std::path::PathBuf]) -> Exit {
    let mut exit = Exit::Good;
    for path in paths {
        let one = file(arguments, suite, path);
        if one as u8 > exit as u8 {
            exit = one;
        }
    }
    exit
}

fn file(arguments: &Arguments, suite: &Terminals<'_>, path: &Path) -> Exit {
    let text = match sca_files::read_text(path) {
        Ok(text) => text,
        Err(error) => return unread(path, &error),
    };
    let play = |scenario: &_| play(scenario, &suite.options, &suite.identities.memory, suite.make);
    let Some(done) = rewrite::rewrite(path, &text, suite.clauses, &play) else {
        let loaded = sca_files::read(path, text, suite.clauses);
        for problem in loaded.scenario.as_ref().err().into_iter().flatten() {
            complain!("{}\n", sca_report::problem(painter(), &loaded.texts, problem));
        }
        return Exit::Invalid;
    };
    if !done.slips.is_empty() {
        let loaded = sca_files::read(path, text, suite.clauses);
        done.slips.iter().for_each(|slip| complain!("{}\n", sca_report::problem(painter(), &loaded.texts, slip)));
        complain!("  fix this first, or the mistake would be written into the expectations\n");
        return Exit::Failed;
    }
    if !done.changes.is_empty() {
        if let Err(error) = sca_files::replace(path, &done.text) {
            complain!("error: cannot write {}: {error}", path.display());
            return Exit::CannotRun;
        }
        for change in &done.changes {
            match change.before.as_str() {
                "" => say!("  {:>4} + {}", change.line, change.after),
                before => say!("  {:>4} - {before}\n       + {}", change.line, change.after),
            }
        }
    }
    let Some(left) = &done.left else {
        say!("{}: {} rewritten, and it passes", path.display(), count(done.changes.len(), "line"));
        return Exit::Good;
    };
    say!("{}: {} rewritten, and it fails", path.display(), count(done.changes.len(), "line"));
    let loaded = sca_files::read(path, done.text.clone(), suite.clauses);
    complain!("{}\n", sca_report::failure(painter(), &loaded, left, &replay(arguments, path)));
    let text = loaded.texts[0].1.lines().nth((left.span.line as usize).saturating_sub(1)).unwrap_or_default();
    if text.contains("{{") {
        complain!("  the value comes from a row of `each`, or was captured: change it there\n");
    } else {
        complain!("  no rewritten value makes this pass: change this line, or the lines before it, by hand\n");
    }
    Exit::Failed
}
