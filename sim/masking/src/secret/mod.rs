//! Secret values, recognised by their names: one table for everything that is shown, stored or passed on.
//!
//! Names are compared without prefix, case and punctuation: `x:Card-Number` is `CARD_NUMBER`.

mod names;
mod text;

pub use names::{Kind, add_names, kind};
pub use text::{masked_value, replaced, without};
