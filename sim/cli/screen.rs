//! `screen`: renders the terminal's display during a scenario as PNG files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use sca_environment::Authorities;
use sca_model::Scenario;
use sca_protocol::models::Model;
use sca_protocol::settings::{Settings, TerminalSettings, format_duration, span};
use sca_terminal::simulated;
use sca_world::{Options, Played, play};

use crate::console::{complain, count, load_scenario, say};
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The scenario file
    #[arg(value_name = "SCENARIO")]
    path: PathBuf,
    /// The scenario time, for example 3.2s
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "png", required_unless_present = "all")]
    at: Option<Duration>,
    /// The PNG file to write
    #[arg(long, value_name = "FILE", requires = "at")]
    png: Option<PathBuf>,
    /// Write a PNG of every screen into this folder instead
    #[arg(long, value_name = "DIR", conflicts_with_all = ["at", "png"])]
    all: Option<PathBuf>,
    /// The row of a scenario with `each`, counted from 1
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    row: u32,
    /// The terminal, in a scenario with several
    #[arg(long, value_name = "NAME")]
    terminal: Option<String>,
    /// Use this terminal model instead of the scenario's
    #[arg(long, value_name = "MODEL", value_parser = model)]
    model: Option<&'static Model>,
}

fn moment(text: &str) -> Result<Duration, String> {
    span(text).ok_or_else(|| "expected a duration such as 3.2s or 250ms".to_owned())
}

fn model(text: &str) -> Result<&'static Model, String> {
    Model::find(text).ok_or_else(|| {
        let names: Vec<&str> = sca_protocol::models::MODELS.iter().map(|model| model.name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let loaded = match load_scenario(&arguments.path, &[]) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let Ok(scenario) = &loaded.scenario else { return Exit::Invalid };
    match draw(arguments, scenario) {
        Ok(()) => Exit::Good,
        Err(error) => {
            complain!("error: {error}");
            Exit::CannotRun
        }
    }
}

fn draw(arguments: &Arguments, scenario: &Scenario) -> Result<(), String> {
    let identities = Authorities::new().map_err(|error| error.to_string())?;
    let options = Options { keeps_displays: true, ..Options::default() };
    let rows = play(scenario, &options, &Arc::clone(&identities.memory), &simulated);
    let number = usize::try_from(arguments.row).unwrap_or(usize::MAX) - 1;
    let played = rows.get(number).ok_or_else(|| format!("the scenario has {}", count(rows.len(), "row")))?;
    let terminals = &scenario.rows[number.min(scenario.rows.len() - 1)].cast.terminals;
    let who = match &arguments.terminal {
        None => 0,
        Some(name) => terminals.iter().position(|t| t.name == *name).ok_or_else(|| {
            let names: Vec<&str> = terminals.iter().map(|t| t.name.as_str()).collect();
            format!("unknown terminal {name}; known: {}", names.join(", "))
        })?,
    };
    let mut settings = TerminalSettings::default();
    if let Some(model) = terminals[who].settings.get("model") {
        settings.set("model", model).map_err(|error| error.to_string())?;
    }
    let model = arguments.model.or_else(|| Model::find(&settings.model)).ok_or("this model has no known display")?;
    match (&arguments.all, arguments.at, &arguments.png) {
        (Some(folder), _, _) => every(played, who, model, folder),
        (None, Some(at), Some(path)) => {
            let shown = played.displays.iter().rev().find(|(since, of, _)| *of == who && *since <= at);
            let (_, _, face) = shown.ok_or_else(|| format!("no screen is shown at {}", format_duration(at)))?;
            if at > played.lasted {
                return Err(format!("the scenario lasts {}", format_duration(played.lasted)));
            }
            write(path, &sca_display::draw(face, model, at))
        }
        _ => Err("expected --at and --png, or --all".to_owned()),
    }
}

/// Writes a PNG of every screen, named by number, time and screen name.
fn every(played: &Played, who: usize, model: &Model, folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mine = played.displays.iter().filter(|(_, of, _)| *of == who);
    let mut number = 0;
    for (since, _, face) in mine {
        number += 1;
        let name = format!("{number:03}-{}.{:03}s-{}.png", since.as_secs(), since.subsec_millis(), face.screen.name);
        write(&folder.join(name), &sca_display::draw(face, model, *since))?;
    }
    say!("{} in {}", count(number, "picture"), folder.display());
    Ok(())
}

fn write(path: &Path, picture: &sca_display::Picture) -> Result<(), String> {
    let png = picture.to_png().map_err(|error| error.to_string())?;
    sca_files::replace(path, png).map_err(|error| format!("{}: {error}", path.display()))
}
