//! What the outputs of a terminal mean, written once: the world and the parties in the open implement [`Ports`], and
//! [`carry_out`] calls them.

use sca_core::{CallId, ConnectionId, FlashChange, LinkReport, Output, Target};
use sca_network::{ClientOrder, Route};
use sca_protocol::UnixTime;

/// What stands around a terminal: the network, its hosts, its flash and its clock. Each method may end the run.
pub trait Ports {
    /// What ends a run.
    type Stop;

    /// Dials by a route; `roots` is the file with the roots that TLS trusts, empty for the built-in ones.
    fn dial(&mut self, connection: ConnectionId, route: Route, target: &Target, roots: &str) -> Result<(), Self::Stop>;
    /// Orders something on a connection. A `Close` is the last order on it.
    fn order(&mut self, connection: ConnectionId, order: ClientOrder) -> Result<(), Self::Stop>;
    /// Abandons a connection at once.
    fn drop_connection(&mut self, connection: ConnectionId) -> Result<(), Self::Stop>;
    /// Passes a report of the link on.
    fn report(&mut self, report: LinkReport) -> Result<(), Self::Stop>;
    /// Connects to a host, or to the POS that listens for notices at an address.
    fn call(&mut self, call: CallId, address: Option<(String, u16)>) -> Result<(), Self::Stop>;
    /// Sends a document on a plain TCP connection.
    fn say(&mut self, call: CallId, text: String) -> Result<(), Self::Stop>;
    /// Closes a plain TCP connection after everything that is queued.
    fn hang_up(&mut self, call: CallId) -> Result<(), Self::Stop>;
    /// Opens or closes the classic ports.
    fn listen(&mut self, on: bool) -> Result<(), Self::Stop>;
    /// Keeps a change of the flash.
    fn flash(&mut self, change: FlashChange) -> Result<(), Self::Stop>;
    /// Sets the clock of the device.
    fn set_clock(&mut self, at: UnixTime) -> Result<(), Self::Stop>;
    /// The power has failed during a write to the flash.
    fn power_lost(&mut self) -> Result<(), Self::Stop>;
    /// The behaviour rests on an assumption.
    fn assumed(&mut self, id: &'static str) -> Result<(), Self::Stop>;
}

/// Carries out one output of a terminal.
///
/// # Errors
/// What a port ended the run with.
pub fn carry_out<P: Ports>(ports: &mut P, output: Output) -> Result<(), P::Stop> {
    match output {
        Output::Dial { connection, target, via, keep_alive, roots } => {
            let route = Route { via, keep_alive, ..Route::direct(target.host.clone(), target.port) };
            ports.dial(connection, route, &target, &roots)
        }
        Output::Request { connection, bytes } => ports.order(connection, ClientOrder::Request(bytes)),
        Output::Open { connection } => ports.order(connection, ClientOrder::Open),
        Output::Text { connection, text } => ports.order(connection, ClientOrder::Text(text)),
        Output::Ping { connection, payload } => ports.order(connection, ClientOrder::Ping(payload)),
        Output::Close { connection, code, mask } => ports.order(connection, ClientOrder::Close(code, mask)),
        Output::Drop { connection } => ports.drop_connection(connection),
        Output::LinkReport(report) => ports.report(report),
        Output::Call { call, address } => ports.call(call, address),
        Output::Say { call, text } => ports.say(call, text),
        Output::HangUp { call } => ports.hang_up(call),
        Output::Listen(on) => ports.listen(on),
        Output::Flash(change) => ports.flash(change),
        Output::Clock(at) => ports.set_clock(at),
        Output::PowerLost => ports.power_lost(),
        Output::Assumed(id) => ports.assumed(id),
    }
}
