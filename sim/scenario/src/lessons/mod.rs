//! What each code teaches: what is wrong, why it matters, and the same thing said wrong and right.

mod lesson;
mod meaning;
mod structure;

pub use lesson::Lesson;

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
