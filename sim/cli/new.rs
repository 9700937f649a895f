//! `new`: creates a scenario from a template that is valid, passes, and has comments on what to change.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::console::{complain, say};
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Theme and name, for example payments/two_cards
    #[arg(value_name = "THEME/NAME", value_parser = place)]
    place: String,
    /// Title: what the scenario shows, in one sentence
    #[arg(long, value_name = "TEXT", default_value = "Describe in one sentence what the terminal does")]
    title: String,
    /// The template
    #[arg(long, value_name = "KIND", default_value = "request")]
    like: Kind,
    /// The folder that contains the themes
    #[arg(long, value_name = "DIR", default_value = "scenarios")]
    dir: PathBuf,
}

/// The templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// A request and its response
    Request,
    /// A connection that is lost and re-established
    Link,
    /// A payment with card and host
    Payment,
    /// Only steps that an external terminal can play
    Device,
}

impl Kind {
    const fn template(self) -> &'static str {
        match self {
            Self::Request => include_str!("templates/request.sca"),
            Self::Link => include_str!("templates/link.sca"),
            Self::Payment => include_str!("templates/payment.sca"),
            Self::Device => include_str!("templates/device.sca"),
        }
    }
}

fn place(text: &str) -> Result<String, String> {
    let text = text.strip_suffix(".sca").unwrap_or(text);
    let is_name = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
    };
    let parts: Vec<&str> = text.split('/').collect();
    if parts.len() < 2 || !parts.iter().all(|part| is_name(part)) {
        return Err(
            "expected THEME/NAME in lowercase letters, digits, `_` and `-`, for example payments/two_cards".to_owned()
        );
    }
    Ok(text.to_owned())
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    let path = arguments.dir.join(&arguments.place).with_extension("sca");
    let title = sca_scenario::quote(arguments.title.trim());
    let text = arguments.like.template().replacen("\"TITLE\"", &title, 1);
    if arguments.title.trim().is_empty() {
        complain!("error: the title is empty; describe in one sentence what the scenario shows");
        return Exit::Usage;
    }
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| sca_files::create(&path, &text));
    if path.exists() && written.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::AlreadyExists) {
        complain!("error: {} already exists; choose another name", path.display());
        return Exit::CannotRun;
    }
    if let Err(error) = written {
        complain!("error: cannot write {}: {error}", path.display());
        return Exit::CannotRun;
    }
    let path = path.display();
    say!("created {path}, which passes unchanged. Next:");
    say!("  sca-sim run -t {path}         # play it, and print the transcript");
    say!("  sca-sim run --watch {path}    # play it again whenever it is saved");
    say!("  sca-sim explain {path}        # what it does, in plain words");
    say!("  sca-sim check {path}          # all problems, with carets");
    say!("  sca-sim run --update {path}   # save its transcript as its snapshot, when you are done");
    Exit::Good
}
