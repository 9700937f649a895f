//! Tests of the program: its commands, files, reports, exit codes and output.

#[path = "../common/mod.rs"]
mod common;

mod certificates;
mod cli;
mod edges;
mod ends;
mod interrupted;
mod output;
mod reads;
mod recipes;
mod runs;
mod verdicts;
mod whole;
