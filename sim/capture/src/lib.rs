//! Captures from the field: a recorder between terminals and broker, importers for other tools' captures, redaction of
//! card data, and the comparison of a capture with the simulated terminal.
//!
//! Every capture becomes one [`sca_import::Session`] per terminal, and every session becomes a scenario. Card data is redacted
//! before anything is stored.

mod audit;
pub mod calibrate;
pub mod diff;
mod fields;
mod frames;
mod generate;
pub mod load;
pub mod record;
mod redact;
mod text;

pub use audit::Audit;
pub use generate::ScenarioGenerator;
pub use redact::redacted;
