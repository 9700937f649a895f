//! Every bundled scenario played on real sockets, one named test each, compared with memory lane by lane; also checks
//! that nearly all of them can be played there.

mod common;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};
use sca_judge::Verdict;
use sca_report::Painter;
use sca_suite::{FileResult, SnapshotMode};
use sca_world::{Options, Place};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of the time is spent waiting for sockets, not computing.
    arguments.test_threads = arguments.test_threads.or(Some(4));
    let is_whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
    let options = Options { place: Place::Wire { scale: 50 }, ..Options::default() };
    let suite = Arc::new(common::suite(options, SnapshotMode::Ignore, &[]));
    let unplayed: Arc<Mutex<Vec<String>>> = Arc::default();
    let paths = common::scenarios();
    let all = paths.len();
    let trials = paths.into_iter().map(|path| {
        let (suite, unplayed) = (suite.clone(), unplayed.clone());
        Trial::test(format!("wire {}", common::name(&path)), move || judge(&suite.file(&path)?, &unplayed))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    let unplayed = unplayed.lock().unwrap_or_else(PoisonError::into_inner);
    unplayed.iter().for_each(|why| println!("not played on the wire: {why}"));
    if is_whole && unplayed.len() * 5 > all {
        println!("only {} of {all} scenarios can be played on the wire", all - unplayed.len());
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

fn judge(result: &FileResult, unplayed: &Mutex<Vec<String>>) -> Result<(), Failed> {
    let plain = Painter { colours: false };
    let mut played = false;
    let mut why_not = String::new();
    for row in &result.rows {
        match &row.verdict {
            Verdict::Pass | Verdict::ExpectedFail(_) => played = true,
            Verdict::Inapplicable(why) => why_not.clone_from(&why.headline),
            Verdict::Fail(failure) => {
                let replay = format!("sca-sim run --wire {}", result.loaded.path.display());
                let text = sca_report::failure(plain, &result.loaded, failure, &replay);
                return Err(format!("{text}\n{}", row.transcript).into());
            }
            other => return Err(format!("{other:?}").into()),
        }
    }
    if !played {
        let mut unplayed = unplayed.lock().unwrap_or_else(PoisonError::into_inner);
        unplayed.push(format!("{}: {why_not}", common::name(&result.loaded.path)));
    }
    Ok(())
}
