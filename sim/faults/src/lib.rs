//! Faults at work: what each kind does to bytes, the faults that wait for their moment, and the injections of a sweep.

pub mod armed;
pub mod effects;
pub mod probe;
