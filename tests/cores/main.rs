//! Tests of client cores in other processes: each sample plays the whole suite, each planted defect is found and shrunk,
//! and whatever goes wrong with a core is an error that names question and answer.
//!
//! A sample whose compiler or runtime is missing on this machine is listed as ignored, with the reason in its name.

mod broken;
#[path = "../common/mod.rs"]
mod common;
mod docs;
mod samples;
mod worlds;

use std::path::PathBuf;
use std::process::{Command, Output};

use libtest_mimic::{Arguments, Failed, Trial};

/// Runs the program in the project's root.
fn sca_sim(arguments: &[&str]) -> Output {
    common::run(&common::root(), arguments)
}

/// Standard output and standard error of a run.
fn told(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

/// Whether a program is on this machine.
fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// A folder for what a test writes.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sca-sim-cores-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// The command of the sample in Python, with a defect or without.
fn python(defect: Option<&str>) -> String {
    let defect = defect.map(|defect| format!(" --defect {defect}")).unwrap_or_default();
    format!("python3 tests/cores/python/client_core.py{defect}")
}

/// Fails with a text unless something holds.
fn ensure(holds: bool, text: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(text().into()) }
}

fn main() {
    let arguments = Arguments::from_args();
    let all: Vec<Trial> = samples::trials().into_iter().chain(broken::trials()).chain(docs::trials()).collect();
    libtest_mimic::run(&arguments, all).exit();
}
