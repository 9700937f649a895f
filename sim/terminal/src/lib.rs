//! The simulated SCA terminal: the client core and the device around it, as one value-to-value machine.
//!
//! It has never heard of sockets, TLS or the broker's program. It is told what happened on its connection and what time
//! it is, and says what it wants done.

mod answer;
mod event;
mod link;
mod prompt;
mod screen;
mod terminal;

pub use event::{Cardholder, ConnectionId, Input, LinkEvent, Output, Seen, Target};
pub use link::pause;
pub use screen::{Face, Screen};
pub use terminal::Terminal;
