//! The conformance matrix, what a run proves: for each clause its evidence and verdict, the commands that were
//! answered, the codes that were produced, the assumptions that verdicts rest on, and what has no evidence.

mod compare;
mod export;
mod gather;

pub use compare::{Comparison, MatrixDocument, compare};
pub use export::{csv, page};
pub use gather::{
    Assumption, CONFORMANCE_VERSION, Clause, Code, Command, Conformance, Evidence, Row, Scenario, conformance,
};
