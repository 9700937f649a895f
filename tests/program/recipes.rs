//! Test of the recipes for CI: every command of the page is run as it is written.

use crate::common;

use std::fs;
use std::path::Path;

use crate::common::{folder, text};

/// Copies the files of a folder, without its subfolders.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the entry can be read");
        if entry.path().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("the file can be copied");
        }
    }
}

/// The CI recipes work: every command in them is run as written, in a folder with the scenarios.
#[test]
fn the_recipes_work() {
    let page = fs::read_to_string(common::root().join("sim/docs/ci.md")).expect("the recipes can be read");
    // The matrix needs all scenarios; for the others, two themes are enough.
    let (all, some) = (folder("recipes-all"), folder("recipes"));
    std::os::unix::fs::symlink(common::root().join("scenarios"), all.join("scenarios")).expect("a link can be made");
    for theme in ["cancel", "cancel/snapshots", "counter", "counter/snapshots", "lib"] {
        copy(&common::root().join("scenarios").join(theme), &some.join("scenarios").join(theme));
    }
    let mut commands = Vec::new();
    for line in page.lines().filter(|line| line.contains("target/release/sca-sim ") && !line.contains('`')) {
        let from = line.find("target/release/sca-sim ").unwrap_or(0);
        commands.push(line[from..].trim_end_matches('\'').replace("target/release/sca-sim ", ""));
    }
    assert!(commands.len() >= 12, "{commands:?}");
    for (at, line) in commands.iter().enumerate() {
        // A quote that ends a filter belongs to it.
        let line = if line.matches('\'').count() % 2 == 1 { format!("{line}'") } else { line.clone() };
        // A line with a matrix parameter is run once for each of its values.
        let parts: &[&str] = if line.contains("--shard") { &["1", "2"] } else { &["1"] };
        for part in parts {
            let line = line.replace("${{ matrix.part }}", part);
            if line.contains("before.json") {
                fs::copy(all.join("now.json"), all.join("before.json")).expect("there is a matrix");
            }
            let said = std::process::Command::new("sh")
                .args(["-c", &format!("{} {line}", env!("CARGO_BIN_EXE_sca-sim"))])
                .current_dir(if line.contains("conformance") || line.starts_with("check") { &all } else { &some })
                .envs([("GITHUB_STEP_SUMMARY", "step.md"), ("CI_NODE_INDEX", *part), ("CI_NODE_TOTAL", "2")])
                .env("JOB_COMPLETION_INDEX", part)
                .env("NO_COLOR", "1")
                .output()
                .expect("a shell is there");
            // `not verdict(pass)` selects nothing if everything has passed.
            let ends = if line.contains("not verdict(pass)") { Some(2) } else { Some(0) };
            assert_eq!(said.status.code(), ends, "{at}: {line}: {}", text(&said.stderr));
        }
    }
}
