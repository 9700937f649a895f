//! Tests of error output: the messages for invalid files and failing scenarios are fixtures.

use crate::common;

use std::fs;
use std::path::{Path, PathBuf};

use sca_judge::Verdict;
use sca_report::Painter;
use sca_suite::SnapshotMode;
use sca_world::Options;

const PLAIN: Painter = Painter { colours: false };

fn files(folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(common::root().join("tests/rejects").join(folder))
        .expect("the fixtures can be read")
        .map(|entry| entry.expect("the fixture can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sca"))
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

/// A text with paths relative to the project's root, so that fixtures are the same on every machine.
fn relative(text: &str) -> String {
    text.replace(&format!("{}/", common::root().display()), "")
}

fn snapshot(path: &Path, kind: &str, text: &str) {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(common::root().join("tests/rejects").join(kind));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn a_file_that_is_not_valid_says_what_and_where() {
    let clauses = sca_protocol::clauses::ids();
    for path in files("invalid") {
        let loaded = sca_files::load(&path, &clauses).expect("the fixture can be read");
        let Err(problems) = &loaded.scenario else { panic!("{} is valid", path.display()) };
        let printed: Vec<String> = problems.iter().map(|p| sca_report::problem(PLAIN, &loaded.texts, p)).collect();
        snapshot(&path, "invalid", &relative(&printed.join("\n\n")));
    }
}

#[test]
fn a_file_that_is_doubtful_says_what_and_where() {
    let clauses = sca_protocol::clauses::ids();
    for path in files("doubtful") {
        let loaded = sca_files::load(&path, &clauses).expect("the fixture can be read");
        let scenario = loaded.scenario.unwrap_or_else(|why| panic!("{} is not valid: {why:?}", path.display()));
        let warnings = sca_scenario::warnings(&scenario);
        let printed: Vec<String> = warnings.iter().map(|p| sca_report::problem(PLAIN, &loaded.texts, p)).collect();
        snapshot(&path, "doubtful", &relative(&printed.join("\n\n")));
    }
}

#[test]
fn a_scenario_that_fails_says_what_came() {
    let suite = common::suite(Options::default(), SnapshotMode::Ignore, &[]);
    for path in files("failing") {
        let result = suite.file(&path).expect("the fixture can be read");
        assert!(result.problems().is_empty(), "{}: {:?}", path.display(), result.problems());
        let row = &result.rows[0];
        let printed = match &row.verdict {
            Verdict::Fail(failure) => sca_report::failure(PLAIN, &result.loaded, failure, "sca-sim run FILE"),
            Verdict::Error(why) | Verdict::CannotRun(why) => format!("error: {why}"),
            other => panic!("{}: {other:?}", path.display()),
        };
        snapshot(&path, "failing", &relative(&printed));
    }
}

/// Every error code that one file can show has a fixture.
#[test]
fn most_codes_have_a_fixture() {
    let shown: String = files("invalid")
        .iter()
        .map(|path| fs::read_to_string(path.with_extension("snap")).expect("each fixture has its output"))
        .collect();
    let missing: Vec<&str> = sca_explanations::lessons()
        .map(|lesson| lesson.code)
        .filter(|code| code.starts_with('E'))
        .filter(|code| !shown.contains(&format!("error[{code}]")))
        .collect();
    // A file of a megabyte is not kept as a fixture.
    assert_eq!(missing, ["E056", "E059"]);
}

/// The wrong and right examples of the error explanations give the expected codes, as if they were files among the
/// scenarios.
#[test]
fn what_is_said_wrong_has_its_code_and_what_is_said_right_has_none() {
    let path = common::root().join("scenarios/sessions/lesson.sca");
    let clauses = sca_protocol::clauses::ids();
    let codes = |text: &str| match sca_files::read(&path, text.to_owned(), &clauses).scenario {
        Ok(scenario) => sca_scenario::warnings(&scenario).iter().map(|p| p.code).collect::<Vec<_>>(),
        Err(problems) => problems.iter().map(|p| p.code).collect(),
    };
    for lesson in sca_explanations::lessons() {
        if !lesson.wrong.is_empty() {
            assert_eq!(codes(lesson.wrong), [lesson.code], "{}", lesson.wrong);
        }
        assert!(codes(lesson.right).is_empty(), "{}: {:?}", lesson.right, codes(lesson.right));
        assert_eq!(sca_scenario::format(lesson.right).as_deref(), Ok(lesson.right));
    }
}
