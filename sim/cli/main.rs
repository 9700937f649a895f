//! The command line: parses arguments, calls the libraries, prints, and maps the result to an exit code. It contains no
//! domain logic.

mod calibrate;
mod certs;
mod check;
mod conformance;
mod console;
mod core;
mod core_option;
mod coverage;
mod diff;
mod exit;
mod explain;
mod explore;
mod export;
mod faults;
mod fmt;
mod import;
mod interrupt;
mod ledger;
mod list;
mod log;
mod lsp;
mod new;
mod open;
mod record;
mod report;
mod review;
mod run;
mod screen;
mod settings;
mod sweep;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Exit;

/// mimalloc, because simulated runs allocate many small, short-lived objects.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A simulated SCA payment terminal against a scriptable WebSocket broker.
///
/// Scenario files (.sca) describe what a broker, a POS and a network do to a terminal and what the terminal must do in
/// return. `run` plays them in memory, in virtual time; `run --wire` plays the same files on real sockets. Start with:
///
///   sca-sim run scenarios
#[derive(Debug, Parser)]
#[command(
    name = "sca-sim",
    version,
    after_help = "Exit codes: 0 success; 1 a scenario failed; 2 wrong usage; \
    3 a scenario is invalid; 4 the harness could not run; 129, 130, 143 terminated by a signal."
)]
struct Cli {
    /// A folder outside the project from which scenarios may read libraries, tables and other files; repeatable
    #[arg(long, global = true, value_name = "DIR", help_heading = "Options")]
    allow_reads: Vec<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play scenarios and compare their transcripts with the snapshots beside them
    Run(Box<run::Arguments>),
    /// Report every problem in scenario files, without playing them
    Check(check::Arguments),
    /// Create a scenario from a template that already passes
    New(new::Arguments),
    /// Explain a scenario in plain words, or a code such as E012
    Explain(explain::Arguments),
    /// Review transcripts that differ from their snapshots, and accept or reject each
    Review(review::Arguments),
    /// Merge the reports of several partial runs
    Report(report::Arguments),
    /// Export scenarios as JSON, for other tools
    Export(export::Arguments),
    /// Record traffic between terminals and their broker, as a transparent proxy, into scenarios
    Record(Box<record::Arguments>),
    /// Import captures of other tools as scenarios: HTTP archives, packets, logs
    Import(import::Arguments),
    /// Compare a capture with the simulated terminal, and optionally shrink each difference
    Diff(diff::Arguments),
    /// Find the settings that make the simulated terminal answer like the device in a capture
    Calibrate(calibrate::Arguments),
    /// Run the language server (diagnostics, completion, hover, formatting) on standard input and output
    Lsp(lsp::Arguments),
    /// Format scenario files in the canonical layout
    Fmt(fmt::Arguments),
    /// List scenarios with their titles and clauses
    List(list::Arguments),
    /// Render the terminal's display as PNG, at one moment or for every screen of a run
    Screen(screen::Arguments),
    /// Show the conformance matrix: the evidence for each clause, and the coverage of commands, codes and assumptions
    Conformance(Box<conformance::Arguments>),
    /// List every kind of fault, its scenario syntax, and the scenarios that show the terminal's reaction
    Faults(faults::Arguments),
    /// Show which fault classes have hit the terminal in which of its states, and the gaps
    Coverage(coverage::Arguments),
    /// Replay scenarios with a connection cut or a power failure at every point, and report what breaks
    Sweep(sweep::Arguments),
    /// Fuzz a scenario: many seeds, each with its own faults and requests; shrink each violation of a law
    Explore(explore::Arguments),
    /// List every setting with its default, range and source
    Settings(settings::Arguments),
    /// List the assumptions: what the specification leaves open, the default chosen, and the setting that changes it
    Assumptions,
    /// Check, debug and begin a client core of your own, in any language
    Core(core::Arguments),
    /// Write a certificate authority, identities and (optionally) flawed certificates as PEM
    Certs(certs::Arguments),
    /// Run the broker on a real port; terminals connect to it, and a POS reaches them through it
    Broker(open::BrokerArguments),
    /// Send requests to a terminal through the broker and print the responses
    Pos(open::PosArguments),
    /// Run the simulated terminal against any broker, and print the exchange as it happens
    Terminal(open::TerminalArguments),
    /// Run the payment host, or the estate host, on a real port
    Host(open::HostArguments),
}

/// Makes a write over the file size limit an error, which commands report, instead of the end of the process.
fn report_file_size_limit() {
    #[cfg(unix)]
    {
        const SIGXFSZ: i32 = 25;
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        // The handler stays when the runtime is gone. Where it cannot be set, the limit ends the process.
        runtime.block_on(async {
            drop(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(SIGXFSZ)));
        });
    }
}

fn main() -> ExitCode {
    report_file_size_limit();
    let cli = Cli::parse();
    for folder in &cli.allow_reads {
        if let Err(error) = sca_files::allow_reads(folder) {
            console::complain!("error: --allow-reads {}: {error}", folder.display());
            return ExitCode::from(Exit::CannotRun as u8);
        }
    }
    let exit = match cli.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Review(arguments) => review::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Record(arguments) => record::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Calibrate(arguments) => calibrate::run(&arguments),
        Command::Lsp(arguments) => lsp::run(&arguments),
        Command::Fmt(arguments) => fmt::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Screen(arguments) => screen::run(&arguments),
        Command::Conformance(arguments) => conformance::run(&arguments),
        Command::Faults(arguments) => faults::run(&arguments),
        Command::Coverage(arguments) => coverage::run(&arguments),
        Command::Sweep(arguments) => sweep::run(&arguments),
        Command::Explore(arguments) => explore::run(&arguments),
        Command::Settings(arguments) => settings::run(&arguments),
        Command::Assumptions => settings::assumptions(),
        Command::Core(arguments) => core::run(&arguments),
        Command::Certs(arguments) => certs::run(&arguments),
        Command::Broker(arguments) => open::broker(&arguments),
        Command::Pos(arguments) => open::pos(&arguments),
        Command::Terminal(arguments) => open::terminal(&arguments),
        Command::Host(arguments) => open::host(&arguments),
    };
    let exit = if console::has_lost_output() {
        console::complain!("error: standard output cannot be written");
        Exit::CannotRun
    } else {
        exit
    };
    ExitCode::from(exit as u8)
}
