//! The register of assumptions, by id.

mod first;
mod second;

use super::assumption::Assumption;

/// All assumptions, by id.
pub fn all() -> impl Iterator<Item = &'static Assumption> {
    first::ROWS.iter().chain(second::ROWS)
}
