//! The configuration of a device under test, and the operator in front of it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The operator in front of a device under test.
pub trait Operator: Send + Sync {
    /// Tells the operator to do something now.
    fn told(&self, what: &str);
    /// Asks whether something is shown, and waits for yes or no; `None` if nobody answers.
    fn asked(&self, question: &str) -> Option<bool>;
}

/// A device under test, and how the harness connects to it and controls it.
#[derive(Clone)]
pub struct ExternalTerminal {
    /// The address on which the device finds its broker; with port 0, every scenario uses a separate free port.
    pub listen: SocketAddr,
    /// The host name by which the device finds its broker.
    pub name: String,
    /// The command that starts the device, with the placeholders `{url}`, `{ca}`, `{cert}`, `{key}`, `{pinpad}` and
    /// `{settings}`.
    pub spawn: Option<String>,
    /// The command that resets the device before each scenario.
    pub reset: Option<String>,
    /// Settings that the device is known to have, as names and values.
    pub has: Vec<(String, String)>,
    /// Settings of our broker in every scenario that does not set them itself.
    pub broker: Vec<(String, String)>,
    /// The certificate and the trusted roots of our broker, for a device that the harness does not start. Without
    /// them the device is expected to use plain ws.
    pub credentials: Option<crate::credentials::Credentials>,
    /// How long the device may take to connect for the first time.
    pub patience: Duration,
    /// Scenarios that take longer than this are inapplicable.
    pub longest: Duration,
    /// How long the device may take to hang up on an upgrade answer that it does not accept.
    pub second_thoughts: Duration,
    /// How much every deadline is extended.
    pub slack: Duration,
    /// The file to which the device's output is appended.
    pub log: Option<PathBuf>,
    /// The operator who looks at its screen and uses its cards.
    pub person: Option<Arc<dyn Operator>>,
}

impl std::fmt::Debug for ExternalTerminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ExternalTerminal {{ listen: {}, spawn: {:?} }}", self.listen, self.spawn)
    }
}

impl ExternalTerminal {
    /// Whether every scenario gets a fresh device, so that no state is left from the one before.
    pub fn is_fresh(&self) -> bool {
        self.spawn.is_some() || self.reset.is_some()
    }
}
