//! The result of comparing a capture with the model.

use sca_judge::Failure;
use sca_model::Step;

use super::explain::Explanation;
use super::parts::Part;

/// A difference between field and model.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The kind of difference.
    pub what: What,
    /// Settings with which the model behaves like the field.
    pub explained: Vec<Explanation>,
    /// The scenario that fails because of it; all earlier differences have been resolved in it.
    pub text: String,
    /// Its failure; none if the model only has extra fields.
    pub failure: Option<Box<Failure>>,
}

/// The kind of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The same message with different fields.
    Fields(Vec<Part>),
    /// Only the field sends this message.
    OnlyField,
    /// Only the model sends this message.
    OnlyModel,
    /// Both send it, the model earlier.
    Earlier,
    /// Another behaviour of the field that the model does not show, in words.
    Other(String),
}

/// A line of the ladder diagram.
#[derive(Debug, Clone)]
pub struct Rung {
    /// The step of the scenario.
    pub step: Step,
    /// The index of its difference, if it has one.
    pub difference: Option<usize>,
}

/// The result of a comparison.
#[derive(Debug, Clone)]
pub struct Compared {
    /// All steps, in order.
    pub rungs: Vec<Rung>,
    /// The differences, in the order of the ladder.
    pub differences: Vec<Difference>,
    /// Why the comparison could not be completed, if so.
    pub stopped: Option<String>,
}
