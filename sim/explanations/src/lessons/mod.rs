//! Explanations of all diagnostic codes: the problem, its reason, and a wrong and a corrected example.

mod lesson;
mod meaning;
mod structure;
mod warnings;

pub use lesson::Lesson;

/// All explanations, ordered by code.
pub fn lessons() -> impl Iterator<Item = &'static Lesson> {
    structure::LESSONS.iter().chain(meaning::LESSONS).chain(warnings::LESSONS)
}

/// The explanation of a code, which is matched without regard to case.
///
/// ```
/// assert_eq!(sca_explanations::lesson("e020").unwrap().says, "no such setting");
/// ```
#[must_use]
pub fn lesson(code: &str) -> Option<&'static Lesson> {
    lessons().find(|lesson| lesson.code.eq_ignore_ascii_case(code))
}
