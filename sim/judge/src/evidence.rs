//! What a run was evidence for.

use std::collections::BTreeSet;

use crate::coverage::Met;

/// The coverage of a run: commands, result codes and faults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Commands that were answered with success, as FUNCTION_TYPE and COMMAND of their table rows.
    pub commands: BTreeSet<(String, String)>,
    /// RESULT_CODE with RESULT and RESPONSE_TEXT, in answers.
    pub codes: BTreeSet<(i32, String, String)>,
    /// The same for notices.
    pub notices: BTreeSet<(i32, String, String)>,
    /// The classes of faults that hit a terminal, with its state at that time.
    pub met: Met,
}
