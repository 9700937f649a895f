//! What the outputs of a terminal, a broker and a host mean, written once: the world and the parties in the open
//! implement [`Ports`], [`BrokerPorts`] and [`HostPorts`], and the functions here call them.

use sca_core::{CallId, ConnectionId, FlashChange, Layer, LinkReport, Output, Passage, Target};
use sca_network::{CallOrder, ClientOrder, Route};
use sca_peers::{BrokerOutput, HostConnection, HostOutput, Peer};
use sca_protocol::UnixTime;
use sca_protocol::frame::Frame;

/// What is dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialled {
    /// The target.
    pub target: Target,
    /// The file with the roots that TLS trusts; empty for the built-in ones.
    pub roots: String,
    /// What the connection carries.
    pub layer: Layer,
}

/// What stands around a terminal: the network, its hosts, its flash and its clock. Each method may end the run.
pub trait Ports {
    /// What ends a run.
    type Stop;

    /// Dials by a route.
    fn dial(&mut self, connection: ConnectionId, route: Route, dialled: &Dialled) -> Result<(), Self::Stop>;
    /// Orders something on a connection. A `Close`, an `End` or a `Reset` is the last order on it.
    fn order(&mut self, connection: ConnectionId, order: ClientOrder) -> Result<(), Self::Stop>;
    /// A document passes between the device and a connection whose bytes nobody else can read.
    fn document(&mut self, connection: ConnectionId, passage: Passage, text: Option<String>) -> Result<(), Self::Stop>;
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
        Output::Dial { connection, target, via, keep_alive, roots, layer } => {
            let route = Route { via, keep_alive, ..Route::direct(target.host.clone(), target.port) };
            ports.dial(connection, route, &Dialled { target, roots, layer })
        }
        Output::Bytes { connection, bytes } => ports.order(connection, ClientOrder::Bytes(bytes)),
        Output::End { connection } => ports.order(connection, ClientOrder::End),
        Output::Reset { connection } => ports.order(connection, ClientOrder::Reset),
        Output::Document { connection, passage, text } => ports.document(connection, passage, text),
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

/// What stands around a broker: its connections, and those who read its log. Each method may end the run.
pub trait BrokerPorts {
    /// What ends a run.
    type Stop;

    /// Sends the answer to an upgrade request; `open` if frames follow it.
    fn answer(&mut self, peer: Peer, bytes: Vec<u8>, open: bool) -> Result<(), Self::Stop>;
    /// Sends a frame.
    fn write(&mut self, peer: Peer, frame: Frame) -> Result<(), Self::Stop>;
    /// Closes a connection.
    fn hang_up(&mut self, peer: Peer) -> Result<(), Self::Stop>;
    /// Passes on a text that a peer has sent.
    fn deliver(&mut self, peer: Peer, pinpad_id: &str, text: String) -> Result<(), Self::Stop>;
    /// A peer has broken the protocol.
    fn breach(&mut self, peer: Peer, what: &str) -> Result<(), Self::Stop>;
    /// A peer has sent what this broker does not accept.
    fn complaint(&mut self, peer: Peer, what: &str) -> Result<(), Self::Stop>;
    /// There is no connection of this pinpad id.
    fn unrouted(&mut self, pinpad_id: &str) -> Result<(), Self::Stop>;
}

/// Carries out the outputs of a broker.
///
/// # Errors
/// What a port ended the run with.
pub fn carry_out_of_broker<P: BrokerPorts>(ports: &mut P, outputs: Vec<BrokerOutput>) -> Result<(), P::Stop> {
    outputs.into_iter().try_for_each(|output| match output {
        BrokerOutput::Answer { peer, bytes, open } => ports.answer(peer, bytes, open),
        BrokerOutput::Frame { peer, frame } => ports.write(peer, frame),
        BrokerOutput::HangUp { peer } => ports.hang_up(peer),
        BrokerOutput::Deliver { peer, pinpad_id, text } => ports.deliver(peer, &pinpad_id, text),
        BrokerOutput::Breach { peer, what } => ports.breach(peer, what),
        BrokerOutput::Complaint { peer, what } => ports.complaint(peer, what),
        BrokerOutput::Unrouted { pinpad_id } => ports.unrouted(&pinpad_id),
    })
}

/// What stands around a host: its connections. The method may end the run.
pub trait HostPorts {
    /// What ends a run.
    type Stop;

    /// Orders something on a connection. A `HangUp` is the last order on it.
    fn order(&mut self, caller: HostConnection, order: CallOrder) -> Result<(), Self::Stop>;
}

/// Carries out the outputs of a host.
///
/// # Errors
/// What a port ended the run with.
pub fn carry_out_of_host<P: HostPorts>(ports: &mut P, outputs: Vec<HostOutput>) -> Result<(), P::Stop> {
    outputs.into_iter().try_for_each(|output| match output {
        HostOutput::Say { caller, text } => ports.order(caller, CallOrder::Say(text)),
        HostOutput::HangUp { caller } => ports.order(caller, CallOrder::HangUp),
    })
}
