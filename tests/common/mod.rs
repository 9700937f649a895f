//! What the tests share: where the scenarios are, and how they are played.

#![allow(dead_code, reason = "every test file is a crate of its own and uses its part")]

pub(crate) mod party;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sca_runner::suite::{Authorities, Real, Snapshots, Suite};
use sca_runner::{Options, files, simulated};
use sca_terminal::Terminal;

/// The project's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every bundled scenario.
pub(crate) fn scenarios() -> Vec<PathBuf> {
    files::find(&[root().join("scenarios")]).expect("the scenarios can be read")
}

/// A scenario's name: its path below `scenarios`, without its ending.
pub(crate) fn name(path: &Path) -> String {
    let below = path.strip_prefix(root().join("scenarios")).unwrap_or(path);
    below.with_extension("").display().to_string()
}

/// A suite of the simulated terminal.
pub(crate) fn suite(
    options: Options,
    snapshots: Snapshots,
    clauses: &'static [&'static str],
) -> Suite<'static, Terminal> {
    let identities = Authorities::new().expect("an authority can be made");
    Suite { options, snapshots, make: &simulated, clauses, identities, real: Real::Nothing }
}

/// A transcript without what is no statement.
pub(crate) fn statements(transcript: &str) -> String {
    transcript.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// A folder of this test alone, empty at its start.
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

/// What the program says and how it ends.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the program runs")
}

/// What was printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Writes a file into a folder.
pub(crate) fn file(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("the file can be written");
}

/// The transcript of a scenario that passes.
pub(crate) fn transcript(path: &Path) -> String {
    let output = run(&root(), &["run", "-t", path.to_str().expect("it is text")]);
    let told = text(&output.stdout);
    assert!(output.status.success(), "{}\n{told}", text(&output.stderr));
    told
}
