//! `export`: writes scenarios as JSON, for other tools.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::console::{complain, find_some_scenarios, load_scenario, put};
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files; a single one is written to standard output unless --out is given
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write each as NAME.json below this folder, under the path of its scenario
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let found = match find_some_scenarios(&arguments.paths) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    if arguments.out.is_none() && found.len() > 1 {
        complain!("error: {} scenarios given; more than one requires --out DIR", found.len());
        return Exit::Usage;
    }
    let clauses = sca_protocol::clauses::ids();
    let mut written = BTreeSet::new();
    for path in &found {
        let loaded = match load_scenario(path, &clauses) {
            Ok(loaded) => loaded,
            Err(exit) => return exit,
        };
        let Ok(scenario) = &loaded.scenario else { return Exit::Invalid };
        let mut document = sca_scenario::export(scenario);
        // `at.file` of a step is an index into this list.
        document["files"] = loaded.texts.iter().map(|(path, _)| path.display().to_string()).collect();
        sca_judge::mask_texts(&mut document);
        let text = format!("{document:#}");
        let Some(folder) = &arguments.out else {
            put!("{text}");
            continue;
        };
        let below: PathBuf = path.components().filter(|part| matches!(part, std::path::Component::Normal(_))).collect();
        let to = folder.join(below).with_extension("json");
        if !written.insert(to.clone()) {
            complain!("error: two scenarios would be written to {}", to.display());
            return Exit::Usage;
        }
        let made = to.parent().map_or(Ok(()), fs::create_dir_all);
        if let Err(error) = made.and_then(|()| sca_files::replace(&to, text + "\n")) {
            complain!("error: cannot write {}: {error}", to.display());
            return Exit::CannotRun;
        }
    }
    Exit::Good
}
