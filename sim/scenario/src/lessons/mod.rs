//! What each code teaches: what is wrong, why it matters, and the same thing said wrong and right.

mod meaning;
mod structure;

/// One code and its lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lesson {
    /// The code: `E` and a number for an error, `W` for a warning. A code never changes its meaning.
    pub code: &'static str,
    /// What is wrong, in a few words.
    pub says: &'static str,
    /// Why it is wrong, and what to do.
    pub why: &'static str,
    /// A scenario that has this code; empty where no text alone can have it.
    pub wrong: &'static str,
    /// The same scenario set right.
    pub right: &'static str,
}

/// Every lesson, by code.
pub fn lessons() -> impl Iterator<Item = &'static Lesson> {
    structure::LESSONS.iter().chain(meaning::LESSONS)
}

/// The lesson of a code, in capitals or not.
///
/// ```
/// assert_eq!(sca_scenario::lesson("e020").unwrap().says, "no such setting");
/// ```
#[must_use]
pub fn lesson(code: &str) -> Option<&'static Lesson> {
    lessons().find(|lesson| lesson.code.eq_ignore_ascii_case(code))
}
