//! Which scenarios a run plays: those at the paths given, that a filter takes, of one part.

use std::collections::BTreeSet;
use std::path::PathBuf;

use sca_runner::files;
use sca_runner::filter::{Filter, Subject};

use super::arguments::Arguments;
use super::last;
use crate::exit::Exit;
use crate::terms::{complain, count, named, unread};

/// What a run is of.
pub(super) struct Chosen {
    /// All that was named and that the filter takes: what parts are parts of.
    pub(super) list: Vec<PathBuf>,
    /// What is played here.
    pub(super) mine: Vec<PathBuf>,
}

/// The scenarios that are to be played; where there is none, or one cannot be read, it is said, and the exit.
pub(super) fn chosen(arguments: &Arguments) -> Result<Chosen, Exit> {
    let mut all = Vec::new();
    for path in &arguments.paths {
        match files::find(std::slice::from_ref(path)) {
            Ok(found) if found.is_empty() => {
                complain!("error: there is no scenario in {}", path.display());
                return Err(Exit::CannotRun);
            }
            Ok(found) => all.extend(found.into_iter().map(named)),
            Err((path, error)) => return Err(unread(&path, &error)),
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    if let Some((_, filter)) = &arguments.filter {
        all = filtered(all, filter)?;
    }
    if all.is_empty() {
        complain!("error: the filter takes no scenario; tags and clauses are whole words, and `*` stands for anything");
        return Err(Exit::Usage);
    }
    let mine = arguments.shard().map_or_else(|| all.clone(), |shard| shard.of(all.clone()));
    if let (true, Some(shard)) = (mine.is_empty(), arguments.shard()) {
        complain!("part {shard} has nothing to play: the list has {}", count(all.len(), "scenario"));
    }
    Ok(Chosen { list: all, mine })
}

/// Those of some scenarios that a filter takes; where one cannot be read it is said, and the exit.
pub(crate) fn filtered(all: Vec<PathBuf>, filter: &Filter) -> Result<Vec<PathBuf>, Exit> {
    let verdicts = if filter.asks_verdict() {
        last::read().map_err(|why| {
            complain!("error: the last run is not known: {why}");
            Exit::CannotRun
        })?
    } else {
        last::Verdicts::default()
    };
    let mut taken = Vec::new();
    for path in all {
        let loaded = files::load(&path, &[]).map_err(|error| unread(&path, &error))?;
        // What cannot be read may be what is asked for: a slip takes nothing out of a run.
        let Ok(scenario) = &loaded.scenario else {
            taken.push(path);
            continue;
        };
        let (tags, clauses) = (scenario.header.tags.clone(), scenario.covers());
        let verdict = verdicts.of(&path);
        if filter.takes(Subject { path: &path, tags: &tags, clauses: &clauses, verdict }) {
            taken.push(path);
        }
    }
    Ok(taken)
}
