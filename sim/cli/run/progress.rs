//! How far a run is: a bar on a terminal, a plain line now and then elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sca_runner::Lap;

use crate::terms::{complain, is_lively};

/// Seconds between two plain lines; a run that is over sooner says nothing before its end.
const PLAIN_EVERY: u64 = 10;

/// Counts what is done.
pub(super) struct Progress {
    all: usize,
    done: AtomicUsize,
    bar: ProgressBar,
    lap: Lap,
}

impl Progress {
    pub(super) fn new(all: usize) -> Self {
        let is_seen = is_lively(&std::io::stderr()) && all > 1;
        let target = if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(all as u64), target);
        let style = ProgressStyle::with_template("{bar:32} {pos} of {len} scenarios, {eta} left");
        Self {
            all,
            done: AtomicUsize::new(0),
            bar: style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style)),
            lap: Lap::start(PLAIN_EVERY),
        }
    }

    /// One more is done.
    pub(super) fn one(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.bar.inc(1);
        if self.bar.is_hidden() && self.lap.is_over() {
            complain!("{done} of {} scenarios", self.all);
        }
    }

    /// The run is over; nothing of the bar stays.
    pub(super) fn over(&self) {
        self.bar.finish_and_clear();
    }
}
