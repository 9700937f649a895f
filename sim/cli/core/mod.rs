//! `core`: for those who write a client core in another language.

mod check;
mod start;
mod tour;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use sca_bridge::replay::{Parting, ReplayError, replay};

use crate::console::{complain, count, put, say};
use crate::core_option::{CoreLevel, limit};
use crate::exit::Exit;

#[derive(Debug, Args)]
#[command(
    long_about = "Check, debug and begin a client core of your own, in any language.\n\n\
    A core is a program that answers each line on its standard input with one line on its standard output, both JSON \
    (core protocol 1). The harness owns time, chance and the network; the core owns its decisions. Every command that \
    plays scenarios takes --core 'CMD'. The page sim/docs/your-own-core.md leads from nothing to a first scenario.",
    after_help = "Exit codes: 0 the core keeps the contract; 1 it does not, or answers part; 2 wrong usage; 4 the core \
    cannot be started, or a file cannot be read or written."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Check a core against the contract, then lead it through a tour of small scenarios
    Check(Check),
    /// Ask a core the questions of a kept conversation again, and show where its answers part
    Replay(Replay),
    /// Print the JSON Schema of every line of the core protocol
    Schema,
    /// Answer questions as our own client core or device does, to compare another with
    Serve(Serve),
    /// Write a client core to begin with
    New(start::Arguments),
}

#[derive(Debug, Args)]
struct Check {
    /// The shell command that starts the core
    #[arg(long, value_name = "CMD")]
    core: String,
    /// How much the core does itself
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "documents")]
    core_level: CoreLevel,
    /// How long each answer may take in real time
    #[arg(long, value_name = "D", default_value = "5s", value_parser = limit)]
    core_timeout: Duration,
}

#[derive(Debug, Args)]
struct Serve {
    /// What is played: `documents` for our client core, `terminal` for our whole device
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "documents")]
    core_level: CoreLevel,
}

#[derive(Debug, Args)]
struct Replay {
    /// The conversation: `conversation-N.jsonl` in the evidence of a failure
    #[arg(value_name = "FILE.jsonl")]
    file: PathBuf,
    /// The shell command that starts the core
    #[arg(long, value_name = "CMD")]
    core: String,
    /// How long each answer may take in real time
    #[arg(long, value_name = "D", default_value = "5s", value_parser = limit)]
    core_timeout: Duration,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    match &arguments.what {
        What::Check(arguments) => check::run(&arguments.core, arguments.core_level, arguments.core_timeout),
        What::Replay(arguments) => ask_again(arguments),
        What::Schema => {
            put!("{}", serde_json::to_string_pretty(&sca_bridge::lines::schema()).unwrap_or_default() + "\n");
            Exit::Good
        }
        What::Serve(arguments) => serve(arguments.core_level),
        What::New(arguments) => start::run(arguments),
    }
}

fn serve(level: CoreLevel) -> Exit {
    if level == CoreLevel::Bytes {
        complain!("error: our own core has no TLS of its own to serve; expected documents or terminal");
        return Exit::Usage;
    }
    let make = |config| -> Box<dyn sca_core::Terminal> { Box::new(sca_terminal::simulated(config)) };
    let (questions, answers) = (std::io::stdin().lock(), std::io::stdout().lock());
    match sca_bridge::serve::serve(questions, answers, level.of_protocol(), &make) {
        Ok(()) => Exit::Good,
        Err(error) => {
            complain!("error: {error}");
            Exit::CannotRun
        }
    }
}

fn ask_again(arguments: &Replay) -> Exit {
    let text = match sca_files::read_text(&arguments.file) {
        Ok(text) => text,
        Err(error) => return crate::console::unread(&arguments.file, &error),
    };
    match replay(&text, &arguments.core, arguments.core_timeout) {
        Ok((asked, None)) => {
            say!("{} asked again: every answer is the same", count(asked, "question"));
            Exit::Good
        }
        Ok((_, Some(parting))) => {
            show(&arguments.file.display().to_string(), &parting);
            Exit::Failed
        }
        Err(error @ (ReplayError::Line(..) | ReplayError::Gap(_) | ReplayError::Empty)) => {
            complain!("error: {}: {error}", arguments.file.display());
            Exit::CannotRun
        }
        Err(error) => {
            complain!("error: {error}");
            Exit::CannotRun
        }
    }
}

fn show(file: &str, parting: &Parting) {
    complain!("error: {file}:{}: the core answers otherwise", parting.line);
    complain!("  question: {}", parting.question);
    complain!("  kept:     {}", if parting.kept.is_empty() { "no answer came" } else { &parting.kept });
    match &parting.now {
        Ok(line) => complain!("  now:      {line}"),
        Err(why) => complain!("  now:      {why}"),
    }
    parting.last.iter().for_each(|line| complain!("  standard error: {line}"));
}
