//! Language server for scenarios: diagnostics, completion, hover and formatting. It reports what `check` and `fmt`
//! report and offers the words of the tables; it has no rules of its own.

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
