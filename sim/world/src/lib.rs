//! One run of a scenario: the world with its parties, faults and driver, and the entry point [`play()`].
//!
//! It has never heard of the terminal crate: a function makes the terminals, and [`sca_core::Terminal`] is all it knows
//! of them.

mod armed;
pub mod clock;
pub mod credentials;
mod driver;
pub mod external;
mod faults;
pub mod identities;
pub mod interrupt;
pub mod options;
pub mod play;
pub mod played;
pub mod ports;
pub mod probe;
pub mod rows;
mod setup;
pub mod shell;
pub mod target;

pub use clock::{ProgressInterval, Stopwatch, today};
pub use credentials::Credentials;
pub use identities::{Authorities, Identities, IdentityError};
pub use options::{Options, Place, Probe};
pub use play::play;
pub use played::Played;
pub use rows::unplayable_on_wire;
pub use target::parse_url;
