//! What the tests share: where the scenarios are, and how they are played.

#![allow(dead_code, reason = "every test file is a crate of its own and uses its part")]

use std::path::{Path, PathBuf};

use sca_runner::suite::{Authorities, Snapshots, Suite};
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
    Suite { options, snapshots, make: &simulated, clauses, identities }
}

/// A transcript without what is no statement.
pub(crate) fn statements(transcript: &str) -> String {
    transcript.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}
