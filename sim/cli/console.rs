//! Console output shared by all commands: colours (only on an interactive terminal and without `NO_COLOR`), sanitised
//! lines, broken pipes, and the error messages that several commands share.

use std::fmt::{Arguments, Display};
use std::io::{self, IsTerminal, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use sca_environment::Authorities;
use sca_files::Loaded;
use sca_protocol::{UnixTime, plain};
use sca_report::Painter;
use sca_suite::ExternalParty;

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

/// Whether a stream is an interactive terminal with more than plain line output (`TERM` is not `dumb`).
pub(crate) fn is_lively(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("TERM").is_none_or(|name| name != "dumb")
}

/// Whether output was lost for a reason other than a closed pipe.
static LOST: AtomicBool = AtomicBool::new(false);

/// Writes lines for people, with secrets masked and control sequences for terminals and CI runners escaped.
pub(crate) fn line(to: impl Write, painter: Painter, text: Arguments<'_>) {
    let text = text.to_string();
    let text = sca_judge::told(&text);
    let text = if painter.colours { plain::escape_keeping_colours(&text) } else { plain::shown(&text) };
    document(to, format_args!("{text}"));
}

/// Writes a document for machines, unchanged. A closed pipe is not an error: the command goes on without output.
pub(crate) fn document(mut to: impl Write, text: Arguments<'_>) {
    let written = to.write_fmt(text).and_then(|()| to.write_all(b"\n")).and_then(|()| to.flush());
    if written.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe) {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// Whether any output was lost, see [`document`].
pub(crate) fn has_lost_output() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Prints a line for people on standard output.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::console::line(std::io::stdout().lock(), $crate::console::painter_of_output(), format_args!($($text)*))
    };
}

/// Prints a document for machines on standard output.
macro_rules! put {
    ($($text:tt)*) => { $crate::console::document(std::io::stdout().lock(), format_args!($($text)*)) };
}

/// Prints a line for people on standard error.
macro_rules! complain {
    ($($text:tt)*) => {
        $crate::console::line(std::io::stderr().lock(), $crate::console::painter(), format_args!($($text)*))
    };
}

pub(crate) use {complain, put, say};

/// A count with its noun, in the plural unless it is 1.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The certificate authorities of a run. If they cannot be created, prints the error and returns the exit code.
pub(crate) fn authorities() -> Result<Authorities, Exit> {
    Authorities::new().map_err(|error| {
        complain!("error: {error}");
        Exit::CannotRun
    })
}

/// Like [`authorities`]; if a real terminal or broker takes part, the certificates are valid today.
pub(crate) fn authorities_for(real: &ExternalParty) -> Result<Authorities, Exit> {
    match real {
        ExternalParty::Nothing => authorities(),
        _ => Authorities::of_today().map_err(|error| {
            complain!("error: {error}");
            Exit::CannotRun
        }),
    }
}

/// The number of worker threads: `jobs`, or the number of cores.
pub(crate) fn threads(jobs: Option<u16>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    jobs.map_or(cores, usize::from)
}

/// Prints that a path cannot be read, and returns the exit code for it.
pub(crate) fn unread(path: &Path, error: &dyn Display) -> Exit {
    complain!("error: cannot read {}: {error}", path.display());
    Exit::CannotRun
}

/// Loads a scenario file. If it cannot be read or is invalid, prints the problems and returns the exit code.
pub(crate) fn load_scenario(path: &Path, clauses: &[&'static str]) -> Result<Loaded, Exit> {
    let loaded = sca_files::load(path, clauses).map_err(|error| unread(path, &error))?;
    for problem in loaded.scenario.as_ref().err().into_iter().flatten() {
        complain!("{}\n", sca_report::problem(painter(), &loaded.texts, problem));
    }
    if loaded.scenario.is_ok() { Ok(loaded) } else { Err(Exit::Invalid) }
}

/// Finds the scenarios at some paths. If a path cannot be read, prints the error and returns the exit code.
pub(crate) fn found(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Exit> {
    sca_files::find(paths).map_err(|(path, error)| unread(&path, &error))
}

/// Like [`found`], but finding nothing is an error too.
pub(crate) fn find_some_scenarios(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Exit> {
    let found = found(paths)?;
    if found.is_empty() {
        complain!("error: no scenario found at the given paths");
        return Err(Exit::CannotRun);
    }
    Ok(found)
}

/// Whether standard output was closed when the process started. The Rust runtime then opens /dev/null in its place,
/// readable as well as writable.
pub(crate) fn is_stdout_closed() -> bool {
    let is_null = std::fs::read_link("/proc/self/fd/1").is_ok_and(|to| to == Path::new("/dev/null"));
    let info = std::fs::read_to_string("/proc/self/fdinfo/1").unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    is_null && flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & 3 == 2)
}

/// The path as reports show it: relative to the working directory if it lies below it, however it was given.
pub(crate) fn named(path: PathBuf) -> PathBuf {
    let Ok(here) = std::env::current_dir() else { return path };
    let plain: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    if let Ok(below) = plain.strip_prefix(&here) {
        return below.to_owned();
    }
    // The working directory may have been entered through a symbolic link.
    let whole = if plain.is_absolute() { plain.canonicalize().ok() } else { None };
    whole.and_then(|whole| whole.strip_prefix(&here).ok().map(Path::to_owned)).unwrap_or(plain)
}

/// Parses a date or an instant.
pub(crate) fn date(text: &str) -> Result<UnixTime, String> {
    UnixTime::parse(text).map_err(|error| error.to_string())
}
