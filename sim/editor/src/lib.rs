//! The language server: diagnostics as one types, completion, hover and formatting for scenarios. It says what `check`
//! and `fmt` say, and offers what the tables hold; it decides nothing itself.

mod complete;
mod diagnose;
mod facts;
mod grammar;
mod hover;
mod line;
mod place;
mod session;
mod words;

pub use grammar::grammar;
pub use session::{ServeError, serve};
