//! What a person sees of a terminal, as pixels of the model's display: the screen, and the status bar with its icon.
//!
//! It draws what it is told and decides nothing: the same face on the same model gives the same pixels.

mod picture;

pub use picture::{NotAPicture, Picture, is_picture};
