//! What is secret, by the name it has: one table for everything that is shown, kept or passed on.
//!
//! Names are compared without their prefix, their case and their marks: `x:Card-Number` is `CARD_NUMBER`.

mod names;
mod text;

pub use names::{Kind, also, kind};
pub use text::{replaced, stars, without};
