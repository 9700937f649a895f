//! Tests of cores and verdicts: contracts, laws, planted defects, determinism, screens.

#[path = "../common/mod.rs"]
mod common;

mod conformance;
mod contract;
mod defects;
mod example_core;
mod fleet;
mod judgement;
mod laws;
mod oracle;
mod order;
mod screens;
