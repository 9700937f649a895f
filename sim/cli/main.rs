//! The command line: reads arguments and files, prints, exits. Every decision is made elsewhere.

mod calibrate;
mod certs;
mod check;
mod conformance;
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
mod terms;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Exit;

/// Worlds are made of many small things that live shortly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A simulated SCA payment terminal against a scriptable WebSocket broker.
///
/// Scenario files (.sca) say what a broker, a POS and a network do to a terminal and what must be seen of it. `run` plays
/// them in memory, in virtual time; `run --wire` plays the same files on real sockets. Begin with:
///
///   sca-sim run scenarios
#[derive(Debug, Parser)]
#[command(
    name = "sca-sim",
    version,
    after_help = "Exit codes: 0 all is well; 1 a scenario failed; 2 wrong usage; \
    3 a scenario is not valid; 4 the harness could not run; 129, 130, 143 a signal ended it."
)]
struct Cli {
    /// A folder outside the project from which scenarios may read libraries, tables and files too; may be given several times
    #[arg(long, global = true, value_name = "DIR", help_heading = "Options")]
    allow_reads: Vec<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play scenarios and compare their transcripts with the snapshots beside them
    Run(Box<run::Arguments>),
    /// Say everything that is wrong with scenario files, without playing them
    Check(check::Arguments),
    /// Begin a scenario from a template that runs
    New(new::Arguments),
    /// Tell what a scenario does in plain words, or what a code such as E012 means
    Explain(explain::Arguments),
    /// Look at transcripts that differ from their snapshots, and accept or reject each
    Review(review::Arguments),
    /// Make one report of several
    Report(report::Arguments),
    /// Write scenarios as JSON, for other tools
    Export(export::Arguments),
    /// Stand between terminals and their broker, pass everything on, and write it down as scenarios
    Record(Box<record::Arguments>),
    /// Make scenarios of what other tools have caught: HTTP archives, packets, logs
    Import(import::Arguments),
    /// Show where a capture and the simulated terminal part, and shrink it
    Diff(diff::Arguments),
    /// Find the settings with which the simulated terminal answers as the device of a capture does
    Calibrate(calibrate::Arguments),
    /// Serve an editor: diagnostics, completion, hover and formatting, on standard input and output
    Lsp(lsp::Arguments),
    /// Put scenario files into the one layout
    Fmt(fmt::Arguments),
    /// List scenarios with their titles and clauses
    List(list::Arguments),
    /// Draw what a person sees of a terminal, at one moment or at every one
    Screen(screen::Arguments),
    /// Show what the scenarios prove: each clause with its evidence, the commands, the codes, the assumptions
    Conformance(Box<conformance::Arguments>),
    /// Print every kind of fault: how a scenario says it, and which scenarios show what the terminal does
    Faults(faults::Arguments),
    /// Show which classes of faults have met the terminal in which of its states, and the holes
    Coverage(coverage::Arguments),
    /// Play scenarios again and again, with the line cut or the power lost at every place, and say what breaks
    Sweep(sweep::Arguments),
    /// Play a scenario's world with many seeds, each with its own faults and requests, and shrink what breaks a law
    Explore(explore::Arguments),
    /// Print every setting with its default, range and source
    Settings(settings::Arguments),
    /// Print the register of assumptions: what the pages do not say, what was chosen, and the setting that chooses otherwise
    Assumptions,
    /// Write an authority, identities and named flaws as PEM
    Certs(certs::Arguments),
    /// Run the broker on a real port: terminals dial in, a POS reaches them through it
    Broker(open::BrokerArguments),
    /// Send requests to a terminal through the broker and print the answers
    Pos(open::PosArguments),
    /// Run the simulated terminal against any broker, with a live ladder
    Terminal(open::TerminalArguments),
    /// Run the payment host, or the estate host, on a real port
    Host(open::HostArguments),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    for folder in &cli.allow_reads {
        if let Err(error) = sca_runner::files::allow_reads(folder) {
            terms::complain!("error: --allow-reads {}: {error}", folder.display());
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
        Command::Certs(arguments) => certs::run(&arguments),
        Command::Broker(arguments) => open::broker(&arguments),
        Command::Pos(arguments) => open::pos(&arguments),
        Command::Terminal(arguments) => open::terminal(&arguments),
        Command::Host(arguments) => open::host(&arguments),
    };
    let exit = if terms::has_lost_output() { Exit::CannotRun } else { exit };
    ExitCode::from(exit as u8)
}
