//! `lsp`: the language server, on standard input and output.

use crate::Exit;
use crate::terms::complain;

pub(crate) fn run() -> Exit {
    match sca_editor::serve() {
        Ok(()) => Exit::Good,
        Err(error) => {
            complain!("error: {error}");
            Exit::CannotRun
        }
    }
}
