//! Plays one scenario file with the simulated terminal and prints its transcript.
//!
//!     cargo run --example play_a_file -- scenarios/counter/last_wins.sca

use std::path::PathBuf;
use std::process::ExitCode;

use sca_sim::{Options, play_file, simulated};

fn main() -> ExitCode {
    let path = std::env::args_os().nth(1).unwrap_or_else(|| "scenarios/counter/last_wins.sca".into());
    match play_file(&PathBuf::from(path), &Options::default(), &simulated) {
        Ok(played) => {
            played.rows().iter().for_each(|row| println!("{}", row.transcript));
            print!("{played}");
            if played.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
