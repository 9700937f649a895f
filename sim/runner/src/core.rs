//! The seam at which a client core stands: the simulated terminal, or another one.

use std::time::Duration;

use sca_protocol::settings::TerminalSettings;
use sca_protocol::{Chance, Now};
use sca_terminal::{Face, Flash, Input, Output, Target, Terminal};

/// A client core as a value-to-value machine.
pub trait Core {
    /// Tells it what happened, and returns what it wants done, in order.
    fn handle(&mut self, now: Now, input: Input) -> Vec<Output>;
    /// The instant by which it wants to be told of the time.
    fn deadline(&self) -> Option<Duration>;
    /// What a person sees now.
    fn face(&self) -> Face;
    /// Changes its settings while it runs.
    fn configure(&mut self, settings: TerminalSettings);
}

/// What a core is made of.
#[derive(Debug, Clone)]
pub struct Making {
    /// How it is set up.
    pub settings: TerminalSettings,
    /// Where it connects to.
    pub target: Target,
    /// The chance of its world.
    pub chance: Chance,
    /// Its place among the terminals of its world, from 0.
    pub index: u64,
    /// What stands on its flash at the start.
    pub flash: Flash,
}

/// Makes the simulated terminal.
#[must_use]
pub fn simulated(making: Making) -> Terminal {
    Terminal::new(making.settings, making.target, making.chance, making.index).with_flash(making.flash)
}

impl Core for Terminal {
    fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        Self::handle(self, now, input)
    }

    fn deadline(&self) -> Option<Duration> {
        Self::deadline(self)
    }

    fn face(&self) -> Face {
        Self::face(self)
    }

    fn configure(&mut self, settings: TerminalSettings) {
        Self::configure(self, settings);
    }
}
