//! The interface of a client core: the simulated terminal implements it, and another core can take its place.

use std::time::Duration;

use sca_protocol::settings::TerminalSettings;
use sca_protocol::{Chance, Now};
use sca_terminal::{Display, Flash, Input, Output, Target, Terminal};

/// A client core: a state machine that takes inputs and returns outputs, without I/O or a clock of its own.
pub trait Core {
    /// Handles one input at `now` and returns the resulting outputs, in order.
    fn handle(&mut self, now: Now, input: Input) -> Vec<Output>;
    /// The instant by which it has to be called again because of a timer; `None` if no timer runs.
    fn deadline(&self) -> Option<Duration>;
    /// What its display shows now: screen and icon.
    fn face(&self) -> Display;
    /// Changes the settings while the core runs.
    fn configure(&mut self, settings: TerminalSettings);
}

/// The parameters from which a core is made.
#[derive(Debug, Clone)]
pub struct CoreConfig {
    /// Its settings.
    pub settings: TerminalSettings,
    /// The broker that it connects to.
    pub target: Target,
    /// The random source of its world.
    pub chance: Chance,
    /// Its index among the terminals of its world, from 0.
    pub index: u64,
    /// The content of its flash at the start.
    pub flash: Flash,
}

/// Makes a simulated terminal.
#[must_use]
pub fn simulated(making: CoreConfig) -> Terminal {
    Terminal::new(making.settings, making.target, making.chance, making.index).with_flash(making.flash)
}

impl Core for Terminal {
    fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        Self::handle(self, now, input)
    }

    fn deadline(&self) -> Option<Duration> {
        Self::deadline(self)
    }

    fn face(&self) -> Display {
        Self::face(self)
    }

    fn configure(&mut self, settings: TerminalSettings) {
        Self::configure(self, settings);
    }
}
