//! Plays scenarios in a world and judges them: the driver, the script, the transcript and the verdict.
//!
//! [`play()`] is the library face: a scenario, a client core, and what came of it.

mod armory;
mod around;
mod asked;
pub mod audit;
pub mod beyond;
mod cards;
mod choices;
mod clock;
pub mod conformance;
mod core;
pub mod coverage;
mod eased;
pub mod explore;
mod failing;
pub mod faults;
pub mod files;
pub mod filter;
mod guard;
mod identities;
mod lanes;
pub mod ledger;
pub mod live;
mod look;
mod matching;
pub mod outside;
mod play;
mod projection;
mod record;
mod reference;
mod relations;
pub mod relines;
pub mod report;
mod rows;
mod script;
pub mod shard;
pub mod shrink;
pub mod snapshots;
mod stage;
pub mod suite;
pub mod sweep;
pub mod tidy;
pub mod trace;
mod transcript;
mod verdict;
mod world;

pub use cards::mask_texts;
pub use clock::{Lap, Since, today};
pub use core::{Core, Making, simulated};
pub use identities::{Identities, IdentityError};
pub use play::{Options, Place, Probe, parse_url, play};
pub use rows::unplayable_on_wire;
pub use transcript::{scenario as text_of, verbatim};
pub use verdict::{Failure, Fix, Played, Verdict};
