//! How the commands speak: colours only where a person reads them and has not said no, and quietly on when nobody
//! listens any more.

use std::fmt::{Arguments, Display};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use sca_runner::files::{self, Loaded};
use sca_runner::report::{self, Painter};
use sca_runner::suite::{Authorities, Real};

use crate::Exit;

/// A painter for standard error.
pub(crate) fn painter() -> Painter {
    let wants_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Painter { colours: std::io::stderr().is_terminal() && !wants_none }
}

/// Whether something could not be said, for another reason than that nobody listens.
static LOST: AtomicBool = AtomicBool::new(false);

/// Writes a line. A reader that has gone away is no error: what else there is to do is still done.
pub(crate) fn line(mut to: impl Write, text: Arguments<'_>) {
    let written = to.write_fmt(text).and_then(|()| to.write_all(b"\n")).and_then(|()| to.flush());
    if written.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe) {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// Whether something that should have been said was lost.
pub(crate) fn has_lost_output() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// A line on standard output.
macro_rules! say {
    ($($text:tt)*) => { $crate::terms::line(std::io::stdout().lock(), format_args!($($text)*)) };
}

/// A line on standard error.
macro_rules! complain {
    ($($text:tt)*) => { $crate::terms::line(std::io::stderr().lock(), format_args!($($text)*)) };
}

pub(crate) use {complain, say};

/// A number and its noun.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The authorities of a run; where they cannot be made it is said, and the exit.
pub(crate) fn authorities() -> Result<Authorities, Exit> {
    Authorities::new().map_err(|error| {
        complain!("error: {error}");
        Exit::CannotRun
    })
}

/// The same, for real devices with certificates that are good today.
pub(crate) fn authorities_for(real: &Real) -> Result<Authorities, Exit> {
    match real {
        Real::Nothing => authorities(),
        _ => Authorities::of_today().map_err(|error| {
            complain!("error: {error}");
            Exit::CannotRun
        }),
    }
}

/// Threads: as many as were asked for, or as there are cores.
pub(crate) fn threads(jobs: Option<u16>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    jobs.map_or(cores, usize::from)
}

/// Says that something cannot be read; with the exit that follows from it.
pub(crate) fn unread(path: &Path, error: &dyn Display) -> Exit {
    complain!("error: {} cannot be read: {error}", path.display());
    Exit::CannotRun
}

/// A scenario file that was read and is valid; where it is not it is said, and the exit.
pub(crate) fn loaded(path: &Path, clauses: &[&'static str]) -> Result<Loaded, Exit> {
    let loaded = files::load(path, clauses).map_err(|error| unread(path, &error))?;
    for problem in loaded.scenario.as_ref().err().into_iter().flatten() {
        complain!("{}\n", report::problem(painter(), &loaded.texts, problem));
    }
    if loaded.scenario.is_ok() { Ok(loaded) } else { Err(Exit::Invalid) }
}

/// The scenarios at some paths; where one cannot be read it is said, and the exit.
pub(crate) fn found(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Exit> {
    files::find(paths).map_err(|(path, error)| unread(&path, &error))
}

/// The same, where at least one is wanted.
pub(crate) fn some_found(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Exit> {
    let found = found(paths)?;
    if found.is_empty() {
        complain!("error: there is no scenario in what was given");
        return Err(Exit::CannotRun);
    }
    Ok(found)
}
