//! What a terminal in the open is made of, and what its operator does.

use std::net::IpAddr;
use std::path::PathBuf;

use sca_core::{Cardholder, Target};
use sca_environment::credentials::Credentials;
use sca_protocol::settings::TerminalSettings;

use crate::limits::Limits;

/// An action of the operator in front of the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A cardholder's action.
    Cardholder(Cardholder),
    /// Prints the current screen.
    Looks,
    /// Switches the power on or off.
    Power(bool),
}

/// The configuration of a terminal to run.
#[derive(Debug, Clone)]
pub struct TerminalPlan {
    /// Its settings.
    pub settings: TerminalSettings,
    /// The broker's address.
    pub target: Target,
    /// The seed of its random choices.
    pub seed: u64,
    /// The roots it trusts, and the certificate it presents.
    pub credentials: Credentials,
    /// The address on which the classic ports are opened if POSCONNECTALLOW is not WEBSOCKETS.
    pub listen_on: IpAddr,
    /// Limits for connections to its classic ports.
    pub limits: Limits,
    /// The folder that holds its flash; the flash is in memory if absent.
    pub flash: Option<PathBuf>,
}
