//! What a sweep or an exploration does in a world.

use std::time::Duration;

use sca_network::Tag;

use sca_faults::probe::injection::{Injection, Kind};
use sca_faults::probe::survey::Survey;

/// What a sweep does in this world: it surveys the injection points, or injects a fault at one of them.
#[derive(Debug, Default)]
pub(crate) struct Sweeping {
    /// The survey of injection points, in an undisturbed run.
    pub(crate) survey: Option<Survey>,
    /// The fault to inject, in a disturbed run.
    pub(crate) injection: Option<Injection>,
    pub(super) struck: Option<Injected>,
    pub(super) frames: u64,
    pub(super) wind_up: Option<FinalCheck>,
}

/// An injection that has been made.
#[derive(Debug)]
pub(super) struct Injected {
    pub(super) at: Duration,
    pub(super) who: usize,
    pub(super) tag: Option<Tag>,
    /// When the power comes back, or when the silence ends.
    pub(super) next: Option<Duration>,
    pub(super) kind: Kind,
}

/// The final check of a disturbed run: the link has to come up once more, and a request has to be answered.
#[derive(Debug)]
pub(super) struct FinalCheck {
    pub(super) since: Duration,
    pub(super) asked: bool,
}

impl Sweeping {
    /// Whether this run neither surveys nor injects anything.
    pub(super) fn is_idle(&self) -> bool {
        self.survey.is_none() && self.injection.is_none()
    }

    /// Whether the fault has been injected.
    pub(crate) fn has_struck(&self) -> bool {
        self.struck.is_some()
    }

    /// When the injected fault reaches its second stage: the power comes back, or the silence ends.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.struck.as_ref().and_then(|struck| struck.next)
    }
}
