//! What a sweep puts into a world: the injection of one fault, and the survey of the points where one can stand.

pub mod injection;
pub mod survey;
