//! What is valid and hardly meant.

use crate::model::Scenario;
use crate::problem::Problem;

/// Every warning about a scenario, in the order of its lines.
#[must_use]
pub fn warnings(_scenario: &Scenario) -> Vec<Problem> {
    Vec::new()
}
