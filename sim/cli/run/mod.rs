//! `run`: plays scenarios, reports their verdicts and compares their snapshots.

mod arguments;
mod audit;
mod chosen;
pub(crate) mod device;
mod last;
mod lines;
mod play;
mod progress;
mod stream;
mod tell;
mod watch;

pub(crate) use arguments::Arguments;
pub(crate) use chosen::matching;
pub(crate) use play::run;
