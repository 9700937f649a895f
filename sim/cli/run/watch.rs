//! `run --watch`: plays again whenever a file is saved, using the operating system's file notifications.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use notify::{EventKind, RecursiveMode, Watcher};

use crate::console::{complain, say, unread};
use crate::exit::Exit;

/// Editors save in several steps; events within this time count as one save.
const ONE_SAVE: Duration = Duration::from_millis(150);

/// Runs `once`, and again after each change below these paths, until the process ends.
pub(super) fn watch(paths: &[PathBuf], clauses: &[&'static str], once: impl Fn() -> Exit) -> Exit {
    if let Err((path, error)) = sca_files::find(paths) {
        return unread(&path, &error);
    }
    let (sender, events) = mpsc::channel();
    let watching = notify::recommended_watcher(sender).and_then(|mut watcher| {
        for folder in folders(paths, clauses) {
            watcher.watch(&folder, RecursiveMode::Recursive)?;
        }
        Ok(watcher)
    });
    let _watching = match watching {
        Ok(watching) => watching,
        Err(error) => {
            complain!("error: cannot watch files: {error}");
            return Exit::CannotRun;
        }
    };
    loop {
        once();
        say!("waiting for changes; press Ctrl-C to stop");
        match changed(&events) {
            Some(path) => say!("\n{} changed", path.display()),
            None => return Exit::Good,
        }
    }
}

/// The folders to watch: those given, and those of every file that a scenario uses.
fn folders(paths: &[PathBuf], clauses: &[&'static str]) -> BTreeSet<PathBuf> {
    let folder = |path: &Path| match path.is_dir() {
        true => path.to_owned(),
        false => path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned(),
    };
    let mut all: BTreeSet<PathBuf> = paths.iter().map(|path| folder(path)).collect();
    for path in sca_files::find(paths).unwrap_or_default() {
        if let Ok(loaded) = sca_files::load(&path, clauses) {
            all.extend(loaded.texts.iter().map(|(path, _)| folder(path)));
        }
    }
    all.retain(|folder| folder.exists());
    all
}

/// Waits for a change and the further events of the same save. None when the watcher has ended.
fn changed(events: &Receiver<notify::Result<notify::Event>>) -> Option<PathBuf> {
    let mut path = loop {
        if let Some(path) = counts(events.recv().ok()?) {
            break path;
        }
    };
    while let Ok(event) = events.recv_timeout(ONE_SAVE) {
        path = counts(event).unwrap_or(path);
    }
    Some(path)
}

/// The changed file of an event, if it can affect a run: a scenario, table or image not written by the run itself.
fn counts(event: notify::Result<notify::Event>) -> Option<PathBuf> {
    let event = event.ok()?;
    if !matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)) {
        return None;
    }
    let is_source = |path: &PathBuf| {
        let by_us = path.components().any(|part| matches!(part.as_os_str().to_str(), Some("snapshots" | ".sca-sim")));
        !by_us && path.extension().is_some_and(|e| e == "sca" || e == "csv" || e == "png")
    };
    event.paths.into_iter().find(is_source)
}
