//! Violations of the clauses of the connection and the upgrade (WS, HS).

use sca_core::{Input, LinkEvent, LinkReport, Output};
use sca_protocol::handshake;
use sca_protocol::{HandshakeFailure, Reason, TlsFailure};

use super::changes::{
    answered, dial_of, dialled, drop_line, fails_as, hello, is_101, no_dial, refused, unheard, unsaid,
};
use super::{EVER, ONCE, TWICE, Violation, of};
use crate::wrapper::Does::{Hear, Http, Say, Takes};

pub(super) const VIOLATIONS: &[Violation] = &[
    of("WS-01", "dials in TLS", Say(|o, _| dial_of(o, |t| t.secure = true)), EVER),
    of("WS-01", "says HTTP/1.0", Http(|r| r.replacen("HTTP/1.1", "HTTP/1.0", 1)), EVER),
    of("WS-01", "names an https origin", Http(|r| r.replace("Origin: http://", "Origin: https://")), EVER),
    of("WS-01", "refuses a right answer", Hear(|i, _| refused(i, true)), EVER),
    of("WS-01", "dials never again", Say(|o, p| no_dial(o, p.dials > 0)), EVER),
    of("WS-01", "asks by the whole url", Http(|r| r.replacen("GET /", "GET http://broker.test/", 1)), EVER),
    //
    of("WS-02", "dials in plain", Say(|o, _| dial_of(o, |t| t.secure = false)), EVER),
    of("WS-02", "falls back to plain", Say(|o, p| dial_of(o, |t| t.secure &= p.tls_failures == 0)), TWICE),
    of(
        "WS-02",
        "calls a failure in TLS a reset",
        Say(|o, _| fails_as(o, |r| matches!(r, Reason::Tls(_)), Reason::Reset)),
        TWICE,
    ),
    of(
        "WS-02",
        "has one word for all of TLS",
        Say(|o, _| fails_as(o, |r| matches!(r, Reason::Tls(_)), Reason::Tls(TlsFailure::Incompatible))),
        TWICE,
    ),
    of(
        "WS-02",
        "does not hear that TLS stands",
        Hear(|i, _| matches!(i, Input::Link { event: LinkEvent::Secured, .. }).then(Vec::new)),
        EVER,
    ),
    of("WS-02", "gives up after a failure in TLS", Say(|o, p| no_dial(o, p.tls_failures > 0)), ONCE),
    //
    of(
        "WS-03",
        "dials past the proxy",
        Say(|o, _| match o {
            Output::Dial { via: Some(_), .. } => Some(vec![dialled(o, |_, via, _| *via = None)]),
            _ => None,
        }),
        EVER,
    ),
    of(
        "WS-03",
        "dials past a proxy that refused",
        Say(|o, p| match o {
            Output::Dial { via: Some(_), .. } if p.failures > 0 => Some(vec![dialled(o, |_, via, _| *via = None)]),
            _ => None,
        }),
        TWICE,
    ),
    of(
        "WS-03",
        "asks for another port",
        Say(|o, _| match o {
            Output::Dial { via: Some(_), .. } => dial_of(o, |t| t.port += 1),
            _ => None,
        }),
        EVER,
    ),
    of(
        "WS-03",
        "asks for another name",
        Say(|o, _| match o {
            Output::Dial { via: Some(_), .. } => dial_of(o, |t| "elsewhere.test".clone_into(&mut t.host)),
            _ => None,
        }),
        EVER,
    ),
    of(
        "WS-03",
        "names no user",
        Say(|o, _| match o {
            Output::Dial { via: Some(via), .. } if via.credentials.is_some() => {
                Some(vec![dialled(o, |_, via, _| via.iter_mut().for_each(|via| via.credentials = None))])
            }
            _ => None,
        }),
        TWICE,
    ),
    of(
        "WS-03",
        "takes the proxy's no for the broker's",
        Say(|o, _| match o {
            Output::LinkReport(LinkReport::Fails(Reason::Proxy(status))) => {
                Some(vec![Output::LinkReport(LinkReport::Fails(Reason::Http(*status)))])
            }
            _ => None,
        }),
        TWICE,
    ),
    of(
        "WS-03",
        "refuses an answer that names its way",
        Hear(|i, _| refused(i, answered(i).is_some_and(|head| head.get("Via").is_some() && is_101(head)))),
        ONCE,
    ),
    //
    of("WS-04", "asks for another upgrade", Http(|r| r.replace("Upgrade: websocket", "Upgrade: h2c")), EVER),
    of("WS-04", "says keep-alive", Http(|r| r.replace("Connection: Upgrade", "Connection: keep-alive")), EVER),
    of("WS-04", "says no Upgrade", Http(|r| drop_line(r, "Upgrade:")), EVER),
    of("WS-04", "says no Connection", Http(|r| drop_line(r, "Connection:")), EVER),
    of("WS-04", "says no version", Http(|r| drop_line(r, "Sec-WebSocket-Version")), EVER),
    of("WS-04", "sends no key", Http(|r| drop_line(r, "Sec-WebSocket-Key")), EVER),
    //
    of(
        "WS-05",
        "takes any Accept",
        Takes(|h, key| is_101(h) && hello(h, "Sec-WebSocket-Accept") != handshake::accept(key)),
        EVER,
    ),
    of(
        "WS-05",
        "takes any Upgrade",
        Takes(|h, _| is_101(h) && !hello(h, "Upgrade").eq_ignore_ascii_case("websocket")),
        EVER,
    ),
    of(
        "WS-05",
        "takes any Connection",
        Takes(|h, _| is_101(h) && !hello(h, "Connection").to_lowercase().contains("upgrade")),
        EVER,
    ),
    of("WS-05", "takes HTTP/1.0", Takes(|h, _| is_101(h) && h.version == 0), EVER),
    of("WS-05", "takes an extension", Takes(|h, _| is_101(h) && h.get("Sec-WebSocket-Extensions").is_some()), EVER),
    of("WS-05", "takes any success", Takes(|h, _| (200..300).contains(&h.status)), EVER),
    of("WS-05", "takes any redirection", Takes(|h, _| (300..400).contains(&h.status)), EVER),
    of("WS-05", "takes any refusal", Takes(|h, _| (400..500).contains(&h.status)), EVER),
    of("WS-05", "takes any error", Takes(|h, _| h.status >= 500), EVER),
    of(
        "WS-05",
        "refuses what is not in its own case",
        Hear(|i, _| refused(i, answered(i).is_some_and(|h| is_101(h) && hello(h, "Upgrade") != "websocket"))),
        TWICE,
    ),
    of(
        "WS-05",
        "has one word for all answers",
        Say(|o, _| fails_as(o, |r| matches!(r, Reason::Handshake(_)), Reason::Handshake(HandshakeFailure::Oversized))),
        EVER,
    ),
    of(
        "WS-05",
        "calls a status garbage",
        Say(|o, _| fails_as(o, |r| matches!(r, Reason::Http(_)), Reason::Handshake(HandshakeFailure::Garbage))),
        EVER,
    ),
    //
    of("WS-06", "does not hear what comes first", Hear(|i, p| unheard(i, p.heard_here == 1)), TWICE),
    of("WS-06", "hears nothing before it has spoken", Hear(|i, p| unheard(i, p.said_here == 0)), TWICE),
    of("WS-06", "says nothing unasked", Say(|o, p| unsaid(o, p.said_here >= p.heard_here)), TWICE),
    of("WS-06", "hears nothing after a day", Hear(|i, p| unheard(i, p.now.as_secs() > 80_000)), ONCE),
    of(
        "WS-06",
        "keeps what it has to say unasked to itself",
        Say(|o, _| match o {
            Output::Text { text, .. } if text.contains("CARD ENTRY") || text.contains("EARLY CARD") => Some(Vec::new()),
            _ => None,
        }),
        TWICE,
    ),
    of(
        "WS-06",
        "hears nothing on a second connection",
        Hear(|i, p| unheard(i, p.connects > 1 && p.heard_here == 1)),
        ONCE,
    ),
    //
    of("HS-01", "posts", Http(|r| r.replacen("GET", "POST", 1)), EVER),
    of("HS-01", "asks for another path", Http(|r| r.replacen("GET /", "GET /ws", 1)), EVER),
    of("HS-01", "says HTTP/1.0", Http(|r| r.replacen("HTTP/1.1", "HTTP/1.0", 1)), EVER),
    of("HS-01", "has a query", Http(|r| r.replacen("GET /", "GET /?id=1", 1)), EVER),
    of("HS-01", "writes get", Http(|r| r.replacen("GET", "get", 1)), EVER),
    of("HS-01", "asks by the whole url", Http(|r| r.replacen("GET /", "GET http://broker.test/", 1)), EVER),
    //
    of("HS-02", "sends no Pragma", Http(|r| drop_line(r, "Pragma")), EVER),
    of("HS-02", "sends no Cache-Control", Http(|r| drop_line(r, "Cache-Control")), EVER),
    of("HS-02", "may be kept", Http(|r| r.replace("Cache-Control: no-cache", "Cache-Control: max-age=0")), EVER),
    of("HS-02", "says no-store", Http(|r| r.replace("Cache-Control: no-cache", "Cache-Control: no-store")), EVER),
    of("HS-02", "has another Pragma", Http(|r| r.replace("Pragma: no-cache", "Pragma: cache")), EVER),
    of("HS-02", "sends neither", Http(|r| drop_line(&drop_line(r, "Pragma"), "Cache-Control")), EVER),
    //
    of("HS-03", "names another host", Http(|r| r.replace("Host: ", "Host: x")), EVER),
    of("HS-03", "names no host", Http(|r| drop_line(r, "Host")), EVER),
    of("HS-03", "names no origin", Http(|r| drop_line(r, "Origin")), EVER),
    of(
        "HS-03",
        "has an origin in another scheme",
        Http(|r| match r.contains("Origin: https") {
            true => r.replace("Origin: https", "Origin: http"),
            false => r.replace("Origin: http", "Origin: https"),
        }),
        EVER,
    ),
    of("HS-03", "has no origin to speak of", Http(|r| r.replace("Origin: http", "Origin: null-http")), EVER),
    of("HS-03", "names a port that is none", Http(|r| r.replace("\r\nOrigin", ":1\r\nOrigin")), EVER),
    //
    of(
        "HS-04",
        "sends a key of eight bytes",
        Http(|r| {
            let key = r.split("\r\n").find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
            r.replace(key, "AAECAwQFBgc=")
        }),
        EVER,
    ),
    of(
        "HS-04",
        "sends a key that is no base64",
        Http(|r| {
            let key = r.split("\r\n").find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
            r.replace(key, "not-base64-not-base64-!!")
        }),
        EVER,
    ),
    of("HS-04", "sends no key", Http(|r| drop_line(r, "Sec-WebSocket-Key")), EVER),
    of(
        "HS-04",
        "sends an empty key",
        Http(|r| {
            let key = r.split("\r\n").find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
            r.replace(key, "")
        }),
        EVER,
    ),
    of(
        "HS-04",
        "sends two keys",
        Http(|r| {
            r.replace("Sec-WebSocket-Key: ", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: ")
        }),
        EVER,
    ),
    of(
        "HS-04",
        "sends a key of 24 bytes",
        Http(|r| {
            let key = r.split("\r\n").find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
            r.replace(key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")
        }),
        EVER,
    ),
    //
    of("HS-05", "offers another", Http(|r| r.replace("Protocol: sci", "Protocol: chat")), EVER),
    of("HS-05", "offers none", Http(|r| drop_line(r, "Sec-WebSocket-Protocol")), EVER),
    of("HS-05", "offers another too", Http(|r| r.replace("Protocol: sci", "Protocol: sci, chat")), EVER),
    of("HS-05", "offers it in capitals", Http(|r| r.replace("Protocol: sci", "Protocol: SCI")), EVER),
    of(
        "HS-05",
        "offers it twice",
        Http(|r| {
            r.replace("Sec-WebSocket-Protocol: sci", "Sec-WebSocket-Protocol: sci\r\nSec-WebSocket-Protocol: sci")
        }),
        EVER,
    ),
    of("HS-05", "offers nothing by name", Http(|r| r.replace("Protocol: sci", "Protocol: ")), EVER),
    //
    of("HS-06", "is of version 8", Http(|r| r.replace("Version: 13", "Version: 8")), EVER),
    of("HS-06", "names no version", Http(|r| drop_line(r, "Sec-WebSocket-Version")), EVER),
    of("HS-06", "names two versions", Http(|r| r.replace("Version: 13", "Version: 13, 8")), EVER),
    of(
        "HS-06",
        "names it twice",
        Http(|r| r.replace("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13")),
        EVER,
    ),
    of("HS-06", "is of version 14", Http(|r| r.replace("Version: 13", "Version: 14")), EVER),
    of("HS-06", "is of version 013", Http(|r| r.replace("Version: 13", "Version: 013")), EVER),
    //
    of("HS-07", "is another", Http(|r| r.replace("pinpad-id: ", "pinpad-id: 9")), EVER),
    of("HS-07", "is nobody", Http(|r| drop_line(r, "x-vfi-pinpad-id")), EVER),
    of(
        "HS-07",
        "has an empty id",
        Http(|r| {
            let at = r.find("x-vfi-pinpad-id: ").map_or(r.len(), |at| at + 17);
            format!("{}\r\n\r\n", &r[..at])
        }),
        EVER,
    ),
    of("HS-07", "has another header", Http(|r| r.replace("x-vfi-pinpad-id", "x-pinpad-id")), EVER),
    of("HS-07", "says it twice", Http(|r| r.replace("x-vfi-pinpad-id", "x-vfi-pinpad-id: 1\r\nx-vfi-pinpad-id")), EVER),
    of(
        "HS-07",
        "is number one, whoever it is",
        Http(|r| {
            let at = r.find("x-vfi-pinpad-id: ").map_or(r.len(), |at| at + 17);
            format!("{}1\r\n\r\n", &r[..at])
        }),
        EVER,
    ),
    //
    of(
        "HS-08",
        "refuses a 101 without a subprotocol",
        Hear(|i, _| refused(i, answered(i).is_some_and(|h| is_101(h) && h.get("Sec-WebSocket-Protocol").is_none()))),
        EVER,
    ),
    of(
        "HS-08",
        "refuses the one it has offered",
        Hear(|i, _| {
            refused(i, answered(i).is_some_and(|h| is_101(h) && h.get("Sec-WebSocket-Protocol") == Some("sci")))
        }),
        TWICE,
    ),
    of(
        "HS-08",
        "takes one that it has not offered",
        Takes(|h, _| is_101(h) && h.get("Sec-WebSocket-Protocol").is_some_and(|named| named != "sci")),
        EVER,
    ),
    of("HS-08", "takes two", Takes(|h, _| is_101(h) && h.all("Sec-WebSocket-Protocol").count() > 1), TWICE),
    of(
        "HS-08",
        "takes one that begins alike",
        Takes(|h, _| {
            is_101(h)
                && h.get("Sec-WebSocket-Protocol")
                    .is_some_and(|named| named != "sci" && named.to_lowercase().starts_with("sci"))
        }),
        ONCE,
    ),
    of(
        "HS-08",
        "calls it a wrong Accept",
        Say(|o, _| {
            fails_as(
                o,
                |r| r == Reason::Handshake(HandshakeFailure::Subprotocol),
                Reason::Handshake(HandshakeFailure::Accept),
            )
        }),
        TWICE,
    ),
    //
    of(
        "HS-09",
        "swaps the first two",
        Http(|r| {
            r.replace(
                "Pragma: no-cache\r\nCache-Control: no-cache\r\n",
                "Cache-Control: no-cache\r\nPragma: no-cache\r\n",
            )
        }),
        EVER,
    ),
    of(
        "HS-09",
        "has the identity first",
        Http(|r| {
            let line = r.split_inclusive("\r\n").find(|line| line.starts_with("x-vfi-")).unwrap_or_default().to_owned();
            drop_line(r, "x-vfi-").replacen("Pragma", &format!("{line}Pragma"), 1)
        }),
        EVER,
    ),
    of(
        "HS-09",
        "has Host last",
        Http(|r| {
            let line = r.split_inclusive("\r\n").find(|line| line.starts_with("Host")).unwrap_or_default().to_owned();
            drop_line(r, "Host").replacen("x-vfi-", &format!("{line}x-vfi-"), 1)
        }),
        EVER,
    ),
    of(
        "HS-09",
        "has one header more",
        Http(|r| r.replace("Upgrade: websocket", "User-Agent: core\r\nUpgrade: websocket")),
        EVER,
    ),
    of(
        "HS-09",
        "has the version before the key",
        Http(|r| {
            drop_line(r, "Sec-WebSocket-Version")
                .replace("Sec-WebSocket-Key", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key")
        }),
        EVER,
    ),
    of(
        "HS-09",
        "has Connection before Upgrade",
        Http(|r| {
            r.replace("Upgrade: websocket\r\nConnection: Upgrade\r\n", "Connection: Upgrade\r\nUpgrade: websocket\r\n")
        }),
        EVER,
    ),
];
