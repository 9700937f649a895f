//! Tests of field material: recordings, imports, redaction, comparisons.

#[path = "../common/mod.rs"]
mod common;

mod archives;
mod calibrate;
mod capture;
mod cards;
mod formats;
mod recordings;
mod stories;
