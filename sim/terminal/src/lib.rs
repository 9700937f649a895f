//! The simulated SCA terminal: sessions, commands, payments, hosts, flash, screen and cardholder, around any client core.
//!
//! It has never heard of sockets, TLS or a broker program, and it does not dial: [`sca_core::ClientCore`] does. Its inputs
//! are events with the time, its outputs are orders and reports.
//!
//! [`simulated`] makes one around our client core; [`SimulatedTerminal::around`] takes another.

mod admission;
mod context;
mod device;
mod effects;
mod flash_files;
mod host_calls;
mod host_replies;
mod line_items;
mod outcome;
mod payment_flow;
mod payment_host;
mod pos_prompt;
mod power;
mod queries;
mod security;
mod store_and_forward;
mod terminal;
mod updates;

pub use terminal::SimulatedTerminal;

use sca_core::{Client, TerminalConfig};

/// Makes a simulated terminal around the client core of this project.
#[must_use]
pub fn simulated(config: TerminalConfig) -> SimulatedTerminal {
    SimulatedTerminal::around(config, Client::new)
}
