//! Claims about faults of the path to the broker, by the received bytes: network, proxies, TLS, certificates.

use std::time::Duration;

use sca_network::{Direction, Last};

use crate::ends::{CLOSE, Ends, PING, PONG, alert, certificates, handshake, has, head, records};
use crate::{Claim, by, claim, where_};

pub(crate) fn claims() -> Vec<Claim> {
    network()
        .into_iter()
        .chain(proxies())
        .chain(tls())
        .chain(trust())
        .chain(trust_in_time())
        .chain(trust_in_names())
        .collect()
}

const THROTTLED: &str = "\nbroker\n  url ws://broker.test\n\nterminal connects\nfault segment 10 to terminal\n\
    fault throttle 100 to terminal\npos -> terminal text \"x\" *500  as ask\nterminal -> pos  RESULT_CODE=-2  re ask  within 30s\n";
const JITTER: &str = "terminal connects\nfault jitter 900ms\nrepeat 5\n  pos -> terminal  DEVICE VERSION  as ask\n  \
    terminal -> pos  RESULT=OK  re ask\n";
const DEAF: &str = "terminal\n  WEBSOCKETPINGINTERVAL 10\n  pong-timeout 5s\n\nterminal connects\n\
    fault silence from terminal\nterminal loses\nend\n";
const HALF_OPEN: &str = "terminal\n  WEBSOCKETPINGINTERVAL 10\n  pong-timeout 5s\n\nterminal connects\n\
    fault silence\nterminal loses\nend\n";

/// How long each answer took from the terminal's reading of the request to the broker's reading of the answer.
fn pauses(ends: &Ends) -> Vec<Duration> {
    let there = ends.frame_times(1, Direction::ToTerminal);
    let back = ends.frame_times(1, Direction::FromTerminal);
    there.iter().zip(&back).map(|(there, back)| back.saturating_sub(*there)).collect()
}

fn spread(times: &[Duration]) -> Duration {
    times.iter().max().zip(times.iter().min()).map(|(most, least)| *most - *least).unwrap_or_default()
}

fn network() -> Vec<Claim> {
    const MS: fn(u64) -> Duration = Duration::from_millis;
    vec![
        claim("closed port", |e| e.is_untouched(2) && e.is_untouched(3) && e.is_untouched(4)),
        claim("reset", |e| e.last_at(0, 1) == Some(Last::Error) && e.last_at(1, 1).is_none()),
        claim("end without a close", |e| {
            e.last_at_terminal(1) == Some(Last::Fin) && !has(&e.line_to_terminal(1), [21, 3, 3])
        }),
        by("half-open silence", HALF_OPEN, |e| {
            e.last_at_terminal(1).is_none() && e.frames(1).is_empty() && e.said(1).is_empty()
        }),
        where_("silence one way", ("way", "to terminal"), |e| {
            e.said(1).iter().any(|f| f.first == PING) && e.frames(1).is_empty()
        }),
        by("silence one way", DEAF, |e| e.said(1).is_empty() && e.frames(1).is_empty()),
        claim("lost SYN", |e| e.is_untouched(1) && e.is_untouched(2) && !e.is_untouched(3)),
        claim("latency", |e| (MS(500)..MS(600)).contains(&pauses(e)[0])),
        by("jitter", JITTER, |e| {
            let pauses = pauses(e);
            pauses.len() == 5 && pauses.iter().all(|pause| *pause < MS(1_000)) && spread(&pauses) > MS(50)
        }),
        by("bandwidth", THROTTLED, |e| {
            // 500 bytes at 100 bytes per second.
            let taken = e.frame_times(1, Direction::ToTerminal)[0] - e.first_of(1, Direction::ToTerminal);
            (MS(4_000)..MS(6_000)).contains(&taken)
        }),
        claim("slow reader", |e| {
            let sizes: usize = e.answers(1).iter().map(String::len).sum();
            let taken = e.frame_times(1, Direction::FromTerminal)[2] - e.frame_times(1, Direction::ToTerminal)[0];
            // At 400 bytes per second; the first of them may have waited.
            let least = MS(sizes as u64 * 10 / 4 - 1_000);
            (least..least + MS(2_000)).contains(&taken)
        }),
        where_("one byte a segment", ("segments", "segment 1"), |e| is_split(e, Some(1), Some(1))),
        where_("one byte a segment", ("segments", "segment 1 to terminal"), |e| is_split(e, Some(1), None)),
        where_("one byte a segment", ("segments", "segment 1 from terminal"), |e| is_split(e, None, Some(1))),
        where_("one byte a segment", ("segments", "segment 7"), |e| is_split(e, Some(7), Some(7))),
        where_("idle cutter", ("by", "silence"), |e| {
            e.last_at_terminal(1).is_none() && !e.frames(1).iter().any(|frame| frame.first == PONG)
        }),
        where_("idle cutter", ("by", "reset"), |e| e.last_at_terminal(1) == Some(Last::Error)),
        where_("idle cutter", ("by", "fin"), |e| e.last_at_terminal(1) == Some(Last::Fin)),
        claim("first of several addresses dead", |e| e.broker(1).starts_with(b"GET / ")),
        claim("unknown name", |e| e.is_untouched(1) && e.is_untouched(2) && e.broker(3).starts_with(b"GET / ")),
        claim("power cut", |e| {
            e.last_at_broker(1).is_some()
                && e.said(1).iter().all(|frame| frame.first != CLOSE)
                && e.broker(2).starts_with(b"GET / ")
        }),
    ]
}

/// Whether no read brought more than this many bytes, per direction; without a limit, some read did.
fn is_split(ends: &Ends, to_terminal: Option<usize>, from_terminal: Option<usize>) -> bool {
    let fits = |way, most: Option<usize>| {
        let largest = ends.reads(1, way).into_iter().max().unwrap_or_default();
        // A socket may deliver several writes in one read.
        let is_exact = ends.in_memory || way == Direction::FromTerminal;
        match most {
            Some(most) => largest <= most || !is_exact,
            None => largest > 100,
        }
    };
    fits(Direction::ToTerminal, to_terminal) && fits(Direction::FromTerminal, from_terminal)
}

fn proxies() -> Vec<Claim> {
    vec![
        claim("CONNECT with 200", |e| {
            let asked = format!("CONNECT {} HTTP/1.1\r\n", e.value("place"));
            e.line_to_terminal(1).starts_with(b"HTTP/1.1 502 Bad Gateway\r\n")
                && e.line_to_terminal(2)
                    .starts_with(b"HTTP/1.0 200 Connection established\r\nProxy-Agent: edge/1.0\r\n\r\n")
                && e.line_to_broker(2).starts_with(asked.as_bytes())
        }),
        claim("proxy that refuses: 407, 502, 302", |e| {
            e.line_to_terminal(1) == format!("{}\r\n\r\n", e.value("line")).as_bytes()
        }),
        claim("proxy that requires a user name", |e| {
            has(head(&e.line_to_broker(1)), "\r\nProxy-Authorization: Basic bGFuZTc6c2VjcmV0\r\n")
        }),
        claim("silent proxy", |e| e.line_to_terminal(1).is_empty() && e.line_to_terminal(2).is_empty()),
        where_("garbage from the proxy", ("line", "hello"), |e| e.line_to_terminal(1) == b"hello\r\n\r\n"),
        claim("no proxy there", |e| {
            e.is_untouched(1) && e.is_untouched(2) && e.line_to_broker(3).starts_with(b"CONNECT ")
        }),
        claim("reverse proxy without its broker: 400, 502, 503, 504", |e| {
            let wanted = format!(
                "HTTP/1.1 {} From the edge\r\nserver: nginx\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                e.value("status")
            );
            e.terminal(1) == wanted.as_bytes()
        }),
    ]
}

const CORRUPT: &str = "\nfault corrupt at 5 bytes of server-hello\nterminal fails tls\nwait 500ms\nend\n";
const RESUMED: &str = "terminal\n  resumption yes\n  tls 1.2\nbroker\n  resumption yes\n\nterminal connects\n\
    pos -> terminal  DEVICE VERSION  as v\nterminal -> pos  RESULT=OK  re v\nfault reset\nterminal connects\n\
    set terminal resumption no\nfault reset\nterminal connects\n";
const NO_GROUP: &str = "terminal\n  groups secp256r1\nbroker\n  groups secp384r1\n  tls 1.2\n\n\
    terminal fails tls alert-handshake-failure\nwait 500ms\nend\n";
/// The fixed random value of a HelloRetryRequest (RFC 8446, section 4.1.3).
const SECOND_HELLO: [u8; 8] = [0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11];

/// Whether this many bytes of this record from the broker arrived, and nothing behind them.
fn is_cut_at(ends: &Ends, n: u32, record: usize, bytes: usize) -> bool {
    let line = ends.line_to_terminal(n);
    let all: Vec<usize> =
        records(&line).iter().filter(|(kind, _)| *kind != 20).map(|(_, body)| body.len() + 5).collect();
    all.len() == record + 1 && all[record] == bytes
}

fn tls() -> Vec<Claim> {
    vec![
        where_("alert in place of the hello", ("what", "alert"), |e| e.line_to_terminal(1) == [21, 3, 3, 0, 2, 2, 40]),
        where_("garbage on the TLS port", ("what", "garbage"), |e| {
            let line = e.line_to_terminal(1);
            !line.is_empty() && !(20..=23).contains(&line[0])
        }),
        where_("plain HTTP on the TLS port", ("what", "plain"), |e| {
            e.line_to_terminal(1).starts_with(b"HTTP/1.1 400 ")
        }),
        where_("reset or end within the handshake", ("point", "client-hello"), |e| {
            e.line_to_broker(1).len() <= 40 && e.line_to_terminal(1).is_empty()
        }),
        where_("reset or end within the handshake", ("point", "server-hello"), |e| is_cut_at(e, 1, 0, 40)),
        where_("reset or end within the handshake", ("point", "server-flight"), |e| is_cut_at(e, 1, 1, 40)),
        where_("reset or end within the handshake", ("point", "client-flight"), |e| e.broker(1).is_empty()),
        where_("silence within the handshake", ("point", "client-hello"), |e| e.is_untouched(1) && e.is_untouched(2)),
        where_("silence within the handshake", ("point", "server-hello"), |e| {
            e.line_to_terminal(1).is_empty() && !e.line_to_broker(1).is_empty()
        }),
        where_("silence within the handshake", ("point", "server-flight"), |e| {
            let line = e.line_to_terminal(1);
            records(&line).iter().filter(|(kind, _)| *kind != 20).count() == 1
        }),
        where_("silence within the handshake", ("point", "client-flight"), |e| {
            let line = e.line_to_broker(1);
            records(&line).iter().filter(|(kind, _)| *kind != 20).count() == 1 && e.terminal(1).is_empty()
        }),
        // A ServerHello has type 2.
        by("corrupt record", CORRUPT, |e| e.line_to_terminal(1).get(5) == Some(&!2)),
        claim("no common version", |e| alert(&e.line_to_terminal(1)).or(alert(&e.line_to_broker(1))) == Some(70)),
        by("no common group", NO_GROUP, |e| alert(&e.line_to_terminal(1)) == Some(40)),
        claim("another group than the one offered first", |e| {
            let broker = e.line_to_broker(1);
            let hellos = records(&broker).iter().filter(|(kind, body)| *kind == 22 && body.first() == Some(&1)).count();
            hellos == 2 && has(&e.line_to_terminal(1), SECOND_HELLO)
        }),
        claim("end without close_notify", |e| {
            // A close_notify is a record of type 21, or in TLS 1.3 an encrypted record of 19 bytes.
            let line = e.line_to_terminal(1);
            let is_notice = |(kind, body): &(u8, &[u8])| *kind == 21 || (*kind == 23 && body.len() == 19);
            e.last_at_terminal(1) == Some(Last::Fin) && !records(&line).iter().any(is_notice)
        }),
        claim("new keys within a connection", |e| {
            // A KeyUpdate: a message of five bytes, its type, and a tag of sixteen bytes.
            let line = e.line_to_terminal(1);
            records(&line).iter().filter(|(kind, body)| *kind == 23 && body.len() == 22).count() == 2
        }),
        by("resumption on and off", RESUMED, |e| {
            let shown = |n| !certificates(&e.line_to_terminal(n)).is_empty();
            shown(1) && !shown(2) && shown(3)
        }),
    ]
}

/// A broker with TLS 1.2 and such a certificate: there, certificates and alerts are not encrypted.
macro_rules! broker_with {
    ($what:literal, $settings:literal, $fails:literal) => {
        concat!(
            "\nbroker\n  tls 1.2\n  certificate bad\n",
            $settings,
            "certificate bad\n  ",
            $what,
            "\n\nterminal fails tls ",
            $fails,
            "\nwait 500ms\nend\n"
        )
    };
}

macro_rules! terminal_with {
    ($what:literal, $fails:literal) => {
        concat!(
            "\nterminal\n  tls 1.2\n  certificate bad\ncertificate bad\n  ",
            $what,
            "\n\nterminal fails tls ",
            $fails,
            "\nwait 500ms\nend\n"
        )
    };
}

const REPLACED: &str = "\nbroker\n  tls 1.2\n  certificate old\ncertificate old\n  valid 2026-01-01..2026-02-01\ncertificate new\n  \
    valid 2026-01-10..2027-01-10\n\nterminal connects\nset broker certificate new\nfault reset\nterminal connects\n";

/// Whether the broker's certificate contains these bytes, and the terminal refused it with this alert.
fn refuses(ends: &Ends, wanted: &[u8], with: u8) -> bool {
    let shown = certificates(&ends.line_to_terminal(1));
    shown.iter().any(|certificate| has(certificate, wanted)) && alert(&ends.line_to_broker(1)) == Some(with)
}

fn trust() -> Vec<Claim> {
    vec![
        by("a broker's certificate with a flaw", broker_with!("flaw expired", "", "expired"), |e| {
            refuses(e, b"\x17\x0d", 45)
        }),
        by("a broker's certificate with a flaw", broker_with!("flaw not-yet-valid", "", "not-yet-valid"), |e| {
            refuses(e, b"\x17\x0d", 45)
        }),
        by("a broker's certificate with a flaw", broker_with!("flaw wrong-name", "", "wrong-name"), |e| {
            refuses(e, b"", 42)
        }),
        by(
            "a broker's certificate with a flaw",
            broker_with!("flaw unknown-authority", "", "unknown-authority"),
            |e| refuses(e, b"", 48),
        ),
        by("a broker's certificate with a flaw", broker_with!("flaw self-signed", "", "unknown-authority"), |e| {
            refuses(e, b"", 48) && certificates(&e.line_to_terminal(1)).len() == 1
        }),
        by(
            "a broker's certificate with a flaw",
            broker_with!("flaw missing-intermediate", "", "unknown-authority"),
            |e| refuses(e, b"", 48) && certificates(&e.line_to_terminal(1)).len() == 1,
        ),
        // The extended key usage for clients (RFC 5280, section 4.2.1.12).
        by("a broker's certificate with a flaw", broker_with!("flaw wrong-usage", "", "wrong-usage"), |e| {
            refuses(e, b"\x2b\x06\x01\x05\x05\x07\x03\x02", 43)
        }),
        by("a broker's certificate with a flaw", broker_with!("flaw key-of-another", "", "bad-signature"), |e| {
            refuses(e, b"", 51)
        }),
        by("a terminal's certificate with a flaw", terminal_with!("flaw expired", "alert-certificate-expired"), |e| {
            shows(e, 45)
        }),
        by("a terminal's certificate with a flaw", terminal_with!("flaw unknown-authority", "alert-unknown-ca"), |e| {
            shows(e, 48)
        }),
    ]
}

/// Claims of trust that changes with time, with lists and with chains.
fn trust_in_time() -> Vec<Claim> {
    vec![
        by("expiry while connected", broker_with!("valid 2025-01-01..2026-01-01", "", "expired"), |e| {
            refuses(e, b"260101000000Z", 45)
        }),
        by("certificate replaced between attempts", REPLACED, |e| {
            let has =
                |n, until: &str| certificates(&e.line_to_terminal(n)).first().is_some_and(|leaf| has(leaf, until));
            has(1, "260201000000Z") && has(2, "270110000000Z") && !has(2, "260201000000Z")
        }),
        by(
            "device clock at 1970",
            "\nterminal\n  tls 1.2\n  clock 1970-01-01T00:00:00Z\n\nterminal fails tls not-yet-valid\nwait 500ms\nend\n",
            |e| alert(&e.line_to_broker(1)) == Some(45),
        ),
        by(
            "clock of the broker",
            "\nbroker\n  tls 1.2\n  clock 2046-01-01T00:00:00Z\n\nterminal fails tls alert-certificate-expired\nwait 500ms\nend\n",
            |e| alert(&e.line_to_terminal(1)) == Some(45),
        ),
        by("revoked", broker_with!("flaw revoked", "", "revoked"), |e| refuses(e, b"", 44)),
        by(
            "revocation list missing, expired, of another issuer",
            "\neach     lists in [missing, expired, other-issuer]\n\nterminal\n  tls 1.2\n  revocation {{lists}}\n\nterminal fails tls unknown-revocation\nwait 500ms\nend\n",
            |e| refuses(e, b"", 48),
        ),
        by("chain too long", broker_with!("flaw long-chain", "", "long-chain"), |e| {
            certificates(&e.line_to_terminal(1)).len() > 8
        }),
        // A modulus of 1024 bits is an integer of 129 bytes, because of its sign byte.
        by("weak key", broker_with!("flaw weak-key", "", "bad-signature"), |e| {
            certificates(&e.line_to_terminal(1)).first().is_some_and(|leaf| has(leaf, b"\x02\x81\x81\x00"))
        }),
        // The name constraints extension (RFC 5280, section 4.2.1.10).
        by("name constraints", broker_with!("flaw name-constraints", "", "name-constraints"), |e| {
            certificates(&e.line_to_terminal(1)).iter().any(|one| has(one, b"\x06\x03\x55\x1d\x1e"))
        }),
        by("authority expired, its certificates not", broker_with!("flaw expired-authority", "", "expired"), |e| {
            refuses(e, b"", 45)
        }),
    ]
}

/// Claims of the names in certificates, and of who has to show one.
fn trust_in_names() -> Vec<Claim> {
    vec![
        by(
            "several names, wildcards",
            broker_with!("names *.lane.test a.test", "  url wss://broker.b.test\n", "wrong-name"),
            |e| refuses(e, b"*.lane.test", 42) && refuses(e, b"a.test", 42),
        ),
        by(
            "address in place of a name",
            broker_with!("names 192.0.2.8", "  url wss://192.0.2.7\n", "wrong-name"),
            |e| refuses(e, b"\x87\x04\xc0\x00\x02\x08", 42),
        ),
        claim("identity that is not the pinpad's", |e| {
            has(&e.broker(1), "\r\nx-vfi-pinpad-id: 42\r\n") && e.terminal(1).starts_with(b"HTTP/1.1 403 ")
        }),
        by(
            "authority replaced without restart",
            "\nterminal\n  tls 1.2\n  certificate none\nbroker\n  client-certificates none\n\nset terminal authority stranger\nterminal fails tls unknown-authority\nset terminal authority authority\nterminal connects\n",
            |e| alert(&e.line_to_broker(1)) == Some(48),
        ),
        by(
            "no client certificate asked for",
            "\neach     wanted in [required, none]\n\nbroker\n  tls 1.2\n  client-certificates {{wanted}}\n\nterminal connects\n",
            |e| {
                // A CertificateRequest is message 13.
                let asks = handshake(&e.line_to_terminal(1)).iter().any(|(kind, _)| *kind == 13);
                asks == (e.value("wanted") == "required")
            },
        ),
    ]
}

/// Whether the terminal presented a certificate, and the broker refused it with this alert.
fn shows(ends: &Ends, with: u8) -> bool {
    !certificates(&ends.line_to_broker(1)).is_empty() && alert(&ends.line_to_terminal(1)) == Some(with)
}
