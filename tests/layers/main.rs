//! Tests of the architecture: the allowed dependencies between crates as a literal table, and what must be absent
//! from the machines.

#[path = "../common/mod.rs"]
mod common;
mod documents;
mod imports;
mod measures;

use std::fs;
use std::path::Path;

/// Each crate with its floor, and the crates of this workspace it may depend on. Arrows go down, or along a floor to a
/// crate that stands before it in this table.
const ARROWS: &[(&str, u8, &[&str])] = &[
    ("certs", 1, &[]),
    ("sim/masking", 1, &[]),
    ("sim/protocol", 1, &[]),
    ("sim/core", 2, &["sca-protocol"]),
    ("sim/peers", 2, &["sca-protocol"]),
    ("sim/network", 2, &["sca-certs", "sca-core", "sca-protocol"]),
    ("sim/model", 2, &["sca-protocol"]),
    ("sim/import", 3, &["sca-protocol"]),
    ("sim/scenario", 3, &["sca-certs", "sca-masking", "sca-model", "sca-protocol"]),
    ("sim/terminal", 3, &["sca-core", "sca-masking", "sca-protocol"]),
    ("sim/display", 3, &["sca-core", "sca-protocol"]),
    ("sim/files", 4, &["sca-core", "sca-model", "sca-scenario"]),
    ("sim/explanations", 4, &["sca-model", "sca-protocol", "sca-scenario"]),
    (
        "sim/judge",
        4,
        &["sca-core", "sca-display", "sca-masking", "sca-model", "sca-peers", "sca-protocol", "sca-scenario"],
    ),
    (
        "sim/environment",
        5,
        &["sca-certs", "sca-core", "sca-files", "sca-masking", "sca-model", "sca-network", "sca-peers", "sca-protocol"],
    ),
    ("sim/faults", 5, &["sca-judge", "sca-model", "sca-network"]),
    (
        "sim/driver",
        6,
        &[
            "sca-certs",
            "sca-core",
            "sca-display",
            "sca-environment",
            "sca-faults",
            "sca-judge",
            "sca-model",
            "sca-network",
            "sca-peers",
            "sca-protocol",
            "sca-scenario",
        ],
    ),
    ("sim/bridge", 6, &["sca-core", "sca-environment", "sca-judge", "sca-protocol"]),
    (
        "sim/world",
        7,
        &[
            "sca-core",
            "sca-driver",
            "sca-environment",
            "sca-faults",
            "sca-judge",
            "sca-model",
            "sca-network",
            "sca-protocol",
        ],
    ),
    (
        "sim/live",
        7,
        &[
            "sca-core",
            "sca-environment",
            "sca-files",
            "sca-judge",
            "sca-masking",
            "sca-network",
            "sca-peers",
            "sca-protocol",
        ],
    ),
    (
        "sim/suite",
        8,
        &[
            "sca-core",
            "sca-environment",
            "sca-files",
            "sca-judge",
            "sca-model",
            "sca-protocol",
            "sca-scenario",
            "sca-world",
        ],
    ),
    (
        "sim/hunt",
        9,
        &[
            "sca-core",
            "sca-environment",
            "sca-faults",
            "sca-files",
            "sca-judge",
            "sca-model",
            "sca-protocol",
            "sca-scenario",
            "sca-suite",
            "sca-world",
        ],
    ),
    (
        "sim/report",
        9,
        &["sca-core", "sca-display", "sca-files", "sca-judge", "sca-model", "sca-protocol", "sca-suite", "sca-world"],
    ),
    (
        "sim/capture",
        9,
        &[
            "sca-core",
            "sca-environment",
            "sca-files",
            "sca-import",
            "sca-judge",
            "sca-live",
            "sca-masking",
            "sca-model",
            "sca-network",
            "sca-protocol",
            "sca-scenario",
            "sca-world",
        ],
    ),
    ("sim/editor", 9, &["sca-certs", "sca-files", "sca-model", "sca-protocol", "sca-scenario"]),
];

/// The sources of every crate and of the command line.
fn folders() -> impl Iterator<Item = String> {
    ARROWS.iter().map(|(folder, ..)| format!("{folder}/src")).chain(["sim/cli".to_owned()])
}

/// Crates that do no I/O.
const MACHINES: &[&str] = &[
    "certs",
    "sim/masking",
    "sim/protocol",
    "sim/core",
    "sim/terminal",
    "sim/peers",
    "sim/model",
    "sim/scenario",
    "sim/explanations",
    "sim/display",
    "sim/judge",
];

fn manifest(folder: &str) -> String {
    fs::read_to_string(common::root().join(folder).join("Cargo.toml")).expect("every crate has a manifest")
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).expect("the source can be read");
            found.push((path.strip_prefix(common::root()).unwrap_or(&path).display().to_string(), text));
        }
    }
}

fn code(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    sources(&common::root().join(folder), &mut found);
    found
}

#[test]
fn crates_know_only_whom_they_may() {
    for (folder, _, allowed) in ARROWS {
        // Tests of a crate may know more than the crate does.
        let manifest = manifest(folder);
        let (manifest, _) = manifest.split_once("[dev-dependencies]").unwrap_or((&manifest, ""));
        let known: Vec<&str> = manifest
            .lines()
            .filter(|line| line.starts_with("sca-"))
            .filter_map(|line| line.split(['.', ' ', '=']).next())
            .collect();
        assert_eq!(known, *allowed, "{folder}");
    }
}

#[test]
fn the_page_on_the_architecture_has_every_crate_on_its_floor() {
    let page = fs::read_to_string(common::root().join("sim/ARCHITECTURE.md")).expect("the page can be read");
    for (folder, floor, _) in ARROWS {
        let name = folder.rsplit('/').next().unwrap_or_default();
        assert!(page.contains(&format!("| {floor} | `{name}` |")), "{name} on floor {floor}");
    }
}

#[test]
fn no_arrow_between_crates_goes_up() {
    for (at, (folder, floor, allowed)) in ARROWS.iter().enumerate() {
        for name in *allowed {
            let place = ARROWS
                .iter()
                .position(|(other, ..)| other.rsplit('/').next() == name.strip_prefix("sca-"))
                .unwrap_or_else(|| panic!("{name} has no floor"));
            assert!(ARROWS[place].1 < *floor || (ARROWS[place].1 == *floor && place < at), "{folder} knows {name}");
        }
    }
}

/// Every crate of the workspace has its floor, and none is too large to be known.
#[test]
fn every_crate_has_a_floor() {
    let workspace = fs::read_to_string(common::root().join("Cargo.toml")).expect("it can be read");
    let members = workspace.lines().find(|line| line.starts_with("members")).expect("it has members");
    let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    let mut floors: Vec<&str> = ARROWS.iter().map(|(folder, ..)| *folder).collect();
    floors.sort_unstable();
    let mut sorted = members.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, floors);
}

#[test]
fn no_files_import_each_other_in_circles() {
    let mut circles = Vec::new();
    for folder in folders() {
        let below = format!("{folder}/");
        let sources: Vec<_> = code(&folder)
            .into_iter()
            .map(|(path, text)| (path.strip_prefix(&below).unwrap_or(&path).to_owned(), text))
            .collect();
        circles.extend(imports::Imports::read(&sources).circles().into_iter().map(|text| format!("{folder}: {text}")));
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn machines_have_no_runtime() {
    for folder in MACHINES {
        assert!(!manifest(folder).contains("tokio"), "{folder} has tokio in its manifest");
    }
}

#[test]
fn only_one_file_opens_sockets_and_only_one_reads_a_clock() {
    for (path, text) in folders().flat_map(|folder| code(&folder)) {
        let opens =
            text.contains("TcpListener::bind") || text.contains("TcpStream::connect") || text.contains("TcpSocket::");
        assert!(!opens || path == "sim/network/src/socket.rs", "{path} opens a socket");
        let reads = text.contains("SystemTime::now") || text.contains("std::time::Instant::now");
        assert!(!reads || path == "sim/environment/src/clock.rs", "{path} reads a clock");
    }
}

#[test]
fn only_the_files_module_and_the_command_line_touch_files() {
    let quiet =
        ARROWS.iter().filter(|(folder, ..)| *folder != "sim/capture").map(|(folder, ..)| format!("{folder}/src"));
    for (path, text) in quiet.flat_map(|folder| code(&folder)) {
        assert!(
            !text.contains("std::fs") || path.starts_with("sim/files/") || path.ends_with("/snapshots.rs"),
            "{path} touches files"
        );
    }
}

/// Files are overwritten through one module only, which writes a new file and renames it. Exceptions: a report, which
/// may be a pipe, and a device's flash, which is written as the device does it.
#[test]
fn only_one_module_writes_over_files() {
    let writers = ["sim/files/src/atomic_write.rs", "sim/files/src/lib.rs", "sim/cli/report.rs"];
    for (path, text) in ["certs/src", "sim"].iter().flat_map(|folder| code(folder)) {
        let calls = ["fs::write(", "File::create", "truncate(true)", "fs::rename("];
        let writes = calls.iter().any(|call| text.contains(call));
        assert!(!writes || writers.contains(&path.as_str()), "{path} writes over files");
    }
}

#[test]
fn every_select_is_biased_and_no_map_is_unordered() {
    for (path, text) in folders().flat_map(|folder| code(&folder)) {
        for (at, _) in text.match_indices("select! {") {
            let inside = text[at + "select! {".len()..].trim_start();
            assert!(inside.starts_with("biased;"), "{path} has a select that is not biased");
        }
        assert!(!text.contains("HashMap") && !text.contains("HashSet"), "{path} has an unordered map");
    }
}
