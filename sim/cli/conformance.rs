//! `conformance`: clause by clause, what the scenarios prove.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use sca_runner::conformance::{Conformance, conformance};
use sca_runner::suite::{FileResult, Snapshots, Suite};
use sca_runner::{Options, simulated};

use crate::Exit;
use crate::terms::{authorities, complain, count, found, say, threads};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// Write the whole matrix as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Print the evidence of each clause, line by line
    #[arg(long, short)]
    lines: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let found = match found(&arguments.paths) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let identities = match authorities() {
        Ok(identities) => identities,
        Err(exit) => return exit,
    };
    let clauses = sca_protocol::clauses::ids();
    let suite = Suite {
        options: Options::default(),
        snapshots: Snapshots::Ignore,
        make: &simulated,
        clauses: &clauses,
        identities,
    };
    let mut results: Vec<FileResult> = Vec::with_capacity(found.len());
    for (path, result) in found.iter().zip(suite.run(&found, threads(None), &|_| ())) {
        match result {
            Ok(result) => results.push(result),
            Err(error) => {
                complain!("error: {}: {error}", path.display());
                return Exit::CannotRun;
            }
        }
    }
    let matrix = conformance(&results.iter().collect::<Vec<_>>());
    print(arguments, &matrix);
    if let Some(path) = &arguments.json {
        let written = matrix.to_json().map_err(|e| e.to_string());
        if let Err(error) = written.and_then(|text| fs::write(path, text + "\n").map_err(|e| e.to_string())) {
            complain!("error: {} was not written: {error}", path.display());
            return Exit::CannotRun;
        }
    }
    match results.iter().any(FileResult::is_bad) || !matrix.is_whole() {
        true => Exit::Failed,
        false => Exit::Good,
    }
}

fn print(arguments: &Arguments, matrix: &Conformance) {
    for clause in &matrix.clauses {
        let negative = clause.evidence.iter().filter(|e| e.negative).count();
        let positive = clause.evidence.len() - negative;
        say!("{:<8} {:<16} {positive:>3} for, {negative:>3} against  {}", clause.id, clause.verdict, clause.text);
        if arguments.lines {
            for e in &clause.evidence {
                let sign = if e.negative { "-" } else { "+" };
                let on =
                    if e.assumptions.is_empty() { String::new() } else { format!(" on {}", e.assumptions.join(" ")) };
                say!("         {sign} {}:{}  {}{on}", e.path, e.line, e.verdict);
            }
        }
    }
    let answered = matrix.commands.iter().filter(|c| c.answered_in.is_some()).count();
    let produced = matrix.codes.iter().filter(|c| c.produced_in.is_some()).count();
    let used = matrix.assumptions.iter().filter(|a| a.scenarios > 0).count();
    say!("");
    say!("{} of {} answered", answered, count(matrix.commands.len(), "command"));
    for command in matrix.commands.iter().filter(|c| c.answered_in.is_none()) {
        say!("  not answered: {} {} {}", command.function_type, command.command, command.only.unwrap_or_default());
    }
    say!("{} of {} produced", produced, count(matrix.codes.len(), "result code"));
    for code in matrix.codes.iter().filter(|c| c.produced_in.is_none()) {
        say!("  not produced: {} {} {} {}", code.space, code.number, code.result, code.text);
    }
    say!("{} of {} used", used, count(matrix.assumptions.len(), "assumption"));
    for assumption in matrix.assumptions.iter().filter(|a| a.scenarios == 0) {
        say!("  not used: {}  {}", assumption.id, assumption.says);
    }
    let without: Vec<&str> =
        matrix.clauses.iter().filter(|c| !c.verdict.starts_with("pass")).map(|clause| clause.id).collect();
    match without.as_slice() {
        [] => say!("every clause has its evidence"),
        ids => say!("without evidence that holds: {}", ids.join(" ")),
    }
}
