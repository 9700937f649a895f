//! Tests of cores and verdicts: contracts, laws, planted defects, determinism, screens.

#[path = "../common/mod.rs"]
mod common;

mod conformance;
mod contract;
mod defects;
mod fleet;
mod judgement;
mod laws;
mod oracle;
mod order;
mod own_core;
mod screens;
