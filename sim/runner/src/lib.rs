//! The runner: plays scenarios in a world and judges them (driver, script, transcript and verdict).
//!
//! [`play()`] is the entry point of the library: it takes a scenario and a client core, and returns verdict and
//! transcript of each row.

mod armed;
pub mod audit;
mod clock;
pub mod conformance;
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
pub mod known_failures;
mod lanes;
pub mod lint;
pub mod live;
mod mask;
mod matching;
mod options;
mod oracle;
pub mod origin;
mod pairing;
mod play;
mod played;
mod projection;
mod record;
pub mod report;
pub mod rewrite;
mod rows;
mod script;
mod setup;
pub mod shard;
pub mod shell;
pub mod shrink;
pub mod snapshots;
pub mod suite;
pub mod sweep;
mod target;
mod time_format;
pub mod trace;
mod transcript;
mod verdict;
mod world;

pub use clock::{ProgressInterval, Stopwatch, today};
pub use identities::{Identities, IdentityError};
pub use mask::{mask_texts, told};
pub use options::{Options, Place, Probe};
pub use pairing::Pairing;
pub use play::play;
pub use played::Played;
pub use rows::unplayable_on_wire;
pub use sca_core::Target;
pub use target::parse_url;
pub use transcript::{scenario as text_of, verbatim};
pub use verdict::{Failure, Fix, Verdict};
