//! Progress of a run: a bar on an interactive terminal, otherwise a plain line every few seconds.

use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sca_environment::ProgressInterval;

use crate::console::{complain, is_lively};

/// Seconds between two plain lines; a shorter run prints none.
const PLAIN_EVERY: u64 = 10;

/// Counts the scenarios that have been played.
pub(super) struct Progress {
    all: usize,
    done: AtomicUsize,
    bar: ProgressBar,
    lap: ProgressInterval,
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
            lap: ProgressInterval::start(PLAIN_EVERY),
        }
    }

    /// Counts one more scenario.
    pub(super) fn one(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.bar.inc(1);
        if self.bar.is_hidden() && self.lap.is_over() {
            complain!("{done} of {} scenarios", self.all);
        }
    }

    /// Ends the progress display and removes the bar.
    pub(super) fn over(&self) {
        self.bar.finish_and_clear();
    }
}
