//! The simulated SCA terminal: the client core and the device around it, as one deterministic state machine.
//!
//! It knows no sockets, no TLS and no broker program. Its inputs are events with the time, its outputs are orders and
//! reports.

mod admit;
mod change;
mod deeds;
mod device;
mod errand;
mod event;
mod flash;
mod hosts;
mod items;
mod link;
mod outcome;
mod pay;
mod payment;
mod power;
mod prompt;
mod screen;
mod security;
mod stored;
mod tell;
mod terminal;
mod work;

pub use event::{
    CallEvent, CallId, Cardholder, ConnectionId, FlashChange, Input, LinkEvent, LinkReport, Output, Target,
};
pub use flash::{Flash, ICON_CONNECTED, ICON_DISCONNECTED};
pub use link::retry_pause;
pub use screen::{Display, Screen};
pub use terminal::Terminal;
