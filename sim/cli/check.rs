//! `check`: everything that is wrong with some files, without playing them.

use std::path::PathBuf;

use clap::Args;
use sca_protocol::UnixTime;
use sca_runner::{files, report};

use crate::Exit;
use crate::terms::{complain, count, found, painter, say};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Today's date as YYYY-MM-DD; scenarios whose `until` lies before it are reported
    #[arg(long, value_name = "DATE", value_parser = date)]
    today: Option<UnixTime>,
}

fn date(text: &str) -> Result<UnixTime, String> {
    UnixTime::parse(text).map_err(|error| error.to_string())
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let today = arguments.today;
    let found = match found(&arguments.paths) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let clauses = sca_protocol::clauses::ids();
    let (mut problems, mut bad) = (0, 0);
    for path in &found {
        let loaded = match files::load(path, &clauses) {
            Ok(loaded) => loaded,
            Err(error) => {
                complain!("error: {} cannot be read: {error}", path.display());
                return Exit::CannotRun;
            }
        };
        match &loaded.scenario {
            Ok(scenario) => {
                let stale =
                    scenario.header.expect_fail.as_ref().filter(|(_, until)| today.is_some_and(|now| now > *until));
                if let Some((reason, until)) = stale {
                    complain!("error: {}: expected to fail until {until}: {reason}\n", path.display());
                    (problems, bad) = (problems + 1, bad + 1);
                }
            }
            Err(wrong) => {
                for problem in wrong {
                    complain!("{}\n", report::problem(painter(), &loaded.texts, problem));
                }
                (problems, bad) = (problems + wrong.len(), bad + 1);
            }
        }
    }
    if bad == 0 {
        say!("{} valid", count(found.len(), "scenario"));
        Exit::Good
    } else {
        say!("{bad} of {} not valid: {}", count(found.len(), "scenario"), count(problems, "problem"));
        Exit::Invalid
    }
}
