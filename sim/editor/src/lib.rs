//! Language server for scenarios: diagnostics, completion, hover and formatting. It reports what `check` and `fmt`
//! report and offers the words of the tables; it has no rules of its own.

mod complete;
mod diagnostics;
mod grammar;
mod hover;
mod items;
mod keyword_docs;
mod line;
mod positions;
mod session;

pub use grammar::grammar;
pub use session::{ServeError, serve};
