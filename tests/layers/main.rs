//! Tests of the architecture: the allowed dependencies between crates as a literal table, and what must be absent
//! from the machines.

#[path = "../common/mod.rs"]
mod common;
mod imports;

use std::fs;
use std::path::Path;

/// Each crate, with the crates of this workspace it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("certs", &[]),
    ("sim/protocol", &[]),
    ("sim/core", &["sca-protocol"]),
    ("sim/terminal", &["sca-protocol", "sca-core"]),
    ("sim/peers", &["sca-protocol"]),
    ("sim/network", &["sca-protocol", "sca-certs"]),
    ("sim/scenario", &["sca-protocol", "sca-certs"]),
    ("sim/display", &["sca-protocol", "sca-core"]),
    (
        "sim/runner",
        &["sca-protocol", "sca-certs", "sca-core", "sca-display", "sca-network", "sca-peers", "sca-scenario"],
    ),
    ("sim/editor", &["sca-protocol", "sca-certs", "sca-runner", "sca-scenario"]),
    ("sim/capture", &["sca-protocol", "sca-core", "sca-network", "sca-runner", "sca-scenario"]),
];

/// Crates that do no I/O.
const MACHINES: &[&str] =
    &["certs", "sim/protocol", "sim/core", "sim/terminal", "sim/peers", "sim/scenario", "sim/display"];

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
    for (folder, allowed) in ARROWS {
        for line in manifest(folder).lines().filter(|line| line.starts_with("sca-")) {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            assert!(allowed.contains(&name), "{folder} knows {name}");
        }
    }
}

#[test]
fn no_files_import_each_other_in_circles() {
    let every = ARROWS.iter().map(|(folder, _)| format!("{folder}/src")).chain(["sim/cli".to_owned()]);
    let mut circles = Vec::new();
    for folder in every {
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
    let every = ARROWS.iter().map(|(folder, _)| format!("{folder}/src")).chain(["sim/cli".to_owned()]);
    for (path, text) in every.flat_map(|folder| code(&folder)) {
        let opens =
            text.contains("TcpListener::bind") || text.contains("TcpStream::connect") || text.contains("TcpSocket::");
        assert!(!opens || path == "sim/network/src/socket.rs", "{path} opens a socket");
        let reads = text.contains("SystemTime::now") || text.contains("std::time::Instant::now");
        assert!(!reads || path == "sim/runner/src/clock.rs", "{path} reads a clock");
    }
}

#[test]
fn only_the_files_module_and_the_command_line_touch_files() {
    let quiet = ARROWS.iter().filter(|(folder, _)| *folder != "sim/capture").map(|(folder, _)| format!("{folder}/src"));
    for (path, text) in quiet.flat_map(|folder| code(&folder)) {
        assert!(
            !text.contains("std::fs") || path.contains("/files/") || path.ends_with("/snapshots.rs"),
            "{path} touches files"
        );
    }
}

/// Files are overwritten through one module only, which writes a new file and renames it. Exceptions: a report, which
/// may be a pipe, and a device's flash, which is written as the device does it.
#[test]
fn only_one_module_writes_over_files() {
    let writers = ["sim/runner/src/files/atomic_write.rs", "sim/runner/src/files/mod.rs", "sim/cli/report.rs"];
    for (path, text) in ["certs/src", "sim"].iter().flat_map(|folder| code(folder)) {
        let calls = ["fs::write(", "File::create", "truncate(true)", "fs::rename("];
        let writes = calls.iter().any(|call| text.contains(call));
        assert!(!writes || writers.contains(&path.as_str()), "{path} writes over files");
    }
}

#[test]
fn every_select_is_biased_and_no_map_is_unordered() {
    for (path, text) in ["sim/network/src", "sim/runner/src", "sim/terminal/src", "sim/peers/src", "sim/capture/src"]
        .iter()
        .flat_map(|f| code(f))
    {
        for (at, _) in text.match_indices("select! {") {
            let inside = text[at + "select! {".len()..].trim_start();
            assert!(inside.starts_with("biased;"), "{path} has a select that is not biased");
        }
        assert!(!text.contains("HashMap") && !text.contains("HashSet"), "{path} has an unordered map");
    }
}

#[test]
fn every_clause_that_is_covered_exists() {
    let known = sca_protocol::clauses::ids();
    for path in common::scenarios() {
        let loaded = sca_runner::files::load(&path, &known).expect("the scenario can be read");
        let scenario = loaded.scenario.unwrap_or_else(|why| panic!("{}: {why:?}", path.display()));
        assert!(scenario.covers().iter().all(|id| known.contains(&id.as_str())), "{}", path.display());
    }
}

#[test]
fn the_reference_of_the_language_lists_every_flaw_and_every_reason() {
    let reference = std::fs::read_to_string(common::root().join("scenarios/README.md")).expect("it can be read");
    let flaws = sca_certs::FLAWS.iter().map(|(_, word)| *word);
    let reasons = sca_protocol::reason::TLS_WORDS.iter().chain(sca_protocol::reason::HANDSHAKE_WORDS);
    for word in flaws.chain(reasons.map(|(word, _)| word.trim_start_matches("alert-"))).filter(|word| *word != "other")
    {
        assert!(reference.contains(&format!("`{word}`")), "scenarios/README.md lacks {word}");
    }
}

#[test]
fn the_reference_of_the_language_lists_every_invariant() {
    let reference = std::fs::read_to_string(common::root().join("scenarios/README.md")).expect("it can be read");
    for (name, says) in sca_scenario::model::INVARIANTS {
        let row = format!("| `{name}` | {says} |");
        assert!(reference.contains(&row), "scenarios/README.md lacks: {row}");
    }
}

/// A page that names a file that has moved sends its reader astray, and a list of mutants leaves it out.
#[test]
fn every_file_that_is_named_is_there() {
    let read = |path: &str| fs::read_to_string(common::root().join(path)).expect("it can be read");
    let page = read("sim/ARCHITECTURE.md");
    let in_page =
        page.split('`').skip(1).step_by(2).filter(|name| name.contains("/src/")).map(|name| format!("sim/{name}"));
    let lists = read("tests/mutants/harness.toml") + &read("tests/mutants/client.toml");
    let in_lists = lists.split('"').skip(1).step_by(2).filter(|name| name.contains("/src/")).map(str::to_owned);
    let survivors = read("tests/mutants/survivors.txt");
    let in_survivors =
        survivors.lines().filter_map(|line| line.split_once(".rs: ")).map(|(file, _)| format!("{file}.rs"));
    let named: Vec<String> = in_page.chain(in_lists).chain(in_survivors).collect();
    assert!(named.len() > 60, "{}", named.len());
    let missing: Vec<&String> = named.iter().filter(|name| !common::root().join(name).exists()).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Words of an older manner of speech, which a busy reader has to read twice.
#[test]
fn texts_are_in_plain_words() {
    let old = [
        "whoever",
        "hardly meant",
        "good manners",
        "waited in vain",
        "comes to stand",
        "nothing comes of",
        "hears of",
        "tells of",
        "without the manners",
    ];
    let mut found = Vec::new();
    for (path, text) in ["certs/src", "sim"].iter().flat_map(|folder| code(folder)) {
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.to_lowercase();
            found.extend(old.iter().filter(|word| line.contains(*word)).map(|word| format!("{path}:{number}: {word}")));
        }
    }
    for page in ["README.md", "scenarios/README.md", "sim/ARCHITECTURE.md", "sim/docs/real.md", "sim/docs/ci.md"] {
        let text = fs::read_to_string(common::root().join(page)).expect("it can be read").to_lowercase();
        found.extend(old.iter().filter(|word| text.contains(*word)).map(|word| format!("{page}: {word}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
