//! How the commands speak: colours only where a person reads them and has not said no.

use std::io::IsTerminal;

use sca_runner::report::Painter;

/// A painter for standard error.
pub(crate) fn painter() -> Painter {
    let wants_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Painter { colours: std::io::stderr().is_terminal() && !wants_none }
}
