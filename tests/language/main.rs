//! Tests of the language: what is read, what is refused and how, what the editor offers, and the bundled scenarios as a catalogue.

#[path = "../common/mod.rs"]
mod common;

mod authoring;
mod catalogue;
mod faults;
mod lsp;
mod rejects;
