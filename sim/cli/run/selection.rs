//! Selection of the scenarios of a run: those at the given paths that match the filter and belong to the shard.

use std::collections::BTreeSet;
use std::path::PathBuf;

use sca_suite::filter::{Filter, Subject};

use super::arguments::Arguments;
use super::last_run;
use crate::console::{complain, count, named, unread};
use crate::exit::Exit;

/// The selected scenarios.
pub(super) struct Selection {
    /// All scenarios at the given paths that match the filter; shards divide this list.
    pub(super) list: Vec<PathBuf>,
    /// The scenarios of this shard.
    pub(super) mine: Vec<PathBuf>,
}

/// Selects the scenarios to play. If there are none, or one cannot be read, prints the error and returns the exit code.
pub(super) fn chosen(arguments: &Arguments) -> Result<Selection, Exit> {
    let mut all = Vec::new();
    for path in &arguments.paths {
        match sca_files::find(std::slice::from_ref(path)) {
            Ok(found) if found.is_empty() => {
                complain!("error: no scenario found in {}", path.display());
                return Err(Exit::CannotRun);
            }
            Ok(found) => all.extend(found.into_iter().map(named)),
            Err((path, error)) => return Err(unread(&path, &error)),
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    if let Some((_, filter)) = &arguments.filter {
        all = matching(all, filter)?;
    }
    if all.is_empty() {
        complain!("error: no scenario matches the filter; tags and clauses must match whole, `*` matches anything");
        return Err(Exit::Usage);
    }
    let mine = arguments.shard().map_or_else(|| all.clone(), |shard| shard.of(all.clone()));
    if let (true, Some(shard)) = (mine.is_empty(), arguments.shard()) {
        complain!("shard {shard} is empty: the list has {}", count(all.len(), "scenario"));
    }
    Ok(Selection { list: all, mine })
}

/// The scenarios that match a filter. If one cannot be read, prints the error and returns the exit code.
pub(crate) fn matching(all: Vec<PathBuf>, filter: &Filter) -> Result<Vec<PathBuf>, Exit> {
    let verdicts = if filter.asks_verdict() {
        last_run::read().map_err(|why| {
            complain!("error: verdicts of the last run are not available: {why}");
            Exit::CannotRun
        })?
    } else {
        last_run::LastVerdicts::default()
    };
    let mut taken = Vec::new();
    for path in all {
        let loaded = sca_files::load(&path, &[]).map_err(|error| unread(&path, &error))?;
        // An invalid scenario might be one that was asked for, so it stays selected: a typo must not remove it from a
        // run.
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
