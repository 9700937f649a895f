//! `explain`: what a code teaches, or what a scenario does in plain words.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::Exit;
use crate::terms::{complain, loaded, say};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A code such as E012, or scenario files; without anything, all codes
    #[arg(value_name = "CODE|FILE")]
    what: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    if arguments.what.is_empty() {
        for lesson in sca_scenario::lessons() {
            say!("{}  {}", lesson.code, lesson.says);
        }
        return Exit::Good;
    }
    let mut exit = Exit::Good;
    for (at, what) in arguments.what.iter().enumerate() {
        if at > 0 {
            say!("");
        }
        let one = match sca_scenario::lesson(what) {
            Some(lesson) => teach(lesson),
            None if is_code(what) => {
                complain!("error: there is no code {what}; `sca-sim explain` lists them all");
                Exit::CannotRun
            }
            None => tell(Path::new(what)),
        };
        if one as u8 > exit as u8 {
            exit = one;
        }
    }
    exit
}

fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix(['E', 'e', 'W', 'w']);
    digits.is_some_and(|digits| digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()))
        && !PathBuf::from(text).exists()
}

fn teach(lesson: &sca_scenario::Lesson) -> Exit {
    say!("{}: {}\n\n{}", lesson.code, lesson.says, lesson.why);
    let indented =
        |text: &str| text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect::<String>();
    if !lesson.wrong.is_empty() {
        say!("\nThis has it:\n\n{}", indented(lesson.wrong).trim_end());
        say!("\nThis is right:\n\n{}", indented(lesson.right).trim_end());
    }
    Exit::Good
}

fn tell(path: &Path) -> Exit {
    match loaded(path, &sca_protocol::clauses::ids()) {
        Ok(loaded) => {
            if let Ok(scenario) = &loaded.scenario {
                say!("{}", sca_scenario::explain(scenario).trim_end());
            }
            Exit::Good
        }
        Err(exit) => exit,
    }
}
