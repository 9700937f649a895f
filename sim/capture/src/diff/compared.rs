//! What a comparison of a capture with the model comes to.

use sca_runner::Failure;
use sca_scenario::model::Step;

use super::explain::Explanation;
use super::parts::Part;

/// One place where field and model part.
#[derive(Debug, Clone)]
pub struct Difference {
    /// What kind it is.
    pub what: What,
    /// Settings with which the model does as the field did.
    pub explained: Vec<Explanation>,
    /// The scenario that fails by it: all that was different before has been made alike.
    pub text: String,
    /// How that fails; none where it only has more to say.
    pub failure: Option<Box<Failure>>,
}

/// How field and model differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The same message, with other fields.
    Fields(Vec<Part>),
    /// The field said this, the model says nothing.
    OnlyField,
    /// The model says this, the field said nothing.
    OnlyModel,
    /// Both say it, the model earlier.
    Earlier,
    /// Something else that the field did and the model does not; in words.
    Other(String),
}

/// A line of the ladder.
#[derive(Debug, Clone)]
pub struct Rung {
    /// What was done or said.
    pub step: Step,
    /// Which difference it is, by its place in the list.
    pub difference: Option<usize>,
}

/// A capture held against the model.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Everything in its order.
    pub rungs: Vec<Rung>,
    /// Where the two part.
    pub differences: Vec<Difference>,
    /// Why the comparison could not go on to the end.
    pub stopped: Option<String>,
}
