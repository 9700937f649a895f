//! `core check`: the contract's laws, and a tour of small scenarios.

use std::time::Duration;

use sca_bridge::lines::{Introduction, Level};
use sca_bridge::{Cores, ForeignCore, ForeignTerminal};
use sca_core::{ClientCore, CoreConfig, CoreSettings, Flash, Terminal, TerminalConfig, Trouble, check_core};
use sca_judge::Verdict;
use sca_protocol::Chance;
use sca_protocol::settings::TerminalSettings;
use sca_world::{Options, Played, play};

use super::tour::{STOPS, Stop};
use crate::console::{authorities, complain, count, say};
use crate::core_option::{CoreLevel, terminals};
use crate::exit::Exit;

pub(super) fn run(command: &str, level: CoreLevel, limit: Duration) -> Exit {
    let cores = Cores::new(command, level.of_protocol(), limit);
    let word = level.word();
    let introduction = match introduced(&cores) {
        Ok(introduction) => introduction,
        Err(why) => {
            complain!("error: {why}");
            complain!(
                "  the first line is `init`; a core answers it with {{\"ok\":{{\"name\":…,\"level\":\"{word}\"}}}}"
            );
            return Exit::CannotRun;
        }
    };
    let supports =
        if introduction.supports.is_empty() { "nothing more".to_owned() } else { introduction.supports.join(", ") };
    say!("{} {}: level {word}; it says that it supports {supports}\n", introduction.name, introduction.version);
    let laws = match level {
        CoreLevel::Documents => laws(&cores),
        // What a transport would tell is in the bytes, and a whole device has more to do: the laws are held where a broker
        // reads what comes.
        CoreLevel::Bytes | CoreLevel::Terminal => {
            say!("laws: held while the tour is played, each stop twice");
            true
        }
    };
    let tour = tour(&cores);
    match (laws, tour) {
        (_, Err(exit)) => exit,
        (true, Ok(true)) => {
            let next = format!("--core {}{}", sca_environment::shell::word(command), level.said());
            say!("\nThe core keeps the contract. Next: sca-sim run scenarios {next}");
            Exit::Good
        }
        (false, Ok(true)) => {
            complain!("\nThe tour passed, but a law is broken: see above.");
            Exit::Failed
        }
        _ => Exit::Failed,
    }
}

/// How the core introduces itself.
fn introduced(cores: &Cores) -> Result<Introduction, String> {
    let chance = Chance::new(1);
    let (introduction, trouble) = if cores.level() == Level::Terminal {
        let settings = TerminalSettings::default();
        let target = CoreSettings::default().target;
        let config = TerminalConfig { settings, target, chance, index: 0, flash: Flash::default() };
        let terminal = ForeignTerminal::new(cores, config);
        (terminal.introduction().cloned(), terminal.trouble())
    } else {
        let core = ForeignCore::new(cores, CoreConfig { settings: CoreSettings::default(), chance, index: 0 });
        (core.introduction().cloned(), core.trouble())
    };
    match (introduction, trouble) {
        (Some(introduction), None) => Ok(introduction),
        (_, Some(Trouble::Failed(why) | Trouble::Unsupported(why))) => Err(why),
        (None, None) => Err("the core did not introduce itself".to_owned()),
    }
}

/// Runs the laws; whether all hold.
fn laws(cores: &Cores) -> bool {
    match check_core(|config| ForeignCore::new(cores, config)) {
        Ok(()) => {
            say!("laws: 64 lives of 250 inputs, in order and out of order: all hold");
            true
        }
        Err(broken) => {
            say!("laws: broken");
            complain!("error: {}; {} (life {})", broken.law, broken.seen, broken.seed);
            complain!("  the last questions of that life:");
            let skipped = broken.inputs.len().saturating_sub(12);
            for (at, input) in broken.inputs.iter().skip(skipped) {
                complain!("    {}", sca_bridge::question(*at, input));
            }
            complain!("  its answer to the last: {}", sca_bridge::serve::outputs_line(&broken.outputs));
            complain!("  the laws are in sim/docs/your-own-core.md, below \"The contract\"");
            false
        }
    }
}

/// Leads the core through the tour; whether it passed every stop that it supports.
fn tour(cores: &Cores) -> Result<bool, Exit> {
    let identities = authorities()?.memory;
    let (mut passed, mut left_out, mut failed) = (0, 0, 0);
    let make = terminals(Some(cores.clone()));
    say!("tour:");
    for stop in STOPS {
        let scenario = match sca_scenario::parse(stop.text) {
            Ok(scenario) => scenario,
            Err(problems) => {
                complain!("error: the stop `{}` is not valid: {problems:?}", stop.title);
                return Err(Exit::Invalid);
            }
        };
        let rows = play(&scenario, &Options::default(), &identities, &make);
        let again = play(&scenario, &Options::default(), &identities, &make);
        let worst = rows.iter().find(|row| row.verdict.is_bad());
        let differs = rows.iter().zip(&again).any(|(one, two)| one.transcript != two.transcript);
        if worst.is_none() && differs {
            failed += 1;
            say!("  ✗ {}: played twice, it went another way", stop.title);
            complain!(
                "    the same questions get the same answers: chance comes from the seed of `init`, time from the questions"
            );
            continue;
        }
        match (worst, rows.iter().find(|row| matches!(row.verdict, Verdict::Inapplicable(_)))) {
            (Some(row), _) => {
                failed += 1;
                say!("  ✗ {}", stop.title);
                // The first that fails often explains the others.
                if failed == 1 {
                    explain(stop, row, cores.level());
                }
            }
            (None, Some(row)) => {
                left_out += 1;
                let why = if let Verdict::Inapplicable(why) = &row.verdict { why.headline.as_str() } else { "" };
                say!("  - {}: {why}", stop.title);
            }
            (None, None) => {
                passed += 1;
                say!("  ✓ {}", stop.title);
            }
        }
    }
    say!("{} passed, {left_out} not supported, {failed} failed", count(passed, "stop"));
    Ok(failed == 0)
}

/// Says what went wrong at a stop, what is expected there, and what happened.
fn explain(stop: &Stop, row: &Played, level: Level) {
    match &row.verdict {
        Verdict::Fail(failure) => {
            let line = stop.text.lines().nth(failure.span.line.saturating_sub(1) as usize).unwrap_or_default();
            let label = if failure.label.is_empty() { String::new() } else { format!(": {}", failure.label) };
            complain!("    {}{label}", failure.headline);
            complain!("    at the line: {}", line.trim());
            failure.notes.iter().for_each(|note| complain!("    note: {note}"));
        }
        Verdict::Error(why) | Verdict::CannotRun(why) => complain!("    {}", why.replace('\n', "\n    ")),
        _ => {}
    }
    complain!("    what to do: {}", stop.lesson);
    if level == Level::Bytes {
        complain!(
            "    (said for level `documents`; here requests, frames, pings and closes are `bytes`, and `end` or `reset` is said \
             where it says `drop` or `close`)"
        );
    }
    complain!("    what happened:");
    row.transcript.lines().filter(|line| line.starts_with('+')).for_each(|line| complain!("      {line}"));
}
