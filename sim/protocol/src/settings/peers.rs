//! The settings of everyone but the terminal: the broker and the network before it, the payment host, the estate host.

use std::sync::LazyLock;
use std::time::Duration;

use super::rows::{GROUPS, NAME, REVOCATION, TLS, row, settings};
use super::setting::{Kind, Place, Row, Settings, Shown, Value};
use crate::instant::UnixTime;

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
        /// Groups it agrees keys in.
        groups: String = String::new(),
        /// What it does about revocation.
        revocation: String = String::new(),
        /// A terminal's certificate must name its pinpad id.
        checks_pinpad_id: bool = false,
        /// What it refuses of a request for the upgrade.
        upgrade_checks: String = String::new(),
        /// What becomes of two connections with one pinpad id.
        on_duplicate: String = String::new(),
        /// A connection without traffic for this long is cut; 0 for never.
        idle_cut: Duration = Duration::ZERO,
        /// How it is cut.
        idle_cut_by: String = String::new(),
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
        /// Who gets the answers of a terminal: asker or all.
        answers_to: String = String::new(),
        /// A POS whose terminal goes while it is asked is told.
        tells_lost: bool = false,
    }
    rows {
        row!("url", Kind::Url, "wss://broker.test:443", "language", "Where terminals find the broker: ws:// or wss://, name, port", Text, url, Place::Scenarios("--listen says where the broker stands")),
        row!("client-certificates", Kind::Choice(&["required", "optional", "none"]), "required", "language", "Whether terminals must show a certificate (wss)", Text, client_certificates),
        row!("subprotocol", NAME, "none", "HS-08", "Subprotocol named in the 101; none leaves the header out, as the sample does", Text, subprotocol),
        row!("certificate", NAME, "broker", "language", "Name of the identity the broker shows", Text, certificate, Place::Scenarios("give one with --cert and --key")),
        row!("authority", Kind::Choice(&["authority", "stranger"]), "authority", "language", "The authority whose terminals the broker trusts", Text, authority, Place::Scenarios("give its roots with --ca FILE")),
        row!("clock", Kind::Instant, "", "language", "The broker's clock at the start; the scenario's clock when absent", Instant, clock),
        row!("tls", TLS, "both", "language", "TLS versions the broker speaks", Text, tls),
        row!("groups", GROUPS, "all", "language", "Groups the broker agrees keys in", Text, groups),
        row!("revocation", REVOCATION, "auto", "language", "The revocation lists the broker holds; auto: current ones where a scenario revokes something, else none; in the open they come as files", Text, revocation, Place::Scenarios("give the lists with --crl FILE")),
        row!("checks-pinpad-id", Kind::Flag, "no", "AUTH-01", "A terminal whose certificate does not name its pinpad id is answered with 403", Flag, checks_pinpad_id),
        row!("upgrade-checks", Kind::Choice(&["strict", "lenient"]), "strict", "RFC 6455, 4.2.1", "A request for the upgrade that a server by RFC 6455 and the source refuses is refused; lenient: any that has a key is taken", Text, upgrade_checks),
        row!("on-duplicate", Kind::Choice(&["newest", "oldest", "replace", "replace-both", "refuse"]), "newest", "CON-02", "Two connections with one pinpad id: requests go to the newest or to the oldest; the old one is closed, or both by mistake; the new one is answered with 409", Text, on_duplicate),
        row!("idle-cut", Kind::Span(0, 86_400_000), "0ms", "language", "In scenarios: what stands between cuts a connection on which nothing travels for this long; 0ms for never", Span, idle_cut, Place::Scenarios("nothing of ours stands on a real line")),
        row!("idle-cut-by", Kind::Choice(&["silence", "reset", "fin"]), "silence", "language", "How it is cut then", Text, idle_cut_by, Place::Scenarios("nothing of ours stands on a real line")),
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
        row!("latency", Kind::Span(1, 60_000), "2ms", "language", "Latency each way", Span, latency, Place::Scenarios("a real line has its own")),
        row!("bandwidth", Kind::Number(0, 1_000_000_000), "0", "language", "Bytes a second each way; 0 for no limit", Number, bandwidth, Place::Scenarios("a real line has its own")),
        row!("answers-to", Kind::Choice(&["asker", "all"]), "asker", "A-74", "Which POS gets an answer: the one that asked, or every one that speaks to the terminal; notices go to all", Text, answers_to, Place::Open("there a line says which POS is meant")),
        row!("tells-lost", Kind::Flag, "no", "A-74", "A POS is told when its terminal goes before it has answered; no: it hears nothing", Flag, tells_lost, Place::Open("there POS and broker are one")),
    }
}

settings! {
    /// How the payment host behaves.
    HostSettings {
        /// up, silent or down.
        state: String = String::new(),
        /// How long it takes to answer.
        delay: Duration = Duration::ZERO,
        /// What it decides: card, approves, declines or errors.
        decision: String = String::new(),
        /// The text of its decision.
        text: String = String::new(),
        /// The amount it approves, where it is not the whole.
        amount: String = String::new(),
        /// The code it answers, where that is not the one its decision has.
        code: String = String::new(),
    }
    rows {
        row!("state", Kind::Choice(&["up", "silent", "cut", "down"]), "up", "language", "Whether it answers, takes and never answers, takes and hangs up, or cannot be reached", Text, state),
        row!("delay", Kind::Span(0, 3_600_000), "0ms", "language", "How long it takes to answer", Span, delay),
        row!("decision", Kind::Choice(&["card", "approves", "declines", "errors"]), "card", "language", "What it decides; card: what the test card stands for", Text, decision),
        row!("text", Kind::Text(80), "", "language", "RESPONSE_TEXT of its answers, where it is not the usual one", Text, text),
        row!("amount", Kind::Text(9), "", "language", "The most it approves", Text, amount),
        row!("code", Kind::Code, "", "Point Platform Codes", "RESULT_CODE of its answers, where it is not the usual one", Text, code),
    }
}

settings! {
    /// How the estate host behaves.
    EstateSettings {
        /// up, silent or down.
        state: String = String::new(),
        /// The version it offers; none offers nothing.
        offers: String = String::new(),
    }
    rows {
        row!("state", Kind::Choice(&["up", "silent", "down"]), "up", "language", "Whether it answers, takes and never answers, or cannot be reached", Text, state),
        row!("offers", Kind::Text(20), "", "language", "The version it offers; nothing where it is empty", Text, offers),
    }
}
