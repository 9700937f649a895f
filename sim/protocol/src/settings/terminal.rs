//! The settings of a terminal: one row each, with its range, its source and its assumption.

use std::sync::LazyLock;
use std::time::Duration;

use super::rows::{GROUPS, NAME, REVOCATION, TLS, WAIT, row, settings};
use super::rules::{ClassicPorts, CounterRules, KeepAlive, MessageRules, NoticeRules, PaymentRules, RetryRules};
use super::setting::{Kind, Place, Row, Settings, Shown, Value, parse_host_port};
use crate::handshake::Proxy;
use crate::instant::UnixTime;
use crate::message::Layout;
use crate::models::Model;

settings! {
    /// The settings of a simulated terminal.
    TerminalSettings {
        /// The device model.
        model: String = String::new(),
        /// The identity it sends to the broker.
        pinpad_id: String = String::new(),
        /// POSCONNECTALLOW.
        pos_connect_allow: String = String::new(),
        /// SKIPPOSAUTH.
        skip_pos_auth: u64 = 0,
        /// WEBSOCKETADDRESS_; if empty, the broker's url is used.
        address: String = String::new(),
        /// WEBSOCKETPORT_; if 0, the broker's url is used.
        port: u64 = 0,
        /// TCP keep-alive of the connection to the broker.
        keep_alive: KeepAlive = KeepAlive { enabled: 0, count: 0, idle: 0, interval: 0 },
        /// WEBSOCKETSSL_CA_CERT_FILE_; if empty, the setting `authority` is used.
        roots: String = String::new(),
        /// Seconds between pings; 0 for none.
        ping_interval: u64 = 0,
        /// The time on the device's clock at power on; the scenario's clock if absent.
        clock: Option<UnixTime> = None,
        /// The name of the identity it presents to the broker.
        certificate: String = String::new(),
        /// The authority it trusts.
        authority: String = String::new(),
        /// Whether TLS sessions are resumed.
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
        /// The largest WebSocket message, in bytes.
        message_size_max: u64 = 0,
        /// The largest XML document, in bytes.
        document_size_max: u64 = 0,
        /// Whether a space precedes the colon of x-vfi-pinpad-id.
        header_space_before_colon: bool = false,
        /// When Host contains the port: auto, always or never.
        host_port: String = String::new(),
        /// Whether a 101 without a subprotocol is refused.
        subprotocol_required: bool = false,
        /// Layout of responses.
        response_layout: String = String::new(),
        /// Whether a response repeats the COUNTER of its request.
        echo_counter: bool = false,
        /// Which requests count for GET COUNTER.
        counter: CounterRules = CounterRules {
            of_refused: false, of_malformed: false, of_secondary: false, of_lower: false,
            over_reconnect: false, over_reboot: false,
        },
        /// Whether a session survives power off and on.
        session_over_reboot: bool = false,
        /// AUTOPAIR.
        auto_pair: u64 = 0,
        /// How many POS can be registered.
        registrations_max: u64 = 0,
        /// When and how notices are sent.
        notices: NoticeRules = NoticeRules { wanted: false, way: String::new(), need_address: false },
        /// The settings of payments.
        payment: PaymentRules = PaymentRules {
            card_timeout: Duration::ZERO, result_time: Duration::ZERO, host_timeout_ms: 0, offline_limit: 0,
            offline_interval: Duration::ZERO, beside_online: 0, duplicates: 0, descriptive: false, contactless: false,
            asks_tender: false, asks_removal: false, reads_ahead: false, last_from_host: 0, late_answer: false, decline_is_success: false,
        },
        /// HOST:PORT of the payment host, for a terminal on real sockets.
        payment_host: String = String::new(),
        /// HOST:PORT of the estate host, for a terminal on real sockets.
        estate_host: String = String::new(),
        /// How long an update takes.
        update_time: Duration = Duration::ZERO,
        /// DEVICENAMEENABLED.
        names_enabled: u64 = 0,
        /// LINEITEMDISPLAY.
        items_displayed: u64 = 0,
        /// LANECLOSEDFONTCOL.
        lane_closed_colour: String = String::new(),
        /// LANECLOSEDFONTSIZE.
        lane_closed_size: u64 = 0,
        /// PROXY: HOST:PORT, or empty to connect directly.
        proxy: String = String::new(),
        /// The user that it sends to the proxy.
        proxy_user: String = String::new(),
        /// The password of that user.
        proxy_password: String = String::new(),
        /// Time limit for each address but the last, if there are several.
        address_timeout: Duration = Duration::ZERO,
        /// The TLS versions it speaks.
        tls: String = String::new(),
        /// The key exchange groups it supports.
        groups: String = String::new(),
        /// The revocation lists it holds.
        revocation: String = String::new(),
        /// The classic ports.
        classic: ClassicPorts =
            ClassicPorts { primary: 0, secondary: 0, document_timeout: Duration::ZERO, idle_timeout: Duration::ZERO },
        /// The flash write during which the power fails; 0 for none.
        power_cut_at_flash_write: u64 = 0,
        /// How long a prompt waits for the cardholder; 0 for ever.
        prompt_timeout: Duration = Duration::ZERO,
        /// How requests are read and answers are written.
        messages: MessageRules = MessageRules {
            empty_fields: String::new(), duplicate_fields: String::new(), unknown_parameters: String::new(), parameters_order: String::new(),
            session_label: String::new(), payment_answer: String::new(), payment_fields: String::new(),
            texts: String::new(),
        },
    }
    rows {
        row!("model", NAME, "M400", "DEV-01", "Device model; WebSocket is refused on models the source does not list", Text, model),
        row!("pinpad-id", Kind::Header(64), "1", "HS-07", "Identity of the terminal, sent as x-vfi-pinpad-id", Text, pinpad_id),
        row!("POSCONNECTALLOW", Kind::Choice(&["WEBSOCKETS", "ETHERNET"]), "WEBSOCKETS", "CFG-01", "How a POS may connect; any value but WEBSOCKETS leaves the WebSocket client off", Text, pos_connect_allow),
        row!("SKIPPOSAUTH", Kind::Number(0, 1), "1", "CFG-02", "1, with WEBSOCKETS: MAC fields are ignored and SECURITY commands refused", Number, skip_pos_auth),
        row!("WEBSOCKETADDRESS_", Kind::Text(200), "", "WebSocket Parameters", "Broker address, name or IP; the broker's url when absent", Text, address),
        row!("WEBSOCKETPORT_", Kind::Number(1, 65_535), "", "WebSocket Parameters", "Broker port; the broker's url when absent", Number, port),
        row!("WEBSOCKETKEEPALIVEENABLED_", Kind::Number(0, 1), "1", "WebSocket Parameters",
            "1: the system sends probes on an idle TCP connection; on real sockets only, since memory has no TCP",
            Number, keep_alive.enabled),
        row!("WEBSOCKETKEEPALIVECNT_", Kind::Number(0, 9_999), "5", "WebSocket Parameters",
            "Unanswered probes before the connection is dropped; 0: the system's choice; on real sockets only",
            Number, keep_alive.count),
        row!("WEBSOCKETKEEPALIVEIDLE_", Kind::Number(0, 9_999), "45", "WebSocket Parameters", "Seconds without traffic before the first probe; 0: the system's choice; on real sockets only", Number, keep_alive.idle),
        row!("WEBSOCKETKEEPALIVEINTVL_", Kind::Number(0, 9_999), "1", "WebSocket Parameters", "Seconds from one probe to the next; 0: the system's choice; on real sockets only", Number, keep_alive.interval),
        row!("WEBSOCKETSSL_CA_CERT_FILE_", Kind::Choice(&["authority.pem", "stranger.pem", "both.pem"]), "", "A-72",
            "File with the roots that the terminal trusts; the setting authority is used when absent",
            Text, roots, Place::Scenarios("give the roots with --ca FILE")),
        row!("WEBSOCKETPINGINTERVAL_1", Kind::Number(0, 3_600), "45", "WebSocket Parameters", "Seconds between pings of the terminal; 0 sends none", Number, ping_interval),
        row!("clock", Kind::Instant, "", "language",
            "Time on the device's clock at power on; the scenario's clock when absent",
            Instant, clock),
        row!("certificate", NAME, "terminal", "language",
            "Name of the identity the terminal presents; none: no certificate",
            Text, certificate, Place::Scenarios("give one with --cert and --key")),
        row!("authority", Kind::Choice(&["authority", "stranger"]), "authority", "language", "The authority the terminal trusts", Text, authority, Place::Scenarios("give its roots with --ca FILE")),
        row!("resumption", Kind::Flag, "no", "A-01", "TLS sessions are resumed; a resumed handshake checks no certificate", Flag, resumption),
        row!("boot-time", Kind::Span(0, 600_000), "1s", "A-27", "Time from power on to the first attempt", Span, boot_time),
        row!("retry-first", WAIT, "1s", "A-02", "The first pause before another attempt", Span, retry.first),
        row!("retry-growth", Kind::Number(1, 10), "2", "A-02", "Factor from one pause to the next", Number, retry.growth),
        row!("retry-cap", WAIT, "60s", "A-02", "The longest pause", Span, retry.cap),
        row!("retry-jitter", Kind::Number(0, 100), "100", "A-02",
            "Most that jitter adds, in percent of the pause",
            Number, retry.jitter_percent),
        row!("retry-after-max", Kind::Span(0, 86_400_000), "1h", "A-03",
            "Longest Retry-After that is honoured; 0ms ignores it",
            Span, retry.retry_after_max),
        row!("connect-timeout", WAIT, "10s", "A-04", "Limit for the TCP connection", Span, connect_timeout),
        row!("tls-timeout", WAIT, "10s", "A-04", "Limit for the TLS handshake", Span, tls_timeout),
        row!("upgrade-timeout", WAIT, "10s", "A-04", "Limit for the answer to the upgrade", Span, upgrade_timeout),
        row!("pong-timeout", WAIT, "10s", "A-05", "Limit for a pong; then the link counts as lost", Span, pong_timeout),
        row!("message-size-max", Kind::Number(1_024, 16_777_216), "1048576", "A-06",
            "Largest WebSocket message in bytes; a longer one closes the connection with 1009",
            Number, message_size_max),
        row!("document-size-max", Kind::Number(256, 16_777_216), "65536", "A-06",
            "Largest XML document in bytes; a longer one is answered with an error",
            Number, document_size_max),
        row!("header-space-before-colon", Kind::Flag, "no", "A-07",
            "x-vfi-pinpad-id is sent with the sample's space before the colon",
            Flag, header_space_before_colon),
        row!("host-port", Kind::Choice(&["auto", "always", "never"]), "auto", "A-08",
            "When Host and Origin contain the port; auto: when it is not the scheme's default",
            Text, host_port),
        row!("subprotocol-required", Kind::Flag, "no", "HS-08", "A 101 that names no subprotocol is refused", Flag, subprotocol_required),
        row!("response-layout", Kind::Choice(&["indented", "compact"]), "indented", "A-09", "Layout of the terminal's documents", Text, response_layout),
        row!("echo-counter", Kind::Flag, "yes", "A-10", "A response repeats the COUNTER of its request", Flag, echo_counter),
        row!("counter-of-refused", Kind::Flag, "yes", "A-11", "GET COUNTER counts requests that were refused", Flag, counter.of_refused),
        row!("counter-of-malformed", Kind::Flag, "no", "A-12",
            "GET COUNTER counts documents that are not valid requests",
            Flag, counter.of_malformed),
        row!("counter-of-secondary", Kind::Flag, "yes", "A-13", "GET COUNTER counts requests on the secondary channel", Flag, counter.of_secondary),
        row!("counter-of-lower", Kind::Flag, "yes", "A-14", "GET COUNTER counts a COUNTER lower than the one before", Flag, counter.of_lower),
        row!("counter-over-reconnect", Kind::Flag, "yes", "A-15",
            "The counter of GET COUNTER survives a lost link",
            Flag, counter.over_reconnect),
        row!("counter-over-reboot", Kind::Flag, "no", "A-16",
            "The counter of GET COUNTER survives power off and on",
            Flag, counter.over_reboot),
        row!(
            "prompt-timeout",
            Kind::Span(0, 3_600_000),
            "60s",
            "A-32",
            "How long a prompt waits for the cardholder; 0ms for ever",
            Span,
            prompt_timeout
        ),
        row!("AUTOPAIR", Kind::Number(0, 1), "0", "REGISTER", "1: a POS is registered without its code being typed", Number, auto_pair),
        row!("registrations-max", Kind::Number(1, 64), "16", "A-54", "How many POS can be registered", Number, registrations_max),
        row!("sendunsolmsgduringpymttran", Kind::Flag, "no", "Unsolicited Consumer Notification Responses", "Notices are sent during a payment", Flag, notices.wanted),
        row!("notices", Kind::Choice(&["websocket", "call-back", "off"]), "websocket", "A-47",
            "How notices are sent with WEBSOCKETS: on the connection, to POS_IP:POS_PORT, or not at all",
            Text, notices.way),
        row!("notices-need-address", Kind::Flag, "yes", "A-47",
            "Notices are sent only if START carried POS_IP and POS_PORT",
            Flag, notices.need_address),
        row!("card-timeout", Kind::Span(0, 3_600_000), "60s", "A-40",
            "How long the terminal waits for a card, a tender or a PIN; 0ms for ever",
            Span, payment.card_timeout),
        row!("result-time", Kind::Span(0, 60_000), "2s", "A-44", "How long the outcome of a payment stays on the screen", Span, payment.result_time),
        row!("CTimeout", Kind::Number(100, 600_000), "30000", "Hosts Parameters", "Milliseconds to wait for the payment host", Number, payment.host_timeout_ms),
        row!("offline-limit", Kind::Number(0, 99_999_999), "10000", "A-45", "The highest amount approved without the host, in hundredths; 0 for none", Number, payment.offline_limit),
        row!("offline-interval", Kind::Span(1_000, 86_400_000), "1m", "A-45", "How often stored transactions are offered to the host", Span, payment.offline_interval),
        row!("ALLOWOFFLINETRANTOGOWITHONLINE", Kind::Number(0, 1), "1", "UGP Parameters", "0: stored transactions are posted only with no session open", Number, payment.beside_online),
        row!("DUPLICATECHECK", Kind::Number(0, 1), "1", "A-42", "1: a repeated payment is declined by the terminal", Number, payment.duplicates),
        row!("descriptiveentrymode", Kind::Flag, "no", "Terminologies and References",
            "CARD_ENTRY_MODE is written in words",
            Flag, payment.descriptive),
        row!("contactless", Kind::Flag, "yes", "language", "The contactless reader is on", Flag, payment.contactless),
        row!("asks-tender", Kind::Flag, "no", "A-40",
            "The tender is asked for if a payment names none",
            Flag, payment.asks_tender),
        row!("asks-removal", Kind::Flag, "yes", "A-73",
            "A payment first asks for the removal of a card left in the slot; no: it is refused as busy",
            Flag, payment.asks_removal),
        row!("reads-ahead", Kind::Flag, "yes", "A-73",
            "A card inserted before the payment is read at once; no: it counts as left in the slot",
            Flag, payment.reads_ahead),
        row!("hithostforlasttran", Kind::Number(0, 1), "1", "LAST TRANSACTION", "1: LAST_TRAN is answered from the host, 0: from the device", Number, payment.last_from_host),
        row!("late-answer", Kind::Flag, "no", "A-41", "The answer of a payment that outlived its connection is sent on the next one", Flag, payment.late_answer),
        row!("decline-is-success", Kind::Flag, "yes", "A-46", "TERMINATION_STATUS of a decline is SUCCESS", Flag, payment.decline_is_success),
        row!("payment-host", Kind::Place, "", "A-36",
            "HOST:PORT of the payment host, for a terminal on real sockets; not reachable when absent",
            Text, payment_host, Place::Open("a scenario sets up the host with `host …`")),
        row!("estate-host", Kind::Place, "", "A-36",
            "HOST:PORT of the estate host, for a terminal on real sockets; not reachable when absent",
            Text, estate_host, Place::Open("a scenario sets up the host with `vhq …`")),
        row!("update-time", Kind::Span(0, 3_600_000), "5s", "A-59",
            "How long an update takes before the terminal restarts",
            Span, update_time),
        row!("DEVICENAMEENABLED", Kind::Number(0, 1), "1", "Device Name Query", "0: the device has no name", Number, names_enabled),
        row!("LINEITEMDISPLAY", Kind::Number(0, 1), "1", "Line Item Display pages", "0: line items are kept and not shown", Number, items_displayed),
        row!("LANECLOSEDFONTCOL", Kind::Text(6), "FFFFFF", "LANE CLOSED",
            "Colour of the lane closed text if the request has none",
            Text, lane_closed_colour),
        row!("LANECLOSEDFONTSIZE", Kind::Number(1, 100), "30", "LANE CLOSED",
            "Size of the lane closed text if the request has none",
            Number, lane_closed_size),
        row!("PROXY", Kind::Place, "", "A-64",
            "HOST:PORT of an HTTP proxy, through which the broker is reached by CONNECT; a direct connection when \
             absent",
            Text, proxy),
        row!("proxy-user", Kind::User(64), "", "A-69",
            "User that the terminal sends to the proxy, by basic authentication; none is sent when absent",
            Text, proxy_user),
        row!("proxy-password", Kind::Text(64), "", "A-69", "The password of that user", Text, proxy_password),
        row!("address-timeout", WAIT, "3s", "A-68",
            "Time limit for each of several addresses before the next is tried",
            Span, address_timeout),
        row!("tls", TLS, "both", "A-70", "TLS versions the terminal speaks", Text, tls),
        row!("groups", GROUPS, "all", "A-70", "Key exchange groups the terminal supports", Text, groups),
        row!("revocation", REVOCATION, "auto", "A-71",
            "The revocation lists the terminal holds; auto: current ones if the scenario revokes something, else none; \
             on real sockets they are read from files",
            Text, revocation, Place::Scenarios("give the lists with --crl FILE")),
        row!("DEVICEPORT", Kind::Number(0, 65_535), "5015", "Device Specific TCP Connection and Configuration",
            "The primary port, if POSCONNECTALLOW is not WEBSOCKETS",
            Number, classic.primary),
        row!("DEVICEPORTSECONDARY", Kind::Number(0, 65_535), "5016", "Device Specific TCP Connection and Configuration",
            "The secondary port, if POSCONNECTALLOW is not WEBSOCKETS",
            Number, classic.secondary),
        row!("document-timeout", WAIT, "10s", "A-58", "How long a document may take on a classic port, from its first byte to its last", Span, classic.document_timeout),
        row!("idle-timeout", Kind::Span(0, 86_400_000), "0ms", "A-58",
            "How long a classic port's connection may be idle; 0ms for ever",
            Span, classic.idle_timeout),
        row!("power-cut-at-flash-write", Kind::Number(0, 100_000), "0", "language",
            "Number of the flash write during which the power fails; 0 for none",
            Number, power_cut_at_flash_write, Place::Scenarios("end the process with kill -9 to cut its power")),
        row!("empty-fields", Kind::Choice(&["absent", "refused"]), "absent", "A-75",
            "How an optional field without a value is treated",
            Text, messages.empty_fields),
        row!("duplicate-fields", Kind::Choice(&["refused", "first", "last"]), "refused", "A-76",
            "How a duplicate field of a request is treated; first, last: that one counts",
            Text, messages.duplicate_fields),
        row!("unknown-parameters", Kind::Choice(&["left-out", "refused"]), "left-out", "A-77",
            "How names that GET_PARM does not know are treated",
            Text, messages.unknown_parameters),
        row!("parameters-order", Kind::Choice(&["usual", "page"]), "usual", "A-81",
            "Order of the first fields of GET_PARM's answer; page: TERMINATION_STATUS first, as its page shows",
            Text, messages.parameters_order),
        row!("session-label", Kind::Text(50), "", "A-78",
            "MACLABEL_IN_SESSION of a session that no registered POS has opened; left out when absent",
            Text, messages.session_label),
        row!("payment-answer", Kind::Choice(&["full", "brief"]), "full", "A-79",
            "Fields of an answer to a payment; full: those of real answers, as far as they can be simulated; brief: \
             those that the pages show",
            Text, messages.payment_answer),
        row!("payment-fields", Kind::Text(4_000), "", "A-79",
            "Fields after the first four of a host's answer to a payment, in order, joined by a bar; NAME=VALUE for a \
             constant value; as payment-answer says when absent",
            Text, messages.payment_fields),
        row!("texts", Kind::Text(4_000), "", "A-80", "RESPONSE_TEXTs in the words of another device: OURS=THEIRS, joined by a bar", Text, messages.texts),
        row!("session-over-reboot", Kind::Flag, "no", "A-17", "A session survives power off and on", Flag, session_over_reboot),
    }
}

impl TerminalSettings {
    /// Whether requests are accepted without registration, MAC and rising COUNTER (CFG-02, AUTH-02).
    #[must_use]
    pub fn skips_authentication(&self) -> bool {
        self.skip_pos_auth == 1 && self.pos_connect_allow == "WEBSOCKETS"
    }

    /// Whether the source lists the model for WebSocket (DEV-01).
    #[must_use]
    pub fn is_known_model(&self) -> bool {
        Model::find(&self.model).is_some()
    }

    /// The proxy through which the broker is reached, if one is set.
    #[must_use]
    pub fn parsed_proxy(&self) -> Option<Proxy> {
        let (host, port) = parse_host_port(&self.proxy)?;
        let user = (!self.proxy_user.is_empty()).then(|| (self.proxy_user.clone(), self.proxy_password.clone()));
        Some(Proxy { host, port, credentials: user })
    }

    /// The layout of the terminal's documents.
    #[must_use]
    pub fn layout(&self) -> Layout {
        if self.response_layout == "compact" { Layout::Compact } else { Layout::Indented }
    }
}
