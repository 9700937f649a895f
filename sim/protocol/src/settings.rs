//! Every setting there is: one closed table for the terminal, one for the broker, each row with its range, its source
//! and the assumption it stands for.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use crate::instant::UnixTime;
use crate::message::Layout;
pub use crate::setting::{Kind, Row, SettingError, Settings, Value, is_parameter, nearest, read_url, show_span, span};

/// What counts as "the last POS request" for GET COUNTER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterRules {
    /// A request that was understood and refused.
    pub of_refused: bool,
    /// A document that is not a valid request.
    pub of_malformed: bool,
    /// A request on the secondary channel.
    pub of_secondary: bool,
    /// A COUNTER lower than the one before.
    pub of_lower: bool,
    /// The counter survives a lost link.
    pub over_reconnect: bool,
    /// The counter survives power off and on.
    pub over_reboot: bool,
}

/// How long to wait before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryRules {
    /// The first pause at least.
    pub first: Duration,
    /// The factor from one pause to the next.
    pub growth: u64,
    /// The longest pause.
    pub cap: Duration,
    /// What chance may add, in percent of the pause.
    pub jitter_percent: u64,
    /// The longest Retry-After that is followed.
    pub retry_after_max: Duration,
}

macro_rules! settings {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident : $type:ty = $init:expr,)* }
     rows { $($row:expr,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }

        impl Settings for $name {
            fn table() -> &'static [Row<Self>] {
                const TABLE: &[Row<$name>] = &[$($row,)*];
                TABLE
            }
        }

        impl Default for $name {
            fn default() -> Self {
                // The table is read once; every world begins with a copy of what it says.
                static MADE: LazyLock<$name> = LazyLock::new(|| {
                    let mut made = $name { $($field: $init,)* };
                    for row in $name::table().iter().filter(|row| !row.default.is_empty()) {
                        let value = row.kind.read(row.default);
                        (row.set)(&mut made, value.expect("every default of the table is a value of its kind"));
                    }
                    made
                });
                MADE.clone()
            }
        }
    };
}

macro_rules! row {
    ($name:literal, $kind:expr, $default:literal, $source:literal, $meaning:literal, $variant:ident, $($field:ident).+) => {
        Row {
            name: $name, kind: $kind, default: $default, meaning: $meaning, source: $source,
            set: |to, value| if let Value::$variant(value) = value { to.$($field).+ = value.into() },
        }
    };
}

/// The models the source lists for WebSocket (DEV-01).
pub const MODELS: &[&str] = &["e280", "e285", "M400", "M440", "P200", "P400", "V200", "V400c", "V400m"];

const NAME: Kind = Kind::Text(64);
const WAIT: Kind = Kind::Span(10, 3_600_000);

settings! {
    /// How a simulated terminal is set up.
    TerminalSettings {
        /// The device model.
        model: String = String::new(),
        /// Its identity towards the broker.
        pinpad_id: String = String::new(),
        /// POSCONNECTALLOW.
        pos_connect_allow: String = String::new(),
        /// SKIPPOSAUTH.
        skip_pos_auth: u64 = 0,
        /// WEBSOCKETADDRESS_; the broker's url decides when it is empty.
        address: String = String::new(),
        /// WEBSOCKETPORT_; the broker's url decides when it is 0.
        port: u64 = 0,
        /// Seconds between pings; 0 for none.
        ping_interval: u64 = 0,
        /// What the device's clock shows at power on; the scenario's clock when absent.
        clock: Option<UnixTime> = None,
        /// The identity it shows to the broker.
        certificate: String = String::new(),
        /// The authority it trusts.
        authority: String = String::new(),
        /// TLS resumption.
        resumption: bool = false,
        /// Time from power on to the first attempt.
        boot_time: Duration = Duration::ZERO,
        /// Pauses between attempts.
        retry: RetryRules = RetryRules {
            first: Duration::ZERO, growth: 0, cap: Duration::ZERO, jitter_percent: 0, retry_after_max: Duration::ZERO,
        },
        /// Limit for the TCP connection.
        connect_timeout: Duration = Duration::ZERO,
        /// Limit for the TLS handshake.
        tls_timeout: Duration = Duration::ZERO,
        /// Limit for the answer to the upgrade.
        upgrade_timeout: Duration = Duration::ZERO,
        /// Limit for a pong.
        pong_timeout: Duration = Duration::ZERO,
        /// Bytes of a WebSocket message.
        message_size_max: u64 = 0,
        /// Bytes of an XML document.
        document_size_max: u64 = 0,
        /// A blank before the colon of x-vfi-pinpad-id.
        header_space_before_colon: bool = false,
        /// When the port stands in Host: auto, always or never.
        host_port: String = String::new(),
        /// A 101 without a subprotocol is refused.
        subprotocol_required: bool = false,
        /// Layout of responses.
        response_layout: String = String::new(),
        /// A response repeats the COUNTER of its request.
        echo_counter: bool = false,
        /// What counts for GET COUNTER.
        counter: CounterRules = CounterRules {
            of_refused: false, of_malformed: false, of_secondary: false, of_lower: false,
            over_reconnect: false, over_reboot: false,
        },
        /// A session survives power off and on.
        session_over_reboot: bool = false,
        /// How long a prompt waits for the cardholder; 0 for ever.
        prompt_timeout: Duration = Duration::ZERO,
    }
    rows {
        row!("model", NAME, "M400", "DEV-01", "Device model; WebSocket is refused on models the source does not list", Text, model),
        row!("pinpad-id", NAME, "1", "HS-07", "Identity of the terminal, sent as x-vfi-pinpad-id", Text, pinpad_id),
        row!("POSCONNECTALLOW", Kind::Choice(&["WEBSOCKETS", "ETHERNET"]), "WEBSOCKETS", "CFG-01", "How a POS may connect; any value but WEBSOCKETS leaves the WebSocket client off", Text, pos_connect_allow),
        row!("SKIPPOSAUTH", Kind::Number(1, 1), "1", "CFG-02", "1: MAC fields are ignored and SECURITY commands refused", Number, skip_pos_auth),
        row!("WEBSOCKETADDRESS_", Kind::Text(200), "", "WebSocket Parameters", "Broker address, name or IP; the broker's url when absent", Text, address),
        row!("WEBSOCKETPORT_", Kind::Number(1, 65_535), "", "WebSocket Parameters", "Broker port; the broker's url when absent", Number, port),
        row!("WEBSOCKETPINGINTERVAL_1", Kind::Number(0, 3_600), "45", "WebSocket Parameters", "Seconds between pings of the terminal; 0 sends none", Number, ping_interval),
        row!("clock", Kind::Instant, "", "language", "What the device's clock shows at power on; the scenario's clock when absent", Instant, clock),
        row!("certificate", NAME, "terminal", "language", "Name of the identity the terminal shows; none shows none", Text, certificate),
        row!("authority", Kind::Choice(&["authority", "stranger"]), "authority", "language", "The authority the terminal trusts", Text, authority),
        row!("resumption", Kind::Flag, "no", "A-01", "TLS sessions are resumed; a resumed handshake checks no certificate", Flag, resumption),
        row!("boot-time", Kind::Span(0, 600_000), "1s", "A-27", "Time from power on to the first attempt", Span, boot_time),
        row!("retry-first", WAIT, "1s", "A-02", "The first pause before another attempt", Span, retry.first),
        row!("retry-growth", Kind::Number(1, 10), "2", "A-02", "Factor from one pause to the next", Number, retry.growth),
        row!("retry-cap", WAIT, "60s", "A-02", "The longest pause", Span, retry.cap),
        row!("retry-jitter", Kind::Number(0, 100), "100", "A-02", "What chance may add, in percent of the pause", Number, retry.jitter_percent),
        row!("retry-after-max", Kind::Span(0, 86_400_000), "1h", "A-03", "The longest Retry-After that is followed; 0ms follows none", Span, retry.retry_after_max),
        row!("connect-timeout", WAIT, "10s", "A-04", "Limit for the TCP connection", Span, connect_timeout),
        row!("tls-timeout", WAIT, "10s", "A-04", "Limit for the TLS handshake", Span, tls_timeout),
        row!("upgrade-timeout", WAIT, "10s", "A-04", "Limit for the answer to the upgrade", Span, upgrade_timeout),
        row!("pong-timeout", WAIT, "10s", "A-05", "Limit for a pong; then the link counts as lost", Span, pong_timeout),
        row!("message-size-max", Kind::Number(1_024, 16_777_216), "1048576", "A-06", "Bytes of a WebSocket message; a longer one is closed with 1009", Number, message_size_max),
        row!("document-size-max", Kind::Number(256, 16_777_216), "65536", "A-06", "Bytes of an XML document; a longer one is answered with an error", Number, document_size_max),
        row!("header-space-before-colon", Kind::Flag, "no", "A-07", "x-vfi-pinpad-id is sent with the sample's blank before the colon", Flag, header_space_before_colon),
        row!("host-port", Kind::Choice(&["auto", "always", "never"]), "auto", "A-08", "When the port stands in Host and Origin; auto: when it is not the scheme's default", Text, host_port),
        row!("subprotocol-required", Kind::Flag, "no", "HS-08", "A 101 that names no subprotocol is refused", Flag, subprotocol_required),
        row!("response-layout", Kind::Choice(&["indented", "compact"]), "indented", "A-09", "Layout of the terminal's documents", Text, response_layout),
        row!("echo-counter", Kind::Flag, "yes", "A-10", "A response repeats the COUNTER of its request", Flag, echo_counter),
        row!("counter-of-refused", Kind::Flag, "yes", "A-11", "GET COUNTER counts requests that were refused", Flag, counter.of_refused),
        row!("counter-of-malformed", Kind::Flag, "no", "A-12", "GET COUNTER counts documents that are no valid request", Flag, counter.of_malformed),
        row!("counter-of-secondary", Kind::Flag, "yes", "A-13", "GET COUNTER counts requests on the secondary channel", Flag, counter.of_secondary),
        row!("counter-of-lower", Kind::Flag, "yes", "A-14", "GET COUNTER counts a COUNTER lower than the one before", Flag, counter.of_lower),
        row!("counter-over-reconnect", Kind::Flag, "yes", "A-15", "GET COUNTER remembers over a lost link", Flag, counter.over_reconnect),
        row!("counter-over-reboot", Kind::Flag, "no", "A-16", "GET COUNTER remembers over power off and on", Flag, counter.over_reboot),
        row!(
            "prompt-timeout",
            Kind::Span(0, 3_600_000),
            "60s",
            "A-32",
            "How long a prompt waits for the cardholder; 0ms for ever",
            Span,
            prompt_timeout
        ),
        row!("session-over-reboot", Kind::Flag, "no", "A-17", "A session survives power off and on", Flag, session_over_reboot),
    }
}

settings! {
    /// How the broker is set up, and the network before it.
    BrokerSettings {
        /// Where terminals find it.
        url: String = String::new(),
        /// Whether terminals must show a certificate: required, optional or none.
        client_certificates: String = String::new(),
        /// The subprotocol it names in its 101; none leaves the header out.
        subprotocol: String = String::new(),
        /// The identity it shows.
        certificate: String = String::new(),
        /// The authority it trusts for terminals.
        authority: String = String::new(),
        /// Its own clock; the scenario's when absent.
        clock: Option<UnixTime> = None,
        /// TLS versions it speaks.
        tls: String = String::new(),
        /// TLS resumption.
        resumption: bool = false,
        /// A text message in the segment of the 101.
        greeting: String = String::new(),
        /// Answers pings.
        answers_pings: bool = true,
        /// Answers a close.
        answers_close: bool = true,
        /// Latency each way.
        latency: Duration = Duration::ZERO,
        /// Bytes a second each way; 0 for no limit.
        bandwidth: u64 = 0,
    }
    rows {
        row!("url", Kind::Url, "wss://broker.test:443", "language", "Where terminals find the broker: ws:// or wss://, name, port", Text, url),
        row!("client-certificates", Kind::Choice(&["required", "optional", "none"]), "required", "language", "Whether terminals must show a certificate (wss)", Text, client_certificates),
        row!("subprotocol", NAME, "none", "HS-08", "Subprotocol named in the 101; none leaves the header out, as the sample does", Text, subprotocol),
        row!("certificate", NAME, "broker", "language", "Name of the identity the broker shows", Text, certificate),
        row!("authority", Kind::Choice(&["authority", "stranger"]), "authority", "language", "The authority whose terminals the broker trusts", Text, authority),
        row!("clock", Kind::Instant, "", "language", "The broker's clock at the start; the scenario's clock when absent", Instant, clock),
        row!("tls", Kind::Choice(&["both", "1.2", "1.3"]), "both", "language", "TLS versions the broker speaks", Text, tls),
        row!("resumption", Kind::Flag, "no", "language", "The broker offers TLS resumption", Flag, resumption),
        row!(
            "greeting",
            Kind::Text(4_096),
            "",
            "WS-06",
            "A text message the broker sends in the very segment of its 101",
            Text,
            greeting
        ),
        row!("answers-pings", Kind::Flag, "yes", "RFC 6455", "A ping is answered by a pong", Flag, answers_pings),
        row!("answers-close", Kind::Flag, "yes", "RFC 6455", "A close is answered by a close", Flag, answers_close),
        row!("latency", Kind::Span(1, 60_000), "2ms", "language", "Latency each way", Span, latency),
        row!("bandwidth", Kind::Number(0, 1_000_000_000), "0", "language", "Bytes a second each way; 0 for no limit", Number, bandwidth),
    }
}

impl TerminalSettings {
    /// Whether the source lists the model for WebSocket (DEV-01).
    #[must_use]
    pub fn is_known_model(&self) -> bool {
        MODELS.contains(&self.model.as_str())
    }

    /// The layout of the terminal's documents.
    #[must_use]
    pub fn layout(&self) -> Layout {
        if self.response_layout == "compact" { Layout::Compact } else { Layout::Indented }
    }
}

/// The settings named in `chosen`, applied over the defaults.
///
/// # Errors
/// [`SettingError`] of the first that does not fit.
pub fn with<T: Settings + Default>(chosen: &BTreeMap<String, String>) -> Result<T, SettingError> {
    let mut made = T::default();
    chosen.iter().try_for_each(|(name, value)| made.set(name, value))?;
    Ok(made)
}
