//! Searches for failures that no scenario names: the sweep injects a fault at every point, the explorer plays seeds, and
//! the shrinker makes what failed small.

pub mod explore;
pub mod shrink;
pub mod sweep;
