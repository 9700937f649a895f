//! The two seams of the product: [`ClientCore`], which keeps one WebSocket connection to the broker, and [`Terminal`],
//! the device around it. It also holds *our* client core, [`Client`].
//!
//! **A client core** decides when to dial, what to send for the upgrade, whether the response is acceptable, when to
//! ping, when to close and how long to pause. It has never heard of screens, cards, sessions or a flash. It takes a
//! [`CoreInput`] with the time and returns [`CoreOutput`]s; it does no I/O, reads no clock and draws no random number
//! but from the seed in its [`CoreConfig`]. The contract is written at [`ClientCore`], and [`check_core`] runs its laws
//! on any core.
//!
//! **A terminal** is a whole device. `sca_terminal::SimulatedTerminal` is ours: it stands around any client core. A
//! device that brings its own core implements [`Terminal`] instead.
//!
//! Start with [`ClientCore`]. The values that travel are [`LinkEvent`] (what the transport tells), [`LinkReport`] (what
//! a scenario can expect) and [`Target`] (where to dial).

mod check;
mod client_core;
mod connection;
mod display;
mod flash;
mod link;
mod link_client;
mod observer;
mod retry_pause;
mod terminal;
mod timers;
mod trouble;

pub use check::{Broken, check_core};
pub use client_core::{ClientCore, CoreConfig, CoreInput, CoreOutput, CoreSettings, Timeouts};
pub use connection::{ConnectionId, Layer, LinkEvent, LinkReport, Target, TlsMaterial};
pub use display::{Display, Screen};
pub use flash::{Flash, FlashChange, FlashLog, ICON_CONNECTED, ICON_DISCONNECTED};
pub use link_client::Client;
pub use retry_pause::{pause_bounds, retry_pause};
pub use terminal::{CallEvent, CallId, Cardholder, Input, Output, Passage, Terminal, TerminalConfig};
pub use trouble::Trouble;
