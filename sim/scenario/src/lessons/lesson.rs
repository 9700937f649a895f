//! What a lesson holds.

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
