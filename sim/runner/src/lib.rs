//! The runner: plays scenarios in a world and judges them (driver, script, transcript and verdict).
//!
//! [`play()`] is the entry point of the library: it takes a scenario and a client core, and returns verdict and
//! transcript of each row.

mod armory;
pub mod audit;
mod cards;
mod clock;
pub mod conformance;
mod core;
pub mod coverage;
mod describe;
pub mod explore;
pub mod external;
pub mod faults;
pub mod files;
pub mod filter;
mod identities;
pub mod inapplicable;
pub mod interrupt;
mod lanes;
pub mod ledger;
pub mod live;
mod matching;
mod moment;
mod options;
pub mod origin;
mod pairing;
mod play;
mod played;
mod projection;
mod record;
mod reference;
pub mod relines;
pub mod report;
mod rows;
mod script;
pub mod shard;
pub mod shell;
pub mod shrink;
pub mod snapshots;
mod stage;
pub mod suite;
pub mod sweep;
mod target;
pub mod tidy;
pub mod trace;
mod transcript;
mod verdict;
mod world;

pub use cards::{mask_texts, told};
pub use clock::{ProgressInterval, Stopwatch, today};
pub use core::{Core, CoreConfig, simulated};
pub use identities::{Identities, IdentityError};
pub use options::{Options, Place, Probe};
pub use pairing::Pairing;
pub use play::play;
pub use played::Played;
pub use rows::unplayable_on_wire;
pub use sca_terminal::Target;
pub use target::parse_url;
pub use transcript::{scenario as text_of, verbatim};
pub use verdict::{Failure, Fix, Verdict};
