//! `run`: plays scenarios, reports their verdicts and compares their snapshots.

mod arguments;
mod audit;
pub(crate) mod external;
mod json_lines;
mod last_run;
mod play;
mod print;
mod progress;
mod selection;
mod update_lines;
mod watch;

pub(crate) use arguments::Arguments;
pub(crate) use play::run;
pub(crate) use selection::matching;
