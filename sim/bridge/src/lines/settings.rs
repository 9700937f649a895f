//! The settings of a core, as its lines have them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The settings of a client core. Times are nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SettingsLine {
    /// The host name or address of the broker.
    pub host: String,
    /// The port of the broker.
    pub port: u16,
    /// Whether TLS is used.
    pub secure: bool,
    /// The HTTP proxy that tunnels the connection, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyLine>,
    /// The value of `x-vfi-pinpad-id`.
    pub pinpad_id: String,
    /// Whether Host names the port: `always`, `never`, or `auto` (only where it is not the default).
    pub host_port: String,
    /// Whether a space precedes the colon of `x-vfi-pinpad-id`.
    pub header_space_before_colon: bool,
    /// Whether a response without the subprotocol `sci` is refused.
    pub subprotocol_required: bool,
    /// Seconds between pings; 0 for none.
    pub ping_interval: u64,
    /// From power on to the first attempt.
    pub boot_time: u64,
    /// The limit for TCP to connect.
    pub connect_timeout: u64,
    /// The limit for the TLS handshake.
    pub tls_timeout: u64,
    /// The limit from the upgrade request to its response.
    pub upgrade_timeout: u64,
    /// The limit from a ping to its pong.
    pub pong_timeout: u64,
    /// The first pause between attempts, before jitter.
    pub retry_first: u64,
    /// The factor from one pause to the next.
    pub retry_growth: u64,
    /// The longest pause.
    pub retry_cap: u64,
    /// The most that jitter adds to a pause, in percent.
    pub retry_jitter: u64,
    /// The longest Retry-After that is honoured.
    pub retry_after_max: u64,
    /// The size of the largest message that is accepted, in bytes. The harness holds it, except at level `bytes`.
    pub message_size_max: u64,
}

/// What TLS works with, at level `bytes`: certificates and keys in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TlsLine {
    /// The trusted roots.
    pub roots: String,
    /// The revocation lists; empty if revocation is not checked.
    #[serde(default)]
    pub revocation_lists: String,
    /// The certificate chain to present; empty for none.
    pub certificate: String,
    /// The key of that certificate; empty for none.
    pub key: String,
    /// The versions to offer: `1.2`, `1.3` or `both`.
    pub versions: String,
    /// The key exchange group to offer, or `all`.
    pub groups: String,
    /// Whether sessions are resumed.
    pub resumption: bool,
}

/// An HTTP proxy. The harness asks it for the tunnel, with the credentials that it wants; a core never sees those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProxyLine {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
}
