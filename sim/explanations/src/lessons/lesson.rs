//! The explanation of one diagnostic code.

/// A diagnostic code with its explanation and examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lesson {
    /// The code: `E` and a number for an error, `W` and a number for a warning. A code never changes its meaning.
    pub code: &'static str,
    /// The problem, in a few words.
    pub says: &'static str,
    /// Why it is a problem, and how to fix it.
    pub why: &'static str,
    /// A scenario that triggers this code; empty if no scenario text alone can trigger it.
    pub wrong: &'static str,
    /// The corrected scenario.
    pub right: &'static str,
}
