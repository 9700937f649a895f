//! The scenario language: parser, checks, printer, formatter and JSON export.
//!
//! Faults, identities and settings are plain data here. This crate reads no files and runs nothing.

mod action;
mod arrow;
mod calls;
mod cast;
mod check;
mod check_blocks;
mod check_cast;
mod check_names;
mod cursor;
mod expand;
mod export;
mod file;
mod format;
mod host;
mod library;
mod lints;
mod message;
mod names;
mod network;
mod observation;
mod parse_fault;
mod print;
mod print_parts;
mod step;
mod suffix;
mod suppressed;
mod table;
mod title_line;
mod tree;
mod unknown;

pub use check_names::split_sum;
pub use export::{EXPORT_VERSION, export};
pub use file::{Beside, Outline};
pub use format::format;
pub use library::{Library, is_library};
pub use lints::warnings;
pub use message::matches;
pub use print::{Printer, fields_into, stamp_into};
pub use print_parts::{count as count_into, fault as fault_into, tests as tests_into};
pub use tree::{FILE_BYTES_MAX, quote, unquote};

/// Parses the text of a scenario that uses no library and no table, and checks no clause ids.
///
/// # Errors
/// Every [`sca_model::Problem`] found in the text.
///
/// ```
/// let text = "scenario \"It connects\"\n\nterminal connects\n";
/// assert_eq!(sca_scenario::parse(text).unwrap().rows.len(), 1);
/// ```
pub fn parse(text: &str) -> Result<sca_model::Scenario, Vec<sca_model::Problem>> {
    Outline::read(text).scenario(&Beside::default())
}
