//! The simulated SCA terminal: the client core and the device around it, as one deterministic state machine.
//!
//! It knows no sockets, no TLS and no broker program. Its inputs are events with the time, its outputs are orders and
//! reports.

mod admission;
mod context;
mod device;
mod effects;
mod event;
mod flash;
mod host_calls;
mod host_replies;
mod line_items;
mod link;
mod outcome;
mod payment_flow;
mod payment_host;
mod power;
mod prompt;
mod queries;
mod screen;
mod security;
mod store_and_forward;
mod terminal;
mod updates;

pub use event::{
    CallEvent, CallId, Cardholder, ConnectionId, FlashChange, Input, LinkEvent, LinkReport, Output, Target,
};
pub use flash::{Flash, ICON_CONNECTED, ICON_DISCONNECTED};
pub use link::retry_pause;
pub use screen::{Display, Screen};
pub use terminal::Terminal;
