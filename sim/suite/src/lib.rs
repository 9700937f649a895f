//! Sets of scenario files: plays them in parallel, compares their snapshots, and knows which failures are expected.
//!
//! Start with [`Suite`]; [`filter`] and [`shard`] select files, [`lint`] checks a set as a whole, [`rewrite`] replaces
//! expectations by what was seen.

pub mod audit;
pub mod filter;
pub mod known_failures;
pub mod lint;
pub mod origin;
pub mod rewrite;
pub mod shard;
pub mod snapshots;
mod suite;

pub use snapshots::{Snapshot, SnapshotMode, difference, joined};
pub use suite::{ExternalParty, FileResult, Suite, in_parallel, worst};
