//! What a run leaves behind: the record of its events, and the evidence for its verdict.

use std::collections::BTreeSet;
use std::time::Duration;

use sca_core::Display;
use sca_judge::record::Record;

use sca_judge::evidence::Evidence;

/// Everything that is written down during a run.
pub(crate) struct Book {
    pub(crate) record: Record,
    /// The commands that were answered, the codes that were produced, and other evidence for coverage.
    pub(crate) evidence: Evidence,
    /// Plaintext frames, if they are kept.
    pub(crate) frames: String,
    /// The displays that were shown, if they are kept.
    pub(crate) displays: Vec<(Duration, usize, Display)>,
    /// Assumptions that answers rested on.
    pub(crate) assumed: BTreeSet<&'static str>,
    /// The law that was broken, and how; the run goes on until the end of the instant.
    pub(super) violation: Option<(&'static str, String)>,
    /// Waivers that were needed.
    pub(super) waived: BTreeSet<String>,
    /// Number of observations so far.
    pub(super) sequence: u64,
    /// Number of messages so far.
    pub(super) messages: u32,
}

impl Book {
    /// Creates an empty book. `keeps_trace` says whether every entry is kept for a trace.
    pub(super) fn new(keeps_trace: bool) -> Self {
        Self {
            record: Record::new(keeps_trace),
            evidence: Evidence::default(),
            frames: String::new(),
            displays: Vec::new(),
            assumed: BTreeSet::new(),
            violation: None,
            waived: BTreeSet::new(),
            sequence: 0,
            messages: 0,
        }
    }
}
