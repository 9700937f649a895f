//! The transport: the memory network and real sockets, TLS, WebSocket, raw frames, and the primitives of faults.
//!
//! It makes no decisions and does not know the machines of terminals and brokers: it takes orders and posts events.

mod arrivals;
mod backpressure;
mod byte_cut;
mod bytes_client;
mod client;
mod client_setup;
mod cut_ends;
mod dialer;
mod events;
mod goodbye;
mod io_reason;
mod memory;
pub mod pem;
mod plain_tcp;
mod queue;
mod route;
mod server;
mod socket;
mod socket_filter;
mod stream;
mod tap;
pub mod tls;
mod upgrade_exchange;
mod weak_key;

pub use arrivals::{Arrivals, Last, Layer, ReceivedBytes, Spot};
pub use backpressure::{Bounds, ConnectionShare, Held, MemoryBudget};
pub use byte_cut::ByteCut;
pub use client::run as run_client;
pub use client_setup::{Carries, ClientSetup};
pub use dialer::Dialer;
pub use events::{
    CallEvent, CallOrder, ClientOrder, Cut, Direction, End, Ending, Event, Point, ServerEvent, ServerOrder, Side, Tag,
};
pub use memory::MemoryNetwork;
pub use plain_tcp::{CallLimits, call as run_call, called as run_called};
pub use queue::{ActivityCounter, EventQueue, QueuedEvent};
pub use route::{DialOutcome, Route};
pub use server::{ServerSetup, Tls as ServerTls, run as run_server};
pub use socket::{BoundPort, Listener, SocketDialer};
pub use stream::Stream;
pub use tap::TapHandle;
