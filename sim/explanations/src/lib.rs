//! What a person is told about a scenario: a lesson for each error code, and a scenario in plain English.

pub mod lessons;
pub mod plain;

pub use lessons::{Lesson, lesson, lessons};
pub use plain::explain;
