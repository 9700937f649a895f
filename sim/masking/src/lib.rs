//! What must not be shown: card numbers in any notation, and values that are secret by their names. Everything that is
//! shown, stored or passed on goes through here.

pub mod pan;
pub mod secret;
