//! The simulated terminal, broker, hosts and POS on real sockets, in real time, without a scenario.

mod answer_routing;
mod broker;
mod broker_answers;
mod connections;
mod host;
mod limits;
mod live_broker;
mod live_terminal;
mod plain_tcp;
mod pos;
mod said;
mod terminal;
mod terminal_plan;
mod turn;

pub use broker::{BrokerPlan, serve};
pub use host::{HostPlan, host};
pub use limits::{Limits, SHORTAGE_PAUSE, Shortage};
pub use pos::{PosError, PosPlan, converse};
pub use said::Said;
pub use terminal::{LiveError, connect};
pub use terminal_plan::{Act, TerminalPlan};
