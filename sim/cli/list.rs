//! `list`: lists scenarios with their titles and the clauses they cover.

use std::path::PathBuf;

use clap::Args;

use sca_suite::filter::Filter;

use crate::console::{complain, find_some_scenarios, say, unread};
use crate::exit::Exit;
use crate::run::matching;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// Only scenarios that cover this clause, for example REC-01
    #[arg(long, value_name = "ID")]
    clause: Option<String>,
    /// Only scenarios that match this expression, as with `run --filter`; for example 'tag(field)'
    #[arg(long, value_name = "EXPRESSION", value_parser = |text: &str| Filter::read(text))]
    filter: Option<Filter>,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let found = match find_some_scenarios(&arguments.paths) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let found = match &arguments.filter {
        None => found,
        Some(filter) => match matching(found, filter) {
            Ok(found) => found,
            Err(exit) => return exit,
        },
    };
    if let Some(clause) = &arguments.clause
        && !sca_protocol::clauses::ids().contains(&clause.as_str())
    {
        let near = sca_protocol::settings::nearest(clause, sca_protocol::clauses::ids());
        let meant = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        complain!("error: unknown clause {clause}{meant}");
        return Exit::Usage;
    }
    let mut exit = Exit::Good;
    for path in &found {
        match sca_files::load(path, &[]).map(|loaded| loaded.scenario) {
            Ok(Ok(scenario)) => {
                let covered = scenario.covers();
                if arguments.clause.as_ref().is_some_and(|wanted| !covered.contains(wanted)) {
                    continue;
                }
                let rows =
                    if scenario.rows.len() == 1 { String::new() } else { format!("  ({} rows)", scenario.rows.len()) };
                say!("{}{rows}\n    {}", path.display(), scenario.title);
                if !covered.is_empty() {
                    say!("    {}", covered.into_iter().collect::<Vec<_>>().join(" "));
                }
            }
            Ok(Err(_)) => {
                say!("{}\n    invalid: see sca-sim check", path.display());
                exit = Exit::Invalid;
            }
            Err(error) => exit = unread(path, &error),
        }
    }
    exit
}
