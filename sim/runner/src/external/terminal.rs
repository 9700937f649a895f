//! A device under test, and who sits before it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Whoever sits before a device under test.
pub trait Person: Send + Sync {
    /// Says what has to be done now.
    fn told(&self, what: &str);
    /// Asks what is seen, and waits for yes or no; nothing where nobody answers.
    fn asked(&self, question: &str) -> Option<bool>;
}

/// A device under test, and how the harness gets at it.
#[derive(Clone)]
pub struct ExternalTerminal {
    /// Where the device finds its broker; with port 0 every scenario has a port of its own.
    pub listen: SocketAddr,
    /// The name by which the device finds it.
    pub name: String,
    /// The command that starts the device, with `{url}`, `{ca}`, `{cert}`, `{key}`, `{pinpad}` and `{settings}` in it.
    pub spawn: Option<String>,
    /// The command that resets the device before each scenario.
    pub reset: Option<String>,
    /// Settings that the device is known to have.
    pub has: Vec<(String, String)>,
    /// Settings of our broker in every scenario that does not set them.
    pub broker: Vec<(String, String)>,
    /// What the broker shows and whom it trusts, for a device that is not started here; without it the device is
    /// expected to speak ws.
    pub credentials: Option<crate::live::Credentials>,
    /// How long the device may take to come.
    pub patience: Duration,
    /// Scenarios that take longer are not played.
    pub longest: Duration,
    /// How long the device may take to hang up on an answer that it does not accept.
    pub second_thoughts: Duration,
    /// What every deadline is stretched by.
    pub slack: Duration,
    /// Where what the device prints is appended.
    pub log: Option<PathBuf>,
    /// Who looks at its screen and uses its cards.
    pub person: Option<Arc<dyn Person>>,
}

impl std::fmt::Debug for ExternalTerminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ExternalTerminal {{ listen: {}, spawn: {:?} }}", self.listen, self.spawn)
    }
}

impl ExternalTerminal {
    /// Whether the devices of a scenario are its own, so that nothing is left of the one before.
    pub(crate) fn is_fresh(&self) -> bool {
        self.spawn.is_some() || self.reset.is_some()
    }
}
