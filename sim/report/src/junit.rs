//! JUnit XML report: a suite for each file, a case for each row.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::document::{Document, File, Row};

/// The JUnit report of a run. Times are scenario time, so that the same run gives the same report.
///
/// # Errors
/// The error of the XML writer; does not occur in practice.
pub fn junit(document: &Document) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("sca-sim");
    for file in &document.files {
        let mut suite = TestSuite::new(&file.path);
        for row in &file.rows {
            suite.add_test_case(case(file, row));
        }
        if !file.problems.is_empty() {
            let shown: Vec<&str> = file.problems.iter().map(|problem| problem.shown.as_str()).collect();
            let status = failed(NonSuccessKind::Error, "the scenario is not valid", &shown.join("\n"));
            suite.add_test_case(named(file, "valid", status));
        }
        if let Some(difference) = &file.difference {
            let status = failed(NonSuccessKind::Failure, "the transcript differs from its snapshot", difference);
            suite.add_test_case(named(file, "snapshot", status));
        }
        report.add_test_suite(suite);
    }
    for trouble in document.troubles() {
        let path = trouble.path.as_deref().unwrap_or("sca-sim");
        let status = failed(NonSuccessKind::Error, &trouble.message, &trouble.shown);
        let mut case = TestCase::new(trouble.name.as_str(), status);
        case.set_classname(path.trim_end_matches(".sca").replace('/', "."));
        let mut suite = TestSuite::new(path);
        suite.add_test_case(case);
        report.add_test_suite(suite);
    }
    report.to_string().map(|text| sca_judge::mask::told(&text).into_owned())
}

fn failed(kind: NonSuccessKind, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    status.set_description(text);
    status
}

/// A test case with the properties that tools group by, and the command and seed to replay it.
fn named(file: &File, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(file.path.trim_end_matches(".sca").replace('/', "."));
    case.extra.insert("file".into(), file.path.as_str().into());
    case.add_property(Property::new("seed", file.seed.to_string()));
    case.add_property(Property::new("replay", file.replay.as_str()));
    for clause in &file.clauses {
        case.add_property(Property::new("clause", clause.as_str()));
    }
    for tag in &file.tags {
        case.add_property(Property::new("tag", tag.as_str()));
    }
    case
}

fn case(file: &File, row: &Row) -> TestCase {
    let why = row.failure.as_ref();
    let message = why.map_or_else(String::new, |why| match why.label.as_str() {
        "" => why.message.clone(),
        label => format!("{}: {label}", why.message),
    });
    let message = message.as_str();
    let status = match row.verdict.as_str() {
        "fail" => failed(NonSuccessKind::Failure, message, why.map_or("", |why| why.shown.as_str())),
        "unexpected-pass" => failed(NonSuccessKind::Failure, "it passes, but its header expects it to fail", ""),
        "error" => failed(NonSuccessKind::Error, row.error.as_deref().unwrap_or_default(), ""),
        // JUnit has no expected failure, so a row that does not count is reported as skipped, with the reason.
        "inapplicable" | "expected-fail" => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("{}: {}", row.verdict, why.map_or("", |why| why.message.as_str())));
            status
        }
        _ => TestCaseStatus::success(),
    };
    let mut case = named(file, &file.name_of(row), status);
    case.set_time(Duration::from_millis(row.lasted_ms));
    case.add_property(Property::new("verdict", row.verdict.as_str()));
    for id in &row.assumptions {
        case.add_property(Property::new("assumption", id.as_str()));
    }
    case
}
