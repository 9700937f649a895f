//! `check`: reports all errors and warnings of scenario files, without playing them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use sca_files::Loaded;
use sca_model::Problem;
use sca_protocol::UnixTime;
use sca_scenario::Library;
use sca_suite::lint;

use crate::console::{complain, count, date, find_some_scenarios, painter, say, unread};
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Today's date as YYYY-MM-DD; scenarios whose `until` lies before it are reported; default: the system date
    #[arg(long, value_name = "DATE", value_parser = date)]
    today: Option<UnixTime>,
    /// Treat warnings as failures
    #[arg(long)]
    strict: bool,
}

#[derive(Default)]
struct Counts {
    libraries: usize,
    bad: usize,
    problems: usize,
    warnings: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let found = match find_some_scenarios(&arguments.paths) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let today = arguments.today.unwrap_or_else(sca_environment::today);
    let clauses = sca_protocol::clauses::ids();
    let (mut counted, mut set) = (Counts::default(), Vec::with_capacity(found.len()));
    let (libraries, found): (Vec<PathBuf>, Vec<PathBuf>) = found.into_iter().partition(|path| is_library(path));
    libraries.iter().for_each(|path| library(path, &mut counted));
    for path in &found {
        let loaded = match sca_files::load(path, &clauses) {
            Ok(loaded) => loaded,
            Err(error) => return unread(path, &error),
        };
        one(&loaded, today, &mut counted);
        set.push(loaded);
    }
    match lint::warnings(&arguments.paths, &set) {
        Ok(warnings) => {
            let wrong: Vec<_> = warnings.iter().filter(|warning| !warning.problem.is_warning()).collect();
            let libraries: BTreeSet<_> = wrong.iter().map(|warning| &warning.text.0).collect();
            (counted.problems, counted.bad) = (counted.problems + wrong.len(), counted.bad + libraries.len());
            counted.warnings += warnings.len() - wrong.len();
            warnings.iter().for_each(|warning| show(std::slice::from_ref(&warning.text), &warning.problem));
        }
        Err((path, error)) => return unread(&path, &error),
    }
    summary(found.len(), &counted);
    match counted {
        Counts { bad: 1.., .. } => Exit::Invalid,
        Counts { warnings: 1.., .. } if arguments.strict => Exit::Failed,
        _ => Exit::Good,
    }
}

fn is_library(path: &Path) -> bool {
    sca_files::read_text(path).is_ok_and(|text| sca_scenario::is_library(&text))
}

/// Checks a library that was given as an argument, as far as that is possible without a call.
fn library(path: &Path, counted: &mut Counts) {
    let text = sca_files::read_text(path).unwrap_or_default();
    let library = Library::read(&text, 0);
    let problems = library.problems();
    problems.iter().for_each(|problem| show(&[(path.to_owned(), text.clone())], problem));
    counted.libraries += 1;
    (counted.problems, counted.bad) =
        (counted.problems + problems.len(), counted.bad + usize::from(!problems.is_empty()));
}

fn one(loaded: &Loaded, today: UnixTime, counted: &mut Counts) {
    match &loaded.scenario {
        Ok(scenario) => {
            let warnings = sca_scenario::warnings(scenario);
            warnings.iter().for_each(|warning| show(&loaded.texts, warning));
            counted.warnings += warnings.len();
            let known = scenario.header.expect_fail.as_ref();
            if let Some(known) = known.filter(|known| known.until.is_over(today)) {
                let message = format!("this failure was expected until {}, which has passed", known.until.day());
                let problem = Problem::new("E059", known.span, message);
                show(&loaded.texts, &problem.help("fix the failure, or extend the date of `expect-fail`"));
                (counted.problems, counted.bad) = (counted.problems + 1, counted.bad + 1);
            }
        }
        Err(wrong) => {
            wrong.iter().for_each(|problem| show(&loaded.texts, problem));
            let warnings = wrong.iter().filter(|problem| problem.is_warning()).count();
            (counted.problems, counted.bad) = (counted.problems + wrong.len() - warnings, counted.bad + 1);
            counted.warnings += warnings;
        }
    }
}

fn show(texts: &[(PathBuf, String)], problem: &Problem) {
    complain!("{}\n", sca_report::problem(painter(), texts, problem));
}

fn summary(files: usize, counted: &Counts) {
    let warnings = match counted.warnings {
        0 => String::new(),
        some => format!(", {}", count(some, "warning")),
    };
    let files = match (files, counted.libraries) {
        (files, 0) => count(files, "scenario"),
        (0, 1) => "1 library".to_owned(),
        (0, libraries) => format!("{libraries} libraries"),
        (files, libraries) => format!("{} and {libraries} library files", count(files, "scenario")),
    };
    if counted.bad == 0 {
        say!("{files} valid{warnings}");
    } else {
        let problems = count(counted.problems, "problem");
        say!("{} of {files} invalid: {problems}{warnings}", counted.bad);
    }
    if counted.problems + counted.warnings > 0 {
        say!("`sca-sim explain CODE` explains each code in brackets");
    }
}
