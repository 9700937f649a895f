//! Verdicts as JUnit XML: a suite for each file, a case for each row.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Painter, failure, problem};
use crate::suite::{FileResult, Snapshot, difference};
use crate::verdict::{Played, Verdict};

/// The report of a run. Times are scenario time, so that the same run makes the same report. `replay` tells the
/// command for a row.
///
/// # Errors
/// What the writer of XML says; in practice nothing.
pub fn junit(
    results: &[&FileResult],
    replay: impl Fn(&FileResult) -> String,
) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("sca-sim");
    for result in results {
        let mut suite = TestSuite::new(result.loaded.path.display().to_string());
        for row in &result.rows {
            suite.add_test_case(case(result, row, &replay(result)));
        }
        if !result.problems().is_empty() {
            suite.add_test_case(invalid(result));
        }
        if let Snapshot::Differs { kept, new } = &result.snapshot {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message("the transcript differs from its snapshot");
            status.set_description(difference(kept, new));
            suite.add_test_case(TestCase::new("snapshot", status));
        }
        report.add_test_suite(suite);
    }
    report.to_string().map(|text| crate::cards::masked(&text).into_owned())
}

fn case(result: &FileResult, row: &Played, replay: &str) -> TestCase {
    let plain = Painter { colours: false };
    let values: Vec<String> = row.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let title = result.loaded.scenario.as_ref().map_or("", |s| s.title.as_str());
    let name = if values.is_empty() { title.to_owned() } else { format!("{title} ({})", values.join(", ")) };
    let failed = |kind, message: &str, text: String| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(message);
        status.set_description(text);
        status
    };
    let status = match &row.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail(f) => failed(NonSuccessKind::Failure, &f.headline, failure(plain, &result.loaded, f, replay)),
        Verdict::UnexpectedPass => failed(NonSuccessKind::Failure, "passed unexpectedly", String::new()),
        Verdict::Error(why) => failed(NonSuccessKind::Error, why, String::new()),
        Verdict::Inapplicable(why) | Verdict::ExpectedFail(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("{}: {}", row.verdict.word(), why.headline));
            status
        }
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(result.loaded.path.with_extension("").display().to_string().replace('/', "."));
    case.set_time(Duration::from_millis(u64::try_from(row.lasted.as_millis()).unwrap_or(u64::MAX)));
    case.add_property(Property::new("verdict", row.verdict.word()));
    case.add_property(Property::new("replay", replay));
    for id in &row.assumed {
        case.add_property(Property::new("assumption", *id));
    }
    case
}

fn invalid(result: &FileResult) -> TestCase {
    let plain = Painter { colours: false };
    let texts: Vec<String> = result.problems().iter().map(|p| problem(plain, &result.loaded.texts, p)).collect();
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message("the scenario is not valid");
    status.set_description(texts.join("\n"));
    TestCase::new("valid", status)
}
