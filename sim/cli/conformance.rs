//! `conformance`: the conformance matrix, clause by clause, and its comparison with an earlier one.

use std::path::{Path, PathBuf};

use clap::Args;
use sca_environment::{shell, today};
use sca_protocol::UnixTime;
use sca_report::conformance;
use sca_report::conformance::{Conformance, MatrixDocument, conformance};
use sca_suite::known_failures::KnownFailures;
use sca_suite::{FileResult, SnapshotMode, Suite};
use sca_world::Options;

use crate::console::{authorities_for, complain, count, found, say};
use crate::core_option::CoreOption;
use crate::exit::Exit;
use crate::ledger::{read, read_ledger};
use crate::run::external::Device;

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 every clause has passing evidence and nothing fails; 1 otherwise, \
    also if only some scenarios were given.")]
pub(crate) struct Arguments {
    /// Scenario files, or folders with scenario files
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// Compare two matrices written by --json, regressions first; exit 1 if there are any
    #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"], conflicts_with_all = ["json", "csv", "html", "ledger"])]
    compare: Option<Vec<PathBuf>>,
    /// Known failures as CSV (scenario,until,reason); stale entries fail the command
    #[arg(long, value_name = "FILE.csv")]
    ledger: Option<PathBuf>,
    /// Today's date as YYYY-MM-DD, against which ledger entries expire
    #[arg(long, value_name = "DATE", value_parser = |text: &str| UnixTime::parse(text).map_err(|e| e.to_string()))]
    today: Option<UnixTime>,
    /// Write the whole matrix as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the clauses as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write the matrix as a self-contained HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Prefix of the scenario paths in the links of the page
    #[arg(long, value_name = "URL", default_value = "", requires = "html")]
    links: String,
    /// Title of the page
    #[arg(long, value_name = "TEXT", default_value = "Conformance of the simulated terminal", requires = "html")]
    title: String,
    /// Print the commands without a response, the result codes never produced, the assumptions never used
    #[arg(long)]
    missing: bool,
    /// Print the evidence of each clause, line by line
    #[arg(long, short)]
    lines: bool,
    #[command(flatten)]
    device: Device,
    #[command(flatten)]
    core: CoreOption,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    if let Some([before, after]) = arguments.compare.as_deref() {
        return compare(before, after);
    }
    let ledger = match arguments.ledger.as_ref().map(|path| read_ledger(path)) {
        None => KnownFailures::default(),
        Some(Ok(ledger)) => ledger,
        Some(Err(exit)) => return exit,
    };
    let mut results = match results(arguments) {
        Ok(results) => results,
        Err(exit) => return exit,
    };
    let known = ledger.apply(&mut results, arguments.today.unwrap_or_else(today));
    let stale: Vec<String> = known.iter().filter_map(|one| one.stale(true)).collect();
    for result in results.iter().filter(|result| result.is_bad()) {
        complain!(
            "error: {} fails; see `sca-sim run {}`",
            result.loaded.path.display(),
            shell::last(&result.loaded.path)
        );
    }
    let matrix = conformance(&results.iter().collect::<Vec<_>>());
    print(arguments, &matrix);
    if !write(arguments, &matrix) {
        return Exit::CannotRun;
    }
    for why in &stale {
        complain!("error: stale ledger entry: {why}");
    }
    match results.iter().any(FileResult::is_bad) || !matrix.is_whole() || !stale.is_empty() {
        true => Exit::Failed,
        false => Exit::Good,
    }
}

/// Plays all scenarios.
fn results(arguments: &Arguments) -> Result<Vec<FileResult>, Exit> {
    let found: Vec<PathBuf> = found(&arguments.paths)?.into_iter().map(crate::console::named).collect();
    let real = arguments.device.real()?;
    // A signal also terminates the processes started here.
    crate::interrupt::listen(true);
    let clauses = sca_protocol::clauses::ids();
    let terminals = arguments.core.terminals();
    let suite = Suite {
        options: Options { today: Some(arguments.today.unwrap_or_else(today)), ..Options::default() },
        snapshots: SnapshotMode::Ignore,
        make: &terminals,
        clauses: &clauses,
        identities: authorities_for(&real)?,
        real,
    };
    let mut results: Vec<FileResult> = Vec::with_capacity(found.len());
    for (path, result) in found.iter().zip(suite.run(&found, arguments.device.jobs(None), &|_| ())) {
        results.push(result.map_err(|error| {
            complain!("error: {}: {error}", path.display());
            Exit::CannotRun
        })?);
    }
    Ok(results)
}

fn compare(before: &Path, after: &Path) -> Exit {
    let written = |path: &Path| {
        MatrixDocument::read(&read(path)?).map_err(|why| {
            complain!("error: {} is not a matrix: {why}", path.display());
            Exit::CannotRun
        })
    };
    match (written(before), written(after)) {
        (Ok(before), Ok(after)) => {
            let comparison = conformance::compare(&before, &after);
            say!("{}", comparison.shown().trim_end());
            if comparison.worse.is_empty() { Exit::Good } else { Exit::Failed }
        }
        (Err(exit), _) | (_, Err(exit)) => exit,
    }
}

/// Writes the requested files; false if one of them could not be written.
fn write(arguments: &Arguments, matrix: &Conformance) -> bool {
    let json = || matrix.to_json().map(|text| text + "\n").map_err(|error| error.to_string());
    let csv = || conformance::csv(matrix).map_err(|error| error.to_string());
    let html = || conformance::page(matrix, &arguments.title, &arguments.links).map_err(|error| error.to_string());
    let written = [
        written(arguments.json.as_ref(), json),
        written(arguments.csv.as_ref(), csv),
        written(arguments.html.as_ref(), html),
    ];
    written.iter().all(|written| *written)
}

/// Writes one file if it is requested; false if that failed.
fn written(path: Option<&PathBuf>, make: impl Fn() -> Result<String, String>) -> bool {
    let Some(path) = path else { return true };
    let done = make().and_then(|text| crate::report::write(path, &text).map_err(|error| error.to_string()));
    if let Err(error) = &done {
        complain!("error: cannot write {}: {error}", path.display());
    }
    done.is_ok()
}

fn print(arguments: &Arguments, matrix: &Conformance) {
    let shown = matrix.clauses.iter().filter(|clause| !clause.evidence.is_empty() || arguments.missing);
    for clause in shown {
        let negative = clause.evidence.iter().filter(|e| e.negative).count();
        let positive = clause.evidence.len() - negative;
        say!(
            "{:<8} {:<16} {positive:>3} shown, {negative:>3} forbidden, {:>3} violations  {}",
            clause.id,
            clause.verdict,
            clause.violations,
            clause.text
        );
        if arguments.lines {
            for e in &clause.evidence {
                let sign = if e.negative { "-" } else { "+" };
                let on =
                    if e.assumptions.is_empty() { String::new() } else { format!(" on {}", e.assumptions.join(" ")) };
                say!("         {sign} {}:{}  {}{on}", e.path, e.line, e.verdict);
            }
        }
    }
    say!("");
    say!(
        "shown: lines that observe what the clause requires; forbidden: lines that observe a refusal, or that \
         something does not happen; violations: planted by the project's tests, each caught by the bundled evidence"
    );
    let answered = matrix.commands.iter().filter(|c| c.answered_in.is_some()).count();
    let produced = matrix.codes.iter().filter(|c| c.produced_in.is_some()).count();
    let used = matrix.assumptions.iter().filter(|a| a.scenarios > 0).count();
    say!("{} of {} answered", answered, count(matrix.commands.len(), "command"));
    for command in matrix.commands.iter().filter(|c| c.answered_in.is_none() && arguments.missing) {
        say!("  not answered: {} {} {}", command.function_type, command.command, command.only.unwrap_or_default());
    }
    say!("{} of {} produced", produced, count(matrix.codes.len(), "result code"));
    for code in matrix.codes.iter().filter(|c| c.produced_in.is_none() && arguments.missing) {
        say!("  not produced: {} {} {} {}", code.space, code.number, code.result, code.text);
    }
    say!("{} of {} used", used, count(matrix.assumptions.len(), "assumption"));
    for assumption in matrix.assumptions.iter().filter(|a| a.scenarios == 0 && arguments.missing) {
        say!("  not used: {}  {}", assumption.id, assumption.says);
    }
    let without: Vec<&str> =
        matrix.clauses.iter().filter(|c| !c.verdict.starts_with("pass")).map(|clause| clause.id).collect();
    match without.as_slice() {
        [] => say!("every clause has passing evidence"),
        ids => {
            say!("clauses without passing evidence: {}", ids.join(" "));
            if matrix.clauses.iter().all(|clause| clause.evidence.is_empty()) {
                say!("no line is marked as evidence: append e.g. `covers REC-01` to a line");
            }
        }
    }
}
