//! The files that the simulated device keeps on its flash.

/// The parameters of the device.
pub(crate) const CONFIG: &str = "/home/usr1/flash/config.usr1";
/// The registered POS with their counters.
pub(crate) const REGISTRATIONS: &str = "/home/usr1/flash/registrations";
/// The answer of the last payment.
pub(crate) const LAST_TRANSACTION: &str = "/home/usr1/flash/last_tran.xml";
/// The most recent approved payments, for the duplicate rule.
pub(crate) const HISTORY: &str = "/home/usr1/flash/history";
/// The request of the payment that is with the host.
pub(crate) const IN_FLIGHT: &str = "/home/usr1/flash/in_flight.xml";
/// Sequence numbers of payments that still have to be reversed.
pub(crate) const REVERSALS: &str = "/home/usr1/flash/reversals";
/// Stored transactions that wait for the host.
pub(crate) const STORED: &str = "/home/usr1/flash/stored";
/// The sequence number of the last payment.
pub(crate) const SEQUENCE: &str = "/home/usr1/flash/sequence";
