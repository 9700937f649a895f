//! Every bundled scenario played in memory, one named test each, listed at run time. Its transcript is compared with
//! its snapshot.

mod common;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use sca_judge::Verdict;
use sca_report::Painter;
use sca_suite::{FileResult, Snapshot, SnapshotMode, difference};
use sca_world::Options;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let suite = Arc::new(common::suite(Options::default(), SnapshotMode::Compare, &[]));
    let trials = common::scenarios().into_iter().map(|path| {
        let suite = suite.clone();
        Trial::test(common::name(&path), move || judge(&suite.file(&path)?))
    });
    let trials: Vec<Trial> = trials.collect();
    assert!(trials.len() >= 60, "only {} scenarios were found", trials.len());
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn judge(result: &FileResult) -> Result<(), Failed> {
    let plain = Painter { colours: false };
    let replay = format!("sca-sim run {}", result.loaded.path.display());
    if let Some(problem) = result.problems().first() {
        return Err(sca_report::problem(plain, &result.loaded.texts, problem).into());
    }
    for row in &result.rows {
        match &row.verdict {
            Verdict::Pass | Verdict::ExpectedFail(_) => {}
            Verdict::Fail(failure) => return Err(sca_report::failure(plain, &result.loaded, failure, &replay).into()),
            other => return Err(format!("{other:?}").into()),
        }
    }
    match &result.snapshot {
        Snapshot::Same => Ok(()),
        Snapshot::Differs { kept, new } => Err(difference(kept, new).into()),
        Snapshot::Unreadable(why) => Err(why.as_str().into()),
        other => Err(format!("the snapshot is {other:?}; write it with sca-sim run --update").into()),
    }
}
