//! Shared code of the tests: where the scenarios are, and how to play them.

#![allow(dead_code, reason = "every test file is a crate of its own and uses its part")]

pub(crate) mod party;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sca_environment::Authorities;
use sca_suite::{ExternalParty, SnapshotMode, Suite};
use sca_terminal::{SimulatedTerminal, simulated};
use sca_world::Options;

/// The project's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Paths of all bundled scenarios.
pub(crate) fn scenarios() -> Vec<PathBuf> {
    sca_files::find(&[root().join("scenarios")]).expect("the scenarios can be read")
}

/// A scenario's name: its path below `scenarios`, without the extension.
pub(crate) fn name(path: &Path) -> String {
    let below = path.strip_prefix(root().join("scenarios")).unwrap_or(path);
    below.with_extension("").display().to_string()
}

/// A suite that uses the simulated terminal.
pub(crate) fn suite(
    options: Options,
    snapshots: SnapshotMode,
    clauses: &'static [&'static str],
) -> Suite<'static, SimulatedTerminal> {
    let identities = Authorities::new().expect("an authority can be made");
    Suite { options, snapshots, make: &simulated, clauses, identities, real: ExternalParty::Nothing }
}

/// The statements of a transcript, without its comments.
pub(crate) fn statements(transcript: &str) -> String {
    transcript.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// An empty folder for one test.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// The program, to be run in a folder.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sca-sim"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1");
    command
}

/// Runs the program. Returns its output and exit status.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the program runs")
}

/// Program output as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Writes a file into a folder.
pub(crate) fn file(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("the file can be written");
}

/// The transcript of a scenario, which has to pass.
pub(crate) fn transcript(path: &Path) -> String {
    let output = run(&root(), &["run", "-t", path.to_str().expect("it is text")]);
    let told = text(&output.stdout);
    assert!(output.status.success(), "{}\n{told}", text(&output.stderr));
    told
}
