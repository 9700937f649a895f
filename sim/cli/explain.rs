//! `explain`: explains a diagnostic code or another id, or a scenario in plain words.

use std::path::{Path, PathBuf};

use clap::Args;
use sca_protocol::assumptions;
use sca_protocol::cards::CARDS;
use sca_protocol::clauses::CLAUSES;
use sca_protocol::codes;
use sca_protocol::commands::{self, Command};
use sca_protocol::screens::SCREENS;
use sca_protocol::settings::{BrokerSettings, Settings, TerminalSettings};

use sca_model::INVARIANTS;

use crate::console::{complain, found, load_scenario, say};
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A diagnostic code such as E012, a clause, an assumption, a result code, a setting, or scenario files; default:
    /// list all codes of `check`
    #[arg(value_name = "CODE|ID|PATH")]
    what: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    if arguments.what.is_empty() {
        for lesson in sca_explanations::lessons() {
            say!("{}  {}", lesson.code, lesson.says);
        }
        return Exit::Good;
    }
    let mut exit = Exit::Good;
    for (at, what) in arguments.what.iter().enumerate() {
        if at > 0 {
            say!("");
        }
        let one = match (sca_explanations::lesson(what), fact(what)) {
            (Some(lesson), _) => print_lesson(lesson),
            (None, facts) if !facts.is_empty() && !Path::new(what).exists() => {
                facts.iter().for_each(|fact| say!("{fact}"));
                Exit::Good
            }
            _ if is_code(what) => {
                let near = sca_protocol::settings::nearest(what, sca_explanations::lessons().map(|lesson| lesson.code));
                let near = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
                complain!("error: unknown code {what}; {near}`sca-sim explain` lists all codes");
                Exit::CannotRun
            }
            _ if !Path::new(what).exists() && !what.contains(['/', '\\', '.']) => {
                complain!("error: `{what}` is neither a known id nor an existing file");
                Exit::CannotRun
            }
            _ => tell(Path::new(what)),
        };
        if one as u8 > exit as u8 {
            exit = one;
        }
    }
    exit
}

/// The table entries for an id or name: clause, assumption, invariant, test card, screen, command, result code or
/// RESULT, setting.
fn fact(word: &str) -> Vec<String> {
    let mut facts = Vec::new();
    let same = |id: &str| id.eq_ignore_ascii_case(word);
    let clauses = CLAUSES.iter().filter(|(id, _)| same(id));
    facts.extend(
        clauses
            .map(|(id, says)| format!("{id}, a clause: {says}\n\n`sca-sim list --clause {id}` lists its scenarios.")),
    );
    let assumed = assumptions::all().filter(|one| same(one.id));
    facts.extend(assumed.map(|one| format!("{}, an assumption: {}", one.id, one.says)));
    let invariants = INVARIANTS.iter().filter(|(name, _)| same(name));
    facts.extend(invariants.map(|(name, says)| format!("{name}, an invariant checked in every run: {says}")));
    let cards = CARDS.iter().filter(|card| same(card.name));
    facts.extend(
        cards.map(|card| format!("{}, a test card: {} {}, {}", card.name, card.media, card.tender, card.masked)),
    );
    let screens = SCREENS.iter().filter(|(_, name)| same(name));
    facts.extend(screens.map(|(_, name)| format!("{name}, a screen of the terminal; `screen {name}` expects it")));
    facts.extend(command(word));
    let tables = [codes::DEVICE, codes::PLATFORM, codes::NOTICES].into_iter().flatten();
    let codes = tables.filter(|code| code.number.to_string() == word || same(code.result));
    facts.extend(codes.map(|code| {
        format!("RESULT_CODE {}: RESULT {} {}", code.number, code.result, code.text).trim_end().to_owned()
    }));
    facts.extend(
        BrokerSettings::row(word).ok().map(|row| {
            format!("{}, a setting of the broker: {}; takes {}", row.name, row.meaning, row.kind.expected())
        }),
    );
    facts.extend(
        TerminalSettings::row(word).ok().map(|row| {
            format!("{}, a setting of the terminal: {}; takes {}", row.name, row.meaning, row.kind.expected())
        }),
    );
    facts
}

/// The commands with a given name, and those that take a field of that name.
fn command(word: &str) -> Vec<String> {
    let is_named = |row: &&Command| {
        let whole = format!("{} {}", row.function_type, row.command);
        whole.eq_ignore_ascii_case(word) || row.command.eq_ignore_ascii_case(word)
    };
    let fields =
        |row: &Command| row.fields.iter().copied().flatten().map(|field| field.name).collect::<Vec<_>>().join(" ");
    let taken = |row: &Command| if fields(row).is_empty() { "none of its own".to_owned() } else { fields(row) };
    let mut facts: Vec<String> = commands::all()
        .filter(is_named)
        .map(|row| format!("{} {}, a command; fields: {}", row.function_type, row.command, taken(row)))
        .collect();
    let takes =
        |row: &&Command| row.fields.iter().copied().flatten().any(|field| field.name.eq_ignore_ascii_case(word));
    let takers: Vec<String> =
        commands::all().filter(takes).map(|row| format!("{} {}", row.function_type, row.command)).collect();
    if !takers.is_empty() {
        facts.push(format!("{word}, a field of {}", takers.join(", ")));
    }
    facts
}

fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix(['E', 'e', 'W', 'w', 'A', 'a']).map(|digits| digits.trim_start_matches('-'));
    let is_number = |text: &str| !text.is_empty() && text.len() < 7 && text.bytes().all(|b| b.is_ascii_digit());
    (digits.is_some_and(is_number) || is_number(text)) && !PathBuf::from(text).exists()
}

fn print_lesson(lesson: &sca_explanations::Lesson) -> Exit {
    say!("{}: {}\n\n{}", lesson.code, lesson.says, lesson.why);
    let indented =
        |text: &str| text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect::<String>();
    if !lesson.wrong.is_empty() {
        say!("\nWrong:\n\n{}", indented(lesson.wrong).trim_end());
        say!("\nRight:\n\n{}", indented(lesson.right).trim_end());
    }
    Exit::Good
}

fn tell(path: &Path) -> Exit {
    if path.is_dir() {
        let found = match found(&[path.to_owned()]) {
            Ok(found) => found,
            Err(exit) => return exit,
        };
        let mut exit = Exit::Good;
        for path in found {
            say!("{}:", path.display());
            let one = tell(&path);
            say!("");
            exit = if one as u8 > exit as u8 { one } else { exit };
        }
        return exit;
    }
    match load_scenario(path, &sca_protocol::clauses::ids()) {
        Ok(loaded) => {
            if let Ok(scenario) = &loaded.scenario {
                say!("{}", sca_explanations::explain(scenario).trim_end());
            }
            Exit::Good
        }
        Err(exit) => exit,
    }
}
