//! Tests of what the documents say of the code.

use super::{ARROWS, code};
use crate::common;
use std::fs;

#[test]
fn every_clause_that_is_covered_exists() {
    let known = sca_protocol::clauses::ids();
    for path in common::scenarios() {
        let loaded = sca_files::load(&path, &known).expect("the scenario can be read");
        let scenario = loaded.scenario.unwrap_or_else(|why| panic!("{}: {why:?}", path.display()));
        assert!(scenario.covers().iter().all(|id| known.contains(&id.as_str())), "{}", path.display());
    }
}

#[test]
fn the_reference_of_the_language_lists_every_flaw_and_every_reason() {
    let reference = std::fs::read_to_string(common::root().join("scenarios/README.md")).expect("it can be read");
    let flaws = sca_certs::FLAWS.iter().map(|(_, word)| *word);
    let tls = sca_protocol::TlsFailure::ALL.iter().map(|row| row.1);
    let reasons = tls.chain(sca_protocol::HandshakeFailure::ALL.iter().map(|row| row.1));
    for word in flaws.chain(reasons.map(|word| word.trim_start_matches("alert-"))).filter(|word| *word != "other") {
        assert!(reference.contains(&format!("`{word}`")), "scenarios/README.md lacks {word}");
    }
}

#[test]
fn the_reference_of_the_language_lists_every_invariant() {
    let reference = std::fs::read_to_string(common::root().join("scenarios/README.md")).expect("it can be read");
    for (name, says) in sca_model::INVARIANTS {
        let row = format!("| `{name}` | {says} |");
        assert!(reference.contains(&row), "scenarios/README.md lacks: {row}");
    }
}

/// The page on the architecture lists every assumption with its settings.
#[test]
fn every_assumption_is_listed() {
    let page = fs::read_to_string(common::root().join("sim/ARCHITECTURE.md")).expect("it can be read");
    for one in sca_protocol::assumptions::all() {
        let settings = if one.settings.is_empty() { "a table row".to_owned() } else { one.settings.join(", ") };
        let row = format!("| {} | {} | {settings} |", one.id, one.says);
        assert!(page.contains(&row), "sim/ARCHITECTURE.md lacks: {row}");
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
    let targets = read("Cargo.toml");
    let tests = [lists.clone(), read("tests/mutants/harness-again.toml"), read("sim/docs/limits.md")].concat();
    for name in tests.split("--test").skip(1).filter_map(|rest| rest.split(['"', ' ', ',']).find(|w| w.len() > 2)) {
        assert!(targets.contains(&format!("[[test]]\nname = \"{name}\"")), "there is no test {name}");
    }
    let missing: Vec<&String> = named.iter().filter(|name| !common::root().join(name).exists()).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The walk of one request in the page on the architecture: its files exist, are at most thirty, and none is entered more
/// than twice; each step goes along an arrow between crates, or over the one seam that has none.
#[test]
fn the_walk_of_a_request_goes_along_the_arrows() {
    const SEAM: [&str; 2] = ["driver", "terminal"];
    let page = fs::read_to_string(common::root().join("sim/ARCHITECTURE.md")).expect("it can be read");
    let (_, walk) = page.split_once("## The walk of one request").expect("the walk is there");
    let (walk, _) = walk.split_once("\n## ").expect("something follows");
    let steps: Vec<&str> = walk
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
        .filter_map(|line| line.split('`').nth(1))
        .collect();
    assert!((25..=30).contains(&steps.len()), "{}", steps.len());
    for step in &steps {
        assert!(common::root().join("sim").join(step).exists(), "{step}");
        assert!(steps.iter().filter(|other| *other == step).count() <= 2, "{step}");
    }
    let crate_of = |step: &str| step.split('/').next().unwrap_or_default().to_owned();
    let knows = |one: &str, other: &str| {
        let row = ARROWS.iter().find(|(folder, ..)| folder.rsplit('/').next() == Some(one));
        row.is_some_and(|(.., allowed)| allowed.contains(&format!("sca-{other}").as_str()))
    };
    for pair in steps.windows(2) {
        let (from, to) = (crate_of(pair[0]), crate_of(pair[1]));
        let is_seam = SEAM.contains(&from.as_str()) && SEAM.contains(&to.as_str());
        assert!(from == to || is_seam || knows(&from, &to) || knows(&to, &from), "{} to {}", pair[0], pair[1]);
    }
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
    let documents = fs::read_dir(common::root().join("sim/docs")).expect("it can be read");
    let documents = documents.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let documents = documents.filter(|name| name.ends_with(".md")).map(|name| format!("sim/docs/{name}"));
    let others = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "scenarios/README.md", "sim/ARCHITECTURE.md"];
    for page in documents.chain(others.map(str::to_owned)) {
        let text = fs::read_to_string(common::root().join(&page)).expect("it can be read").to_lowercase();
        found.extend(old.iter().filter(|word| text.contains(*word)).map(|word| format!("{page}: {word}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
