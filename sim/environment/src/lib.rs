//! What a run stands on: clocks, certificates, addresses, the ports of machines, and devices and brokers under test.

pub mod broker_under_test;
pub mod clock;
pub mod credentials;
pub mod device;
pub mod identities;
pub mod ports;
pub mod shell;
pub mod target;

pub use clock::{ProgressInterval, Stopwatch, today};
pub use credentials::Credentials;
pub use identities::{Authorities, Identities, IdentityError};
pub use target::parse_url;
