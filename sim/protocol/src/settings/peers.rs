//! The settings of the terminal's peers: the broker and the network before it, the payment host, the estate host.

use std::sync::LazyLock;
use std::time::Duration;

use super::rows::{GROUPS, NAME, REVOCATION, TLS, row, settings};
use super::setting::{Kind, Place, Row, Settings, Shown, Value};
use crate::instant::UnixTime;

settings! {
    /// The settings of the broker and of the network before it.
    BrokerSettings {
        /// The URL that terminals connect to.
        url: String = String::new(),
        /// Whether terminals must present a certificate: required, optional or none.
        client_certificates: String = String::new(),
        /// The subprotocol in its 101; none leaves the header out.
        subprotocol: String = String::new(),
        /// The name of the identity it presents.
        certificate: String = String::new(),
        /// The authority whose terminals it trusts.
        authority: String = String::new(),
        /// Its own clock; the scenario's clock if absent.
        clock: Option<UnixTime> = None,
        /// The TLS versions it speaks.
        tls: String = String::new(),
        /// The key exchange groups it supports.
        groups: String = String::new(),
        /// The revocation lists it holds.
        revocation: String = String::new(),
        /// Whether a terminal's certificate must name its pinpad id.
        checks_pinpad_id: bool = false,
        /// How upgrade requests are checked: strict or lenient.
        upgrade_checks: String = String::new(),
        /// How two connections with the same pinpad id are treated.
        on_duplicate: String = String::new(),
        /// The idle time after which an intermediary cuts a connection; 0 for never.
        idle_cut: Duration = Duration::ZERO,
        /// How the intermediary cuts it: silence, reset or fin.
        idle_cut_by: String = String::new(),
        /// Whether it offers TLS resumption.
        resumption: bool = false,
        /// A text message in the same segment as the 101.
        greeting: String = String::new(),
        /// Whether it answers pings.
        answers_pings: bool = true,
        /// Whether it answers a close.
        answers_close: bool = true,
        /// Latency in each direction.
        latency: Duration = Duration::ZERO,
        /// Bytes per second in each direction; 0 for no limit.
        bandwidth: u64 = 0,
        /// Which POS receives a terminal's answers: asker or all.
        answers_to: String = String::new(),
        /// Whether a POS is told when its terminal disconnects before answering.
        tells_lost: bool = false,
    }
    rows {
        row!("url", Kind::Url, "wss://broker.test:443", "language",
            "URL that terminals connect to: ws:// or wss://, host, port",
            Text, url, Place::Scenarios("--listen sets the broker's address")),
        row!("client-certificates", Kind::Choice(&["required", "optional", "none"]), "required", "language",
            "Whether terminals must present a certificate (wss)",
            Text, client_certificates),
        row!("subprotocol", NAME, "none", "HS-08",
            "Subprotocol in the 101; none leaves the header out, as the sample does",
            Text, subprotocol),
        row!("certificate", NAME, "broker", "language",
            "Name of the identity the broker presents",
            Text, certificate, Place::Scenarios("give one with --cert and --key")),
        row!("authority", Kind::Choice(&["authority", "stranger"]), "authority", "language", "The authority whose terminals the broker trusts", Text, authority, Place::Scenarios("give its roots with --ca FILE")),
        row!("clock", Kind::Instant, "", "language", "The broker's clock at the start; the scenario's clock when absent", Instant, clock),
        row!("tls", TLS, "both", "language", "TLS versions the broker speaks", Text, tls),
        row!("groups", GROUPS, "all", "language", "Key exchange groups the broker supports", Text, groups),
        row!("revocation", REVOCATION, "auto", "language",
            "The revocation lists the broker holds; auto: current ones if the scenario revokes something, else none; \
             on real sockets they are read from files",
            Text, revocation, Place::Scenarios("give the lists with --crl FILE")),
        row!("checks-pinpad-id", Kind::Flag, "no", "AUTH-01", "A terminal whose certificate does not name its pinpad id is answered with 403", Flag, checks_pinpad_id),
        row!("upgrade-checks", Kind::Choice(&["strict", "lenient"]), "strict", "RFC 6455, 4.2.1",
            "strict: upgrade requests that RFC 6455 or the source does not allow are refused; lenient: any with a key \
             is accepted",
            Text, upgrade_checks),
        row!("on-duplicate", Kind::Choice(&["newest", "oldest", "replace", "replace-both", "refuse"]),
            "newest", "CON-02",
            "Two connections with one pinpad id. newest, oldest: requests go to that one; replace: the old one is \
             closed; replace-both: both are closed, which is a fault; refuse: the new one is answered with 409",
            Text, on_duplicate),
        row!("idle-cut", Kind::Span(0, 86_400_000), "0ms", "language",
            "Idle time after which an intermediary cuts a connection; 0ms for never",
            Span, idle_cut, Place::Scenarios("there is no simulated intermediary on a real connection")),
        row!("idle-cut-by", Kind::Choice(&["silence", "reset", "fin"]), "silence", "language",
            "How the intermediary cuts it",
            Text, idle_cut_by, Place::Scenarios("there is no simulated intermediary on a real connection")),
        row!("resumption", Kind::Flag, "no", "language", "The broker offers TLS resumption", Flag, resumption),
        row!(
            "greeting",
            Kind::Text(4_096),
            "",
            "WS-06",
            "A text message the broker sends in the same segment as its 101",
            Text,
            greeting
        ),
        row!("answers-pings", Kind::Flag, "yes", "RFC 6455",
            "Whether the broker answers a ping with a pong",
            Flag, answers_pings),
        row!("answers-close", Kind::Flag, "yes", "RFC 6455",
            "Whether the broker answers a close with a close",
            Flag, answers_close),
        row!("latency", Kind::Span(1, 60_000), "2ms", "language",
            "Latency in each direction",
            Span, latency, Place::Scenarios("a real connection has its own")),
        row!("bandwidth", Kind::Number(0, 1_000_000_000), "0", "language",
            "Bytes per second in each direction; 0 for no limit",
            Number, bandwidth, Place::Scenarios("a real connection has its own")),
        row!("answers-to", Kind::Choice(&["asker", "all"]), "asker", "A-74",
            "Which POS gets an answer: the one that asked, or every POS of the terminal; notices go to all",
            Text, answers_to, Place::Open("each line of a scenario names its POS")),
        row!("tells-lost", Kind::Flag, "no", "A-74",
            "Whether a POS is told when its terminal disconnects before answering",
            Flag, tells_lost, Place::Open("the POS of a scenario is part of its broker")),
    }
}

settings! {
    /// The settings of the payment host.
    HostSettings {
        /// up, silent, cut or down.
        state: String = String::new(),
        /// The delay before it answers.
        delay: Duration = Duration::ZERO,
        /// Its decision: card, approves, declines or errors.
        decision: String = String::new(),
        /// RESPONSE_TEXT of its answers; empty for the usual one.
        text: String = String::new(),
        /// The largest amount it approves; empty for the whole amount.
        amount: String = String::new(),
        /// RESULT_CODE of its answers; empty for the one of its decision.
        code: String = String::new(),
    }
    rows {
        row!("state", Kind::Choice(&["up", "silent", "cut", "down"]), "up", "language",
            "up: it answers; silent: it accepts and never answers; cut: it accepts and hangs up; down: it cannot be \
             reached",
            Text, state),
        row!("delay", Kind::Span(0, 3_600_000), "0ms", "language", "Delay before it answers", Span, delay),
        row!("decision", Kind::Choice(&["card", "approves", "declines", "errors"]), "card", "language",
            "Its decision; card: as the test card says",
            Text, decision),
        row!("text", Kind::Text(80), "", "language",
            "RESPONSE_TEXT of its answers; the usual one when absent",
            Text, text),
        row!("amount", Kind::Text(9), "", "language",
            "Largest amount it approves; the whole amount when absent",
            Text, amount),
        row!("code", Kind::Code, "", "Point Platform Codes",
            "RESULT_CODE of its answers; the usual one when absent",
            Text, code),
    }
}

settings! {
    /// The settings of the estate host.
    EstateSettings {
        /// up, silent or down.
        state: String = String::new(),
        /// The version it offers; empty to offer none.
        offers: String = String::new(),
    }
    rows {
        row!("state", Kind::Choice(&["up", "silent", "down"]), "up", "language",
            "up: it answers; silent: it accepts and never answers; down: it cannot be reached",
            Text, state),
        row!("offers", Kind::Text(20), "", "language", "The version it offers; none when absent", Text, offers),
    }
}
