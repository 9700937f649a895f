//! The table of violations: for each clause the ways in which a client core can break it, and the opportunities from
//! which each is tried.

mod boot;
mod changes;
mod handshake;
mod messages;
mod reconnect;
mod requests;

use super::wrapper::Does;

/// One way of breaking a clause.
pub(crate) struct Violation {
    pub(crate) clause: &'static str,
    pub(crate) name: &'static str,
    pub(crate) does: Does,
    /// The opportunities from which on it is tried, counted from 1.
    pub(crate) begins: &'static [u32],
}

const fn of(clause: &'static str, name: &'static str, does: Does, begins: &'static [u32]) -> Violation {
    Violation { clause, name, does, begins }
}

/// From the first, the second and the third opportunity on.
const EVER: &[u32] = &[1, 2, 3];
/// From the first and the second opportunity on.
const TWICE: &[u32] = &[1, 2];
/// From the start only.
const ONCE: &[u32] = &[1];

/// Clauses with fewer than six violations, and why there are no more.
pub(crate) const UNBREAKABLE: &[(&str, &str)] = &[
    ("CFG-01", "a core dials or it does not: at all, or at its first start only"),
    ("CON-02", "routing is the broker's part; a terminal can only say another identity than its own"),
    ("ICON-03", "a core hands over the picture that stands on the flash, or another"),
];

/// Every violation, by family of clauses.
const FAMILIES: [&[Violation]; 5] =
    [handshake::VIOLATIONS, messages::VIOLATIONS, boot::VIOLATIONS, requests::VIOLATIONS, reconnect::VIOLATIONS];

/// Every violation.
pub(crate) fn violations() -> impl Iterator<Item = &'static Violation> {
    FAMILIES.into_iter().flatten()
}
