//! `lsp`: the language server, on standard input and output.

use clap::Args;

use crate::console::{complain, put};
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Print the TextMate grammar instead, for editors that use one for highlighting
    #[arg(long)]
    grammar: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    if arguments.grammar {
        put!("{:#}", sca_editor::grammar());
        return Exit::Good;
    }
    match sca_editor::serve() {
        Ok(true) => Exit::Good,
        // LSP requires exit code 1 if `exit` comes without `shutdown`.
        Ok(false) => Exit::Failed,
        Err(error) => {
            complain!("error: {error}");
            Exit::CannotRun
        }
    }
}
