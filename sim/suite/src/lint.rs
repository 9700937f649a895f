//! Lints of a whole set of scenarios: stories that nothing calls, scenarios with equal transcripts, and snapshots
//! without a scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sca_files::Loaded;
use sca_model::{Problem, Span};
use sca_scenario::Library;

use crate::snapshots;

/// A warning about one file of the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetWarning {
    /// The file with its text; the text is empty where the problem has no place in it.
    pub text: (PathBuf, String),
    /// What is probably a mistake.
    pub problem: Problem,
}

const TOP: Span = Span { line: 1, column: 1, length: 8, file: 0 };

/// All warnings about the set of scenarios found at these paths.
///
/// # Errors
/// The I/O error of a file that cannot be read, with its path.
pub fn warnings(paths: &[PathBuf], set: &[Loaded]) -> Result<Vec<SetWarning>, (PathBuf, std::io::Error)> {
    let mut found = same(set)?;
    let whole = sca_files::find_all(paths)?;
    found.append(&mut uncalled_stories(&whole.libraries, set)?);
    found.extend(orphans(&whole.snapshots).into_iter().map(|path| {
        SetWarning {
            problem: Problem::new("W005", Span::default(), format!("{} has no scenario", path.display()))
                .help("`sca-sim review --prune` removes it"),
            text: (path, String::new()),
        }
    }));
    Ok(found)
}

/// The snapshots that belong to no scenario.
#[must_use]
pub fn orphans(snapshots: &[PathBuf]) -> Vec<PathBuf> {
    let is_orphan = |path: &&PathBuf| {
        let scenario = snapshots::scenario_of(path);
        scenario.is_some_and(|scenario| !scenario.exists())
    };
    snapshots.iter().filter(is_orphan).cloned().collect()
}

fn uncalled_stories(libraries: &[PathBuf], set: &[Loaded]) -> Result<Vec<SetWarning>, (PathBuf, std::io::Error)> {
    let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut called: BTreeMap<PathBuf, BTreeSet<&String>> = BTreeMap::new();
    for loaded in set {
        let Ok(scenario) = &loaded.scenario else { continue };
        for (library, _) in &loaded.texts[1..] {
            called.entry(canonical(library)).or_default().extend(&scenario.stories_called);
        }
    }
    // An invalid scenario might call any story.
    let knows_all = !set.is_empty() && set.iter().all(|loaded| loaded.scenario.is_ok());
    let mut found = Vec::new();
    for path in libraries {
        let text = sca_files::read_text(path).map_err(|error| (path.clone(), error))?;
        let nothing = BTreeSet::new();
        let called = called.get(&canonical(path)).unwrap_or(&nothing);
        let library = Library::read(&text, 0);
        let wrong = library.problems().iter();
        found.extend(wrong.map(|problem| SetWarning { text: (path.clone(), text.clone()), problem: problem.clone() }));
        for (name, span, _) in library.stories().filter(|_| knows_all) {
            if !called.contains(&name.to_owned()) {
                let problem = Problem::new("W002", span, format!("no scenario calls the story `{name}`"));
                found.push(SetWarning { text: (path.clone(), text.clone()), problem });
            }
        }
    }
    Ok(found)
}

/// Scenarios whose accepted transcripts are equal apart from the title.
fn same(set: &[Loaded]) -> Result<Vec<SetWarning>, (PathBuf, std::io::Error)> {
    let mut seen: BTreeMap<String, &Path> = BTreeMap::new();
    let mut found = Vec::new();
    for loaded in set {
        let path = &loaded.path;
        let kept = snapshots::read(path).map_err(|error| (path.clone(), error))?;
        let Some(kept) = kept else { continue };
        let said: Vec<&str> = kept.lines().filter(|line| !line.starts_with("scenario ")).collect();
        match seen.get(&said.join("\n")) {
            Some(other) => found.push(SetWarning {
                text: loaded.texts[0].clone(),
                problem: Problem::new("W003", TOP, format!("same transcript as {}", other.display())),
            }),
            None => drop(seen.insert(said.join("\n"), path)),
        }
    }
    Ok(found)
}
