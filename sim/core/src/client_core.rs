//! The contract of a client core: what it is given, what it returns, and what each of these means.

use std::time::Duration;

use sca_protocol::handshake::Proxy;
use sca_protocol::settings::{KeepAlive, RetryRules, TerminalSettings};
use sca_protocol::{Chance, Now};

use crate::connection::{ConnectionId, Layer, LinkEvent, LinkReport, Target};
use crate::trouble::Trouble;

/// A client core: keeps one WebSocket connection to the broker for ever, and passes documents over it.
///
/// # What each input means, and which outputs are legal after it
///
/// - [`CoreInput::Start`]: the device has power. The first attempt follows after [`Timeouts::boot`]; until then
///   `deadline` is that instant (BOOT-01).
/// - [`CoreInput::Tick`]: an instant named by `deadline` has passed. A tick that comes early changes nothing.
/// - An attempt begins with [`LinkReport::Attempts`] and then [`CoreOutput::Dial`], with a [`ConnectionId`] that was
///   never used before. It ends with exactly one of [`LinkReport::Fails`] and [`LinkReport::Connects`], unless a
///   `Stop` or `Leave` ends it first: then it is dropped without a report.
/// - On [`LinkEvent::Opened`] (without TLS) or [`LinkEvent::Secured`] the upgrade request goes out
///   ([`CoreOutput::Request`]). On [`LinkEvent::Answered`] the core judges the head: [`CoreOutput::Open`] and
///   [`LinkReport::Connects`], or [`CoreOutput::Drop`] and [`LinkReport::Fails`] (WS-08, BOOT-05).
/// - Each step has its limit: [`Timeouts::connect`] from the dial (the tunnel of a proxy included), [`Timeouts::tls`] from
///   `Opened`, [`Timeouts::upgrade`] from the request. At the limit: [`CoreOutput::Drop`], and [`LinkReport::Fails`] with
///   [`Reason::Timeout`](sca_protocol::Reason::Timeout).
/// - A refusal that carries Retry-After, with any status, asks for a pause that is not shorter
///   ([`retry_after`](sca_protocol::handshake::retry_after), which [`retry_pause`](crate::retry_pause()) takes).
/// - While the link is up there is a ping [`CoreSettings::ping_interval`] seconds after the last one, the first counted from
///   `Connects`, each with a payload of its own of at most 125 bytes. Only a [`LinkEvent::Pong`] with that payload ends the
///   wait; without it within [`Timeouts::pong`]: [`CoreOutput::Close`] with 1001, and [`LinkReport::Loses`].
/// - On [`LinkEvent::Violation`] the core closes with the code that came, and reports the loss. [`LinkEvent::Closed`],
///   [`LinkEvent::Lost`], and `Failed` on a link that is up are a loss. An event that does not fit the phase is ignored;
///   the transport has skipped interim responses (1xx).
/// - [`CoreOutput::Text`], [`CoreOutput::Ping`], [`CoreOutput::Received`] and [`CoreOutput::ReceivedBinary`] are legal
///   only while the link is up, on its connection.
/// - A link that was up ends with exactly one [`LinkReport::Loses`]. If the core itself ends the connection, the
///   [`CoreOutput::Close`] or [`CoreOutput::Drop`] comes before that report.
/// - After `Fails` and `Loses` the core pauses, and `deadline` is the instant of the next attempt (REC-01). It never
///   gives up. Pauses grow up to a cap ([`retry_pause`](crate::retry_pause())), and start again from the shortest after a
///   document was received on a connection, and after every `Start` (A-18).
/// - Events of a connection that was dropped, closed or lost are ignored; they may still arrive.
/// - A core with a TLS and a WebSocket of its own dials connections of [`Layer::Bytes`]. There the events are
///   [`LinkEvent::Reached`], [`LinkEvent::Bytes`], [`LinkEvent::Ended`] and [`LinkEvent::Reset`], or
///   [`LinkEvent::Failed`] before TCP is connected; the outputs are [`CoreOutput::Bytes`], [`CoreOutput::End`] and
///   [`CoreOutput::Reset`]. What is said above of reports, limits and pauses holds there too.
/// - [`CoreInput::Stop`]: the power is cut. The connection is dropped, a link that was up is reported as lost, and
///   `deadline` is `None` until the next `Start`.
/// - [`CoreInput::Leave`]: the device restarts. As `Stop`, except that a link that is up is closed with the given code
///   ([`CoreOutput::Close`]) instead of dropped.
///
/// # Laws
///
/// The core is deterministic: the same configuration and the same inputs give the same outputs. After a `Tick` has been
/// handled, `deadline` is later than `now`. The caller guarantees that `now.since_start` never decreases.
/// [`check_core`](crate::check_core) checks these laws, the order of outputs, the limits of the steps, the length of pauses,
/// Retry-After in seconds and the pings on any core. The rest is held by scenarios.
///
/// # Example
///
/// ```
/// # use std::time::Duration;
/// # use sca_core::{Client, ClientCore, CoreConfig, CoreInput, CoreOutput, CoreSettings, LinkReport};
/// # use sca_protocol::{Chance, Now, UnixTime};
/// # fn at(seconds: u64) -> Now { Now { since_start: Duration::from_secs(seconds), wall: UnixTime(1_768_467_600) } }
/// let mut core = Client::new(CoreConfig { settings: CoreSettings::default(), chance: Chance::new(1), index: 0 });
/// assert!(core.handle(at(0), CoreInput::Start).is_empty());
/// assert_eq!(core.deadline(), Some(Duration::from_secs(1)));
/// let outputs = core.handle(at(1), CoreInput::Tick);
/// assert_eq!(outputs[0], CoreOutput::Report(LinkReport::Attempts));
/// assert!(matches!(&outputs[1], CoreOutput::Dial { target, .. } if target.host == "broker.test"));
/// ```
pub trait ClientCore {
    /// Handles one input at `now` and returns the resulting outputs, in the order in which they are carried out.
    fn handle(&mut self, now: Now, input: CoreInput) -> Vec<CoreOutput>;
    /// The instant, counted from the start of the run, by which [`CoreInput::Tick`] is due; `None` if no timer runs.
    fn deadline(&self) -> Option<Duration>;
    /// Changes the settings while the core runs. Timers that run keep their instant; the next ones use the new values.
    fn configure(&mut self, settings: CoreSettings);
    /// What keeps the core from going on, if anything does. A core within this process has no trouble; one in another
    /// process can exit or fall silent.
    fn trouble(&self) -> Option<Trouble> {
        None
    }
}

/// The parameters from which a client core is made.
#[derive(Debug, Clone)]
pub struct CoreConfig {
    /// Its settings.
    pub settings: CoreSettings,
    /// The random source of its world: derive named streams from it, with `index` among the numbers, and a number that
    /// counts the draws, since the same name and numbers give the same bytes.
    pub chance: Chance,
    /// The index of its terminal among those of its world, from 0.
    pub index: u64,
}

/// The settings of a client core: the part of the terminal's settings that concerns the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreSettings {
    /// The broker, with the overrides of `COMMS.ADDRESS` and `PORT` applied.
    pub target: Target,
    /// The HTTP proxy that tunnels the connection, if there is one (WS-03).
    pub via: Option<Proxy>,
    /// TCP keep-alive of the connection.
    pub keep_alive: KeepAlive,
    /// The file with the roots that TLS trusts; empty for the built-in roots.
    pub roots: String,
    /// The value of `x-vfi-pinpad-id` (WS-07).
    pub pinpad_id: String,
    /// Whether the Host header names the port: `always`, `never`, or `auto` (only where it is not the default). It has no
    /// other value.
    pub host_port: String,
    /// Whether a space precedes the colon of that header, as in the source document's sample.
    pub header_space_before_colon: bool,
    /// Whether a response without the subprotocol `sci` is refused (WS-06).
    pub subprotocol_required: bool,
    /// Seconds between pings; 0 for no pings (PING-01).
    pub ping_interval: u64,
    /// The limits of each step.
    pub timeouts: Timeouts,
    /// The pauses between attempts.
    pub retry: RetryRules,
    /// Maximum size of a received message, in bytes. The transport holds it, except on connections of [`Layer::Bytes`].
    pub message_size_max: u64,
}

impl CoreSettings {
    /// The settings that concern the connection: those of a terminal which dials `target` unless they name another
    /// address.
    #[must_use]
    pub fn of(settings: &TerminalSettings, target: &Target) -> Self {
        let mut target = target.clone();
        if !settings.address.is_empty() {
            target.host.clone_from(&settings.address);
        }
        if let Some(port) = u16::try_from(settings.port).ok().filter(|&port| port != 0) {
            target.port = port;
        }
        Self {
            target,
            via: settings.parsed_proxy(),
            keep_alive: settings.keep_alive,
            roots: settings.roots.clone(),
            pinpad_id: settings.pinpad_id.clone(),
            host_port: settings.host_port.clone(),
            header_space_before_colon: settings.header_space_before_colon,
            subprotocol_required: settings.subprotocol_required,
            ping_interval: settings.ping_interval,
            timeouts: Timeouts {
                boot: settings.boot_time,
                connect: settings.connect_timeout,
                tls: settings.tls_timeout,
                upgrade: settings.upgrade_timeout,
                pong: settings.pong_timeout,
            },
            retry: settings.retry,
            message_size_max: settings.message_size_max,
        }
    }
}

impl Default for CoreSettings {
    /// The settings of a terminal as delivered, which dials `wss://broker.test:443`.
    fn default() -> Self {
        let target = Target { host: "broker.test".to_owned(), port: 443, secure: true };
        Self::of(&TerminalSettings::default(), &target)
    }
}

/// How long each step of a connection may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From power on to the first attempt.
    pub boot: Duration,
    /// For TCP to connect.
    pub connect: Duration,
    /// For the TLS handshake.
    pub tls: Duration,
    /// From the upgrade request to its response.
    pub upgrade: Duration,
    /// From a ping to its pong.
    pub pong: Duration,
}

/// An input of a client core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CoreInput {
    /// The device has power; the core boots.
    Start,
    /// The power is cut; everything is forgotten at once.
    Stop,
    /// The device restarts: close the connection cleanly with this code and stay down until the next start.
    Leave(u16),
    /// A deadline has passed.
    Tick,
    /// An event on a connection, possibly on one that has been given up.
    Link {
        /// The connection.
        connection: ConnectionId,
        /// The event.
        event: LinkEvent,
    },
    /// A document to send; sent only while the link is up.
    Send(String),
}

/// An output of a client core: an order to the transport, a report, or a document for the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CoreOutput {
    /// Connect, with TLS if the target is secure.
    Dial {
        /// The new connection.
        connection: ConnectionId,
        /// The target.
        target: Target,
        /// The HTTP proxy that tunnels the connection, if there is one (WS-03).
        via: Option<Proxy>,
        /// TCP keep-alive of the connection.
        keep_alive: KeepAlive,
        /// The file with the roots that TLS trusts; empty for the built-in roots.
        roots: String,
        /// What the connection carries. On one of [`Layer::Bytes`] the outputs `Bytes`, `End` and `Reset` are legal, and
        /// `Request`, `Open`, `Text`, `Ping`, `Close` and `Drop` are not.
        layer: Layer,
    },
    /// Send bytes, on a connection of [`Layer::Bytes`].
    Bytes {
        /// The connection.
        connection: ConnectionId,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Send nothing more, on a connection of [`Layer::Bytes`]; what is still to be sent is sent, and the connection is over.
    End {
        /// The connection.
        connection: ConnectionId,
    },
    /// Reset a connection of [`Layer::Bytes`].
    Reset {
        /// The connection.
        connection: ConnectionId,
    },
    /// Send the upgrade request and read the head of the response.
    Request {
        /// The connection.
        connection: ConnectionId,
        /// The upgrade request.
        bytes: Vec<u8>,
    },
    /// Accept the upgrade response: WebSocket from here on.
    Open {
        /// The connection.
        connection: ConnectionId,
    },
    /// Send a text message.
    Text {
        /// The connection.
        connection: ConnectionId,
        /// The message.
        text: String,
    },
    /// Send a ping.
    Ping {
        /// The connection.
        connection: ConnectionId,
        /// Its payload.
        payload: Vec<u8>,
    },
    /// Send a close frame, then close the connection cleanly.
    Close {
        /// The connection.
        connection: ConnectionId,
        /// The close code.
        code: u16,
        /// The mask of the frame, from [`CoreConfig::chance`]: the transport writes this frame itself, and draws nothing.
        mask: [u8; 4],
    },
    /// Abandon a connection at once.
    Drop {
        /// The connection.
        connection: ConnectionId,
    },
    /// An observation of the link that a scenario can expect.
    Report(LinkReport),
    /// A document for the device.
    Received {
        /// The connection on which it arrived; its answer belongs there.
        connection: ConnectionId,
        /// The document.
        text: String,
    },
    /// A binary message for the device, which no version of the protocol defines.
    ReceivedBinary {
        /// The connection on which it arrived.
        connection: ConnectionId,
    },
    /// The core's behaviour rests on this assumption of the register, by its id: the verdict then says so. Optional.
    Assumed(&'static str),
}
