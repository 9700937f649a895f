//! How the commands speak: colours only where a person reads them and has not said no, and quietly on when nobody
//! listens any more.

use std::fmt::{Arguments, Display};
use std::io::{self, IsTerminal, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use sca_protocol::{UnixTime, plain};
use sca_runner::files::{self, Loaded};
use sca_runner::report::{self, Painter};
use sca_runner::suite::{Authorities, Real};

use crate::exit::Exit;

/// A painter for standard error.
pub(crate) fn painter() -> Painter {
    Painter { colours: is_lively(&std::io::stderr()) && wants_colours() }
}

/// A painter for standard output.
pub(crate) fn painter_of_output() -> Painter {
    Painter { colours: is_lively(&std::io::stdout()) && wants_colours() }
}

fn wants_colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether a person sees it on a terminal that can do more than print line after line.
pub(crate) fn is_lively(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("TERM").is_none_or(|name| name != "dumb")
}

/// Whether something could not be said, for another reason than that nobody listens.
static LOST: AtomicBool = AtomicBool::new(false);

/// Writes lines that people read: without secrets, and without anything that a terminal or a CI runner would obey.
pub(crate) fn line(to: impl Write, painter: Painter, text: Arguments<'_>) {
    let text = text.to_string();
    let text = sca_runner::told(&text);
    let text = if painter.colours { plain::shown_in_colour(&text) } else { plain::shown(&text) };
    document(to, format_args!("{text}"));
}

/// Writes what machines read, as it is. A reader that has gone away is no error: what else there is to do is still done.
pub(crate) fn document(mut to: impl Write, text: Arguments<'_>) {
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
    ($($text:tt)*) => {
        $crate::terms::line(std::io::stdout().lock(), $crate::terms::painter_of_output(), format_args!($($text)*))
    };
}

/// A document for machines on standard output.
macro_rules! put {
    ($($text:tt)*) => { $crate::terms::document(std::io::stdout().lock(), format_args!($($text)*)) };
}

/// A line on standard error.
macro_rules! complain {
    ($($text:tt)*) => {
        $crate::terms::line(std::io::stderr().lock(), $crate::terms::painter(), format_args!($($text)*))
    };
}

pub(crate) use {complain, put, say};

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

/// Whether standard output was closed. The runtime has then opened /dev/null in its place, for reading too.
pub(crate) fn is_closed() -> bool {
    let is_null = std::fs::read_link("/proc/self/fd/1").is_ok_and(|to| to == Path::new("/dev/null"));
    let info = std::fs::read_to_string("/proc/self/fdinfo/1").unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    is_null && flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & 3 == 2)
}

/// A path as reports name it, however it was written: from the working directory where it lies below it.
pub(crate) fn named(path: PathBuf) -> PathBuf {
    let Ok(here) = std::env::current_dir() else { return path };
    let plain: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    if let Ok(below) = plain.strip_prefix(&here) {
        return below.to_owned();
    }
    // The working directory may have been reached by a link.
    let whole = if plain.is_absolute() { plain.canonicalize().ok() } else { None };
    whole.and_then(|whole| whole.strip_prefix(&here).ok().map(Path::to_owned)).unwrap_or(plain)
}

/// Reads a date or an instant.
pub(crate) fn date(text: &str) -> Result<UnixTime, String> {
    UnixTime::parse(text).map_err(|error| error.to_string())
}
