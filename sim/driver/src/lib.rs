//! One world (one run of a scenario) and its driver: a single task that owns every machine, the clock and the script,
//! and is the only caller of `handle`.
//!
//! Each instant runs in this order: let I/O settle; take all events of the instant, sorted by (actor, connection,
//! sequence); handle them and carry out the outputs; repeat until nothing moves; fire due deadlines in actor order;
//! sleep until the next deadline.

mod actions;
mod book;
mod broker_ports;
mod broker_side;
mod broker_state;
mod broker_under_test;
mod brokers;
mod bytes_side;
mod cardholder;
mod config;
mod connections;
mod device_under_test;
mod fault_coverage;
mod fault_state;
mod forwarding;
mod in_transit;
mod injection;
mod laws;
mod link_ends;
mod link_laws;
mod observe;
mod operator;
mod parties;
mod plain_tcp;
mod probe;
mod quiescence;
mod routing;
mod run;
mod screen;
mod settings;
mod state;
mod stop;
mod strikes;
mod terminal;
mod terminal_ports;
mod terminal_side;
mod terminal_state;
mod tls;
mod turn;

pub use config::{Keeps, Starting, WorldConfig};
pub use run::{Cast, Network, Outcome, Prepared, Task, UnderTest, run};
