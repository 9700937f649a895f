//! `fmt`: formats scenario files and libraries in the canonical layout.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::console::{complain, painter, say, unread};
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files and libraries, or folders with them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing; print the difference and fail if a file is not formatted
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let found = match sca_files::find_all(&arguments.paths) {
        Ok(found) => found,
        Err((path, error)) => return unread(&path, &error),
    };
    let found = found.scenarios.into_iter().chain(found.libraries).collect::<Vec<_>>();
    if found.is_empty() {
        complain!("error: no scenario found at the given paths");
        return Exit::CannotRun;
    }
    let mut exit = Exit::Good;
    for path in &found {
        let one = file(path, arguments.check);
        if one as u8 > exit as u8 {
            exit = one;
        }
    }
    exit
}

fn file(path: &Path, check: bool) -> Exit {
    let text = match sca_files::read_text(path) {
        Ok(text) => text,
        Err(error) => return unread(path, &error),
    };
    // An invalid file is not formatted: its blocks may not be what they seem.
    let invalid = match sca_scenario::is_library(&text) {
        true => {
            let library = sca_scenario::Library::read(&text, 0);
            let problems = library.problems().to_vec();
            (!problems.is_empty()).then(|| (vec![(path.to_owned(), text.clone())], problems))
        }
        false => match sca_files::load(path, &[]) {
            Ok(loaded) => loaded.scenario.err().map(|problems| (loaded.texts, problems)),
            Err(_) => None,
        },
    };
    if let Some((texts, problems)) = invalid {
        for problem in &problems {
            complain!("{}\n", sca_report::problem(painter(), &texts, problem));
        }
        return Exit::Invalid;
    }
    match sca_scenario::format(&text) {
        Ok(new) if new == text => Exit::Good,
        Ok(new) if check => {
            say!("{} is not formatted", path.display());
            say!("{}", sca_suite::difference(&text, &new));
            Exit::Failed
        }
        Ok(new) => match sca_files::replace(path, new) {
            Ok(()) => Exit::Good,
            Err(error) => {
                complain!("error: cannot write {}: {error}", path.display());
                Exit::CannotRun
            }
        },
        Err(problems) => {
            let texts = [(path.to_owned(), text)];
            for problem in &problems {
                complain!("{}\n", sca_report::problem(painter(), &texts, problem));
            }
            Exit::Invalid
        }
    }
}
