//! A scenario as plain data, the table of faults, and the problems of a text. It reads nothing and runs nothing.

pub mod evidence;
mod fault;
pub mod fault_table;
mod message;
mod problem;
mod scenario;
mod step;
mod who;

pub use fault::{Bytes, Carrier, Fault, Place, Point, TLS_POINTS, Trigger};
pub use message::{Demand, Fields, Message, Op, RawFrame, Test};
pub use problem::{Problem, Span, counted};
pub use scenario::{
    Cast, Certificate, ExpectFail, Header, INVARIANTS, OtherBroker, Row, Scenario, Terminal, Waive, shown_values,
};
pub use step::{
    Action, Awaited, CardholderAct, Expect, HostAct, LinkObservation, NetworkAct, NetworkChange, Party, Pattern,
    Relation, Send, Set, Show, Source, Speaker, Step, Suffix, Within,
};
pub use who::{Count, TerminalIndex};
