//! The table of violations: for each clause the ways in which a client core can break it, and the opportunities from
//! which each is tried.

use sca_core::{CallEvent, Display, Input, LinkEvent, LinkReport, Output, Screen, Target};
use sca_protocol::handshake::{self, Head};
use sca_protocol::screens::ScreenName;
use sca_protocol::settings::KeepAlive;
use sca_protocol::{Line, Reason};

use super::wrapper::Does::{Hear, Http, Reply as Answer, Say, Set, Setup, Show, Takes};
use super::wrapper::{
    Does, Reply, document, heard_as, is_to_host, refusal, showing, success, text_in, with, with_field, without,
};

/// One way of breaking a clause.
pub(crate) struct Violation {
    pub(crate) clause: &'static str,
    pub(crate) name: &'static str,
    pub(crate) does: Does,
    /// The opportunities from which on it is tried, counted from 1.
    pub(crate) begins: &'static [u32],
}

const fn of(clause: &'static str, name: &'static str, does: Does, begins: &'static [u32]) -> Violation {
    Violation { clause, name, does, begins }
}

/// From the first, the second and the third opportunity on.
const EVER: &[u32] = &[1, 2, 3];
/// From the first and the second opportunity on.
const TWICE: &[u32] = &[1, 2];
/// From the start only.
const ONCE: &[u32] = &[1];

/// Clauses with fewer than six violations, and why there are no more.
pub(crate) const UNBREAKABLE: &[(&str, &str)] = &[
    ("CFG-01", "a core dials or it does not: at all, or at its first start only"),
    ("CON-02", "routing is the broker's part; a terminal can only say another identity than its own"),
    ("ICON-03", "a core hands over the picture that stands on the flash, or another"),
];

fn hello(head: &Head, name: &str) -> String {
    head.get(name).unwrap_or_default().to_owned()
}

/// Whether an answer has status 101.
fn is_101(head: &Head) -> bool {
    head.status == 101
}

fn drop_line(request: &str, name: &str) -> String {
    request.split_inclusive("\r\n").filter(|line| !line.starts_with(name)).collect()
}

fn fails_as(output: &Output, is_it: fn(Reason) -> bool, other: Reason) -> Option<Vec<Output>> {
    match output {
        Output::LinkReport(LinkReport::Fails(reason)) if is_it(*reason) && *reason != other => {
            Some(vec![Output::LinkReport(LinkReport::Fails(other))])
        }
        _ => None,
    }
}

fn no_dial(output: &Output, when: bool) -> Option<Vec<Output>> {
    (when && matches!(output, Output::Dial { .. })).then(Vec::new)
}

fn dial_of(output: &Output, change: impl FnOnce(&mut Target)) -> Option<Vec<Output>> {
    let other = dialled(output, |target, _, _| change(target));
    (matches!(output, Output::Dial { .. }) && other != *output).then(|| vec![other])
}

/// The dial with its target, its proxy or its file of roots changed.
fn dialled(output: &Output, change: impl FnOnce(&mut Target, &mut Option<handshake::Proxy>, &mut String)) -> Output {
    let mut other = output.clone();
    if let Output::Dial { target, via, roots, .. } = &mut other {
        change(target, via, roots);
    }
    other
}

fn answered(input: &Input) -> Option<&Head> {
    match input {
        Input::Link { event: LinkEvent::Answered(head), .. } => Some(head),
        _ => None,
    }
}

/// Makes an attempt fail although the answer was right.
fn refused(input: &Input, when: bool) -> Option<Vec<Input>> {
    let Input::Link { connection, event: LinkEvent::Answered(_) } = input else { return None };
    when.then(|| {
        vec![Input::Link {
            connection: *connection,
            event: LinkEvent::Failed(Reason::Handshake(HandshakeFailure::Garbage)),
        }]
    })
}

/// Drops a message before the terminal receives it.
fn unheard(input: &Input, when: bool) -> Option<Vec<Input>> {
    (when && text_in(input).is_some()).then(Vec::new)
}

/// Drops an answer.
fn unsaid(output: &Output, when: bool) -> Option<Vec<Output>> {
    (when && matches!(output, Output::Text { .. })).then(Vec::new)
}

/// Removes a field from a request.
fn unread(input: &Input, command: &str, field: &str) -> Option<Vec<Input>> {
    let text = text_in(input)?;
    let (open, close) = (format!("<{field}>"), format!("</{field}>"));
    let (from, to) = (text.find(&open)?, text.find(&close)? + close.len());
    text.contains(command).then(|| heard_as(input, format!("{}{}", &text[..from], &text[to..])))?
}

/// Replaces the value of a field in a request.
fn misread(input: &Input, command: &str, field: &str, value: &str) -> Option<Vec<Input>> {
    let text = text_in(input)?;
    let (open, close) = (format!("<{field}>"), format!("</{field}>"));
    let (from, to) = (text.find(&open)? + open.len(), text.find(&close)?);
    let is_other = text.contains(command) && &text[from..to] != value;
    is_other.then(|| heard_as(input, format!("{}{value}{}", &text[..from], &text[to..])))?
}

fn xml(fields: &[(&str, &str)]) -> String {
    let made = fields.iter().fold(sca_protocol::Response::default(), |made, (name, value)| made.with(name, *value));
    made.to_xml(sca_protocol::message::Layout::Indented)
}

fn is_secondary(request: &sca_protocol::Request) -> bool {
    request.function_type() == "SECONDARYPORT"
}

fn is_counter(request: &sca_protocol::Request) -> bool {
    request.command() == "GET_COUNTER"
}

fn is_good(response: &sca_protocol::Response) -> bool {
    response.get("RESULT_CODE") == Some("-1")
}

fn counted(response: &sca_protocol::Response, change: impl FnOnce(u32) -> u32) -> Reply {
    let Some(counter) = response.get("COUNTER").and_then(|counter| counter.parse().ok()) else { return Reply::Sound };
    let other = change(counter);
    if other == counter { Reply::Sound } else { with(response, "COUNTER", &other.to_string()) }
}

fn iff(when: bool, reply: impl FnOnce() -> Reply) -> Reply {
    if when { reply() } else { Reply::Sound }
}

fn extra(output: &Output, is_it: bool, text: &str) -> Option<Vec<Output>> {
    match output {
        Output::Text { connection, .. } if is_it => {
            Some(vec![Output::Text { connection: *connection, text: text.to_owned() }, output.clone()])
        }
        _ => None,
    }
}

fn text_of(output: &Output, change: impl FnOnce(&str) -> String) -> Option<Vec<Output>> {
    let Output::Text { connection, text } = output else { return None };
    let other = change(text);
    (other != *text).then(|| vec![Output::Text { connection: *connection, text: other }])
}

fn icon(face: &Display, connected: bool, when: bool) -> Option<Display> {
    (when && face.connected != connected).then(|| Display { connected, ..face.clone() })
}

fn is_trying(face: &Display) -> bool {
    matches!(face.screen.name, ScreenName::Connecting | ScreenName::Reconnecting | ScreenName::Error | ScreenName::Boot)
}

fn saying(face: &Display, name: ScreenName, text: &str) -> Option<Display> {
    let is_it = face.screen.name == name && face.screen.text != text && !face.screen.text.is_empty();
    is_it.then(|| Display { screen: Screen { text: text.to_owned(), ..face.screen.clone() }, ..face.clone() })
}

fn picture(face: &Display, other: &[u8]) -> Option<Display> {
    let other: std::sync::Arc<[u8]> = std::sync::Arc::from(other);
    (face.icon.is_some() && face.icon.as_ref() != Some(&other)).then(|| Display { icon: Some(other), ..face.clone() })
}

fn no_picture(face: &Display, when: bool) -> Option<Display> {
    (when && face.icon.is_some()).then(|| Display { icon: None, ..face.clone() })
}

/// Every violation, clause by clause.
pub(crate) const VIOLATIONS: &[Violation] = &[
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
    //
    of("MSG-01", "swallows a request", Hear(|i, _| unheard(i, true)), EVER),
    of("MSG-01", "swallows an answer", Answer(|_, _, _| Reply::Swallowed), EVER),
    of(
        "MSG-01",
        "answers twice",
        Answer(|_, r, _| {
            let text = document(r.fields().to_vec());
            Reply::Texts(vec![text.clone(), text])
        }),
        EVER,
    ),
    of("MSG-01", "hears nothing once it has lost a link", Hear(|i, p| unheard(i, p.losses > 0)), ONCE),
    of(
        "MSG-01",
        "is busy when idle",
        Answer(|q, r, _| iff(is_good(r), || refusal(q, "DEVICE IS BUSY", "BUSY", "59002"))),
        EVER,
    ),
    of(
        "MSG-01",
        "knows no command",
        Answer(|q, r, _| iff(is_good(r), || refusal(q, "Unknown command", "ERROR", "0"))),
        EVER,
    ),
    //
    of(
        "MSG-02",
        "takes what is no document",
        Answer(|q, r, _| iff(r.get("RESULT_CODE") == Some("-2"), || success(q, "SUCCESS"))),
        EVER,
    ),
    of(
        "MSG-02",
        "says nothing to what is no document",
        Answer(|_, r, _| iff(r.get("RESULT_CODE") == Some("-2"), || Reply::Swallowed)),
        EVER,
    ),
    of(
        "MSG-02",
        "has another code for what is no document",
        Answer(|_, r, _| iff(r.get("RESULT_CODE") == Some("-2"), || with(r, "RESULT_CODE", "59040"))),
        EVER,
    ),
    of(
        "MSG-02",
        "wants a header before the document",
        Hear(|i, _| {
            text_in(i).filter(|text| text.starts_with("<TRANSACTION")).and_then(|_| heard_as(i, "no header".to_owned()))
        }),
        EVER,
    ),
    of(
        "MSG-02",
        "reads lower case",
        Hear(|i, _| {
            text_in(i).filter(|text| text.contains("<transaction")).and_then(|text| heard_as(i, text.to_uppercase()))
        }),
        ONCE,
    ),
    of(
        "MSG-02",
        "reads the first of two documents",
        Hear(|i, _| {
            let text = text_in(i)?;
            let at = text.find("</TRANSACTION>")? + 14;
            (text[at..].contains("<TRANSACTION")).then(|| heard_as(i, text[..at].to_owned()))?
        }),
        ONCE,
    ),
    of(
        "MSG-02",
        "reads any root",
        Hear(|i, _| {
            let text = text_in(i).filter(|text| text.starts_with("<REQUEST") || text.starts_with("<RESPONSE"))?;
            heard_as(i, text.replace("REQUEST>", "TRANSACTION>").replace("RESPONSE>", "TRANSACTION>"))
        }),
        ONCE,
    ),
    //
    of("MSG-03", "declares XML", Say(|o, _| text_of(o, |t| format!("<?xml version=\"1.0\"?>{t}"))), EVER),
    of("MSG-03", "ends a line behind it", Say(|o, _| text_of(o, |t| format!("{t}\n"))), EVER),
    of(
        "MSG-03",
        "says its length",
        Say(|o, _| text_of(o, |t| format!("Content-Length: {}\r\n\r\n{t}", t.len()))),
        EVER,
    ),
    of("MSG-03", "marks the order of bytes", Say(|o, _| text_of(o, |t| format!("\u{feff}{t}"))), EVER),
    of("MSG-03", "has another root", Say(|o, _| text_of(o, |t| t.replace("RESPONSE>", "ANSWER>"))), EVER),
    of("MSG-03", "has another root around it", Say(|o, _| text_of(o, |t| format!("<SCA>{t}</SCA>"))), EVER),
    of(
        "MSG-03",
        "comments on it",
        Say(|o, _| text_of(o, |t| t.replacen("<RESPONSE>", "<RESPONSE><!-- sca -->", 1))),
        EVER,
    ),
    //
    of(
        "MSG-04",
        "has another order",
        Answer(|q, r, _| {
            iff(q.command() == "START" && is_good(r), || {
                let mut fields = r.fields().to_vec();
                fields.reverse();
                Reply::Text(document(fields))
            })
        }),
        EVER,
    ),
    of(
        "MSG-04",
        "says 0 for OFF",
        Answer(|q, r, _| {
            iff(q.command() == "START" && r.get("TRAINING_MODE") == Some("OFF"), || with(r, "TRAINING_MODE", "0"))
        }),
        EVER,
    ),
    of(
        "MSG-04",
        "says one field more",
        Answer(|q, r, _| {
            iff(q.command() == "START" && is_good(r), || {
                Reply::Text(document(r.clone().with("INVOICE", "1").fields().to_vec()))
            })
        }),
        EVER,
    ),
    of(
        "MSG-04",
        "leaves TRAINING_MODE out",
        Answer(|q, r, _| iff(q.command() == "START" && is_good(r), || without(r, "TRAINING_MODE"))),
        EVER,
    ),
    of(
        "MSG-04",
        "has another text",
        Answer(|q, r, _| iff(q.command() == "START" && is_good(r), || with(r, "RESPONSE_TEXT", "OK"))),
        EVER,
    ),
    of(
        "MSG-04",
        "says ON for OFF",
        Answer(|q, r, _| {
            iff(q.command() == "START" && r.get("TRAINING_MODE") == Some("OFF"), || with(r, "TRAINING_MODE", "ON"))
        }),
        EVER,
    ),
    //
    of("MSG-05", "does not read INVOICE", Hear(|i, _| unread(i, ">START<", "INVOICE")), TWICE),
    of("MSG-05", "does not read TRAINING_MODE", Hear(|i, _| unread(i, ">START<", "TRAINING_MODE")), TWICE),
    of("MSG-05", "does not read BUSINESSDATE", Hear(|i, _| unread(i, ">START<", "BUSINESSDATE")), TWICE),
    of("MSG-05", "does not read SWIPE_AHEAD", Hear(|i, _| unread(i, ">START<", "SWIPE_AHEAD")), TWICE),
    of("MSG-05", "has an INVOICE of its own", Hear(|i, _| misread(i, ">START<", "INVOICE", "000000")), TWICE),
    of("MSG-05", "trains always", Hear(|i, _| misread(i, ">START<", "TRAINING_MODE", "1")), TWICE),
    //
    of("CON-01", "knows one name", Say(|o, _| dial_of(o, |t| "broker.elsewhere".clone_into(&mut t.host))), EVER),
    of("CON-01", "knows one port", Say(|o, _| dial_of(o, |t| t.port = 1)), EVER),
    of(
        "CON-01",
        "takes broker.test for every broker",
        Say(|o, _| dial_of(o, |t| "broker.test".clone_into(&mut t.host))),
        ONCE,
    ),
    of(
        "CON-01",
        "takes the usual port for every broker",
        Say(|o, _| dial_of(o, |t| t.port = if t.secure { 443 } else { 80 })),
        ONCE,
    ),
    of("CON-01", "does not read its broker's name", Setup(|s| s.address.clear()), ONCE),
    of("CON-01", "does not read its broker's port", Setup(|s| s.port = 0), ONCE),
    //
    of(
        "CON-02",
        "is number one, whoever it is",
        Http(|r| {
            let at = r.find("x-vfi-pinpad-id: ").map_or(r.len(), |at| at + 17);
            format!("{}1\r\n\r\n", &r[..at])
        }),
        EVER,
    ),
    of("CON-02", "is another", Http(|r| r.replace("pinpad-id: ", "pinpad-id: 9")), EVER),
    of("CON-02", "is nobody", Http(|r| drop_line(r, "x-vfi-pinpad-id")), EVER),
    //
    of(
        "CON-03",
        "says to the POS what is for a host",
        Say(|o, _| {
            is_to_host(o).map(|text| {
                vec![Output::Text { connection: sca_core::ConnectionId(1), text: text.to_owned() }, o.clone()]
            })
        }),
        TWICE,
    ),
    of(
        "CON-03",
        "calls no host while its link is down",
        Say(|o, p| match o {
            Output::Call { call, .. } if matches!(call.line, Line::Host | Line::Estate) && !p.is_up => Some(Vec::new()),
            _ => None,
        }),
        ONCE,
    ),
    of(
        "CON-03",
        "calls no host",
        Say(|o, _| match o {
            Output::Call { call, .. } if matches!(call.line, Line::Host | Line::Estate) => Some(Vec::new()),
            _ => None,
        }),
        TWICE,
    ),
    of(
        "CON-03",
        "does not hear its host while its link is down",
        Hear(|i, p| match i {
            Input::Call { call, event: CallEvent::Document(_) } if call.line == Line::Host && !p.is_up => {
                Some(Vec::new())
            }
            _ => None,
        }),
        ONCE,
    ),
    of("CON-03", "answers no POS while its host is silent", Say(|o, p| unsaid(o, p.said_here > 0)), ONCE),
    of("CON-03", "dials nobody while it speaks to a host", Say(|o, p| no_dial(o, p.losses > 0)), ONCE),
    //
    of("CON-04", "greets", Say(|o, _| extra(o, true, "<HELLO />")), EVER),
    of(
        "CON-04",
        "says it is there before it answers",
        Say(|o, _| extra(o, true, &xml(&[("RESPONSE_TEXT", "ALIVE")]))),
        EVER,
    ),
    of(
        "CON-04",
        "asks the POS",
        Say(|o, _| extra(o, true, "<TRANSACTION><FUNCTION_TYPE>PING</FUNCTION_TYPE></TRANSACTION>")),
        EVER,
    ),
    of("CON-04", "logs by the link", Say(|o, _| extra(o, true, "{\"log\":\"answered\"}")), EVER),
    of(
        "CON-04",
        "says to the POS what is for a host",
        Say(|o, _| {
            is_to_host(o).map(|text| {
                vec![Output::Text { connection: sca_core::ConnectionId(1), text: text.to_owned() }, o.clone()]
            })
        }),
        TWICE,
    ),
    of(
        "CON-04",
        "says on the link what it calls back",
        Say(|o, _| match o {
            Output::Say { call, text } if call.line == Line::Notices => {
                Some(vec![Output::Text { connection: sca_core::ConnectionId(1), text: text.clone() }, o.clone()])
            }
            _ => None,
        }),
        ONCE,
    ),
    //
    of("CFG-01", "dials whatever it is set to", Set("POSCONNECTALLOW", "WEBSOCKETS"), ONCE),
    of("CFG-01", "never dials", Set("POSCONNECTALLOW", "ETHERNET"), ONCE),
    of("CFG-01", "dials at its first start only", Say(|o, p| no_dial(o, p.starts > 1)), ONCE),
    //
    of("CFG-02", "asks for the MAC all the same", Set("SKIPPOSAUTH", "0"), ONCE),
    of(
        "CFG-02",
        "minds a MAC that is there",
        Answer(|q, _, _| iff(q.get("MAC").is_some(), || refusal(q, "MAC is wrong", "FIELD_ERROR", "59040"))),
        TWICE,
    ),
    of(
        "CFG-02",
        "minds a label that nobody knows",
        Answer(|q, _, _| {
            iff(q.get("MAC_LABEL").is_some(), || refusal(q, "MAC_LABEL is unknown", "FIELD_ERROR", "59040"))
        }),
        TWICE,
    ),
    of(
        "CFG-02",
        "says nothing to what has a MAC",
        Answer(|q, _, _| iff(q.get("MAC").is_some(), || Reply::Swallowed)),
        TWICE,
    ),
    of(
        "CFG-02",
        "wants a MAC once a session is open",
        Answer(|q, r, _| {
            iff(q.command() == "FINISH" && is_good(r), || refusal(q, "MAC is missing", "FIELD_ERROR", "59040"))
        }),
        ONCE,
    ),
    of(
        "CFG-02",
        "wants a label of every request",
        Answer(|q, r, _| {
            iff(q.get("MAC_LABEL").is_none() && is_good(r), || {
                refusal(q, "MAC_LABEL is missing", "FIELD_ERROR", "59040")
            })
        }),
        ONCE,
    ),
    //
    of("CFG-03", "does not read its broker's name", Setup(|s| s.address.clear()), ONCE),
    of("CFG-03", "does not read its broker's port", Setup(|s| s.port = 0), ONCE),
    of("CFG-03", "does not read its file of roots", Setup(|s| s.roots.clear()), ONCE),
    of(
        "CFG-03",
        "trusts one certificate of its file only",
        Setup(|s| s.roots = s.roots.replace("both", "authority")),
        ONCE,
    ),
    of(
        "CFG-03",
        "keeps the roots of its first handshake",
        Say(|o, p| match o {
            Output::Dial { roots, .. } if p.dials > 0 && !roots.is_empty() => {
                Some(vec![dialled(o, |_, _, roots| roots.clear())])
            }
            _ => None,
        }),
        EVER,
    ),
    of("CFG-03", "never pings", Set("WEBSOCKETPINGINTERVAL", "0"), ONCE),
    of("CFG-03", "pings every minute", Set("WEBSOCKETPINGINTERVAL", "60"), ONCE),
    of("CFG-03", "waits as long as it likes", Set("retry-first", "7s"), ONCE),
    of("CFG-03", "grows its pauses as it likes", Set("retry-growth", "1"), ONCE),
    of("CFG-03", "knows no bound of its pauses", Set("retry-cap", "1h"), ONCE),
    of("CFG-03", "swallows a ping", Say(|o, _| matches!(o, Output::Ping { .. }).then(Vec::new)), TWICE),
    //
    of("DEV-01", "works on every device", Set("model", "M400"), ONCE),
    of("DEV-01", "works on no device", Set("model", "UX300"), ONCE),
    of("DEV-01", "does not say why", Show(|f, _| saying(f, ScreenName::Error, "")), TWICE),
    of(
        "DEV-01",
        "says another reason",
        Show(|f, p| {
            (p.dials == 0).then(|| saying(f, ScreenName::Error, "the broker refused the connection")).flatten()
        }),
        ONCE,
    ),
    of("DEV-01", "dials all the same", Say(|o, _| fails_as(o, |r| r == Reason::Config, Reason::Refused)), ONCE),
    of(
        "DEV-01",
        "shows that it is idle",
        Show(|f, p| {
            (p.dials == 0 && f.screen.name == ScreenName::Error).then(|| showing(f, ScreenName::Idle)).flatten()
        }),
        ONCE,
    ),
    //
    of("BOOT-01", "tries once", Say(|o, p| no_dial(o, p.dials > 0)), ONCE),
    of("BOOT-01", "tries three times", Say(|o, p| no_dial(o, p.dials_since_power > 2)), ONCE),
    of("BOOT-01", "gives up after ten failures", Say(|o, p| no_dial(o, p.failures >= 10)), ONCE),
    of(
        "BOOT-01",
        "gives up when the name is unknown",
        Say(|o, p| no_dial(o, p.last_failure == Some(Reason::Dns))),
        ONCE,
    ),
    of("BOOT-01", "gives up when TLS fails", Say(|o, p| no_dial(o, p.tls_failures > 0)), ONCE),
    of("BOOT-01", "gives up when it is refused by a status", Say(|o, p| no_dial(o, p.http_failures > 0)), ONCE),
    of("BOOT-01", "tries at its first start only", Say(|o, p| no_dial(o, p.starts > 1)), ONCE),
    of(
        "BOOT-01",
        "gives up when nothing answers",
        Say(|o, p| no_dial(o, p.last_failure == Some(Reason::Timeout))),
        ONCE,
    ),
    //
    of(
        "BOOT-02",
        "shows that it boots while it tries",
        Show(|f, _| (f.screen.name == ScreenName::Connecting).then(|| showing(f, ScreenName::Boot)).flatten()),
        EVER,
    ),
    of(
        "BOOT-02",
        "shows that it is idle while it tries",
        Show(|f, _| (f.screen.name == ScreenName::Connecting).then(|| showing(f, ScreenName::Idle)).flatten()),
        EVER,
    ),
    of(
        "BOOT-02",
        "shows the last failure while it tries",
        Show(|f, _| (f.screen.name == ScreenName::Connecting).then(|| showing(f, ScreenName::Error)).flatten()),
        EVER,
    ),
    of(
        "BOOT-02",
        "shows nothing while it tries",
        Show(|f, _| (f.screen.name == ScreenName::Connecting).then(|| showing(f, ScreenName::Off)).flatten()),
        EVER,
    ),
    of(
        "BOOT-02",
        "is idle as soon as TCP stands",
        Show(|f, p| {
            (p.is_open && f.screen.name == ScreenName::Connecting).then(|| showing(f, ScreenName::Idle)).flatten()
        }),
        ONCE,
    ),
    of(
        "BOOT-02",
        "calls its first attempts reconnecting",
        Show(|f, p| {
            (p.connects == 0 && f.screen.name == ScreenName::Connecting)
                .then(|| showing(f, ScreenName::Reconnecting))
                .flatten()
        }),
        TWICE,
    ),
    //
    of("BOOT-03", "does not count", Show(|f, _| is_trying(f).then(|| with_field(f, "ATTEMPT", None)).flatten()), EVER),
    of(
        "BOOT-03",
        "counts no further than one",
        Show(|f, _| is_trying(f).then(|| with_field(f, "ATTEMPT", Some("1"))).flatten()),
        ONCE,
    ),
    of(
        "BOOT-03",
        "does not say when it tries next",
        Show(|f, _| is_trying(f).then(|| with_field(f, "NEXT", None)).flatten()),
        EVER,
    ),
    of(
        "BOOT-03",
        "tries next now",
        Show(|f, _| is_trying(f).then(|| with_field(f, "NEXT", Some("0.000"))).flatten()),
        EVER,
    ),
    of(
        "BOOT-03",
        "counts from zero",
        Show(|f, _| {
            let attempt: u32 = f.screen.get("ATTEMPT")?.parse().ok()?;
            is_trying(f).then(|| with_field(f, "ATTEMPT", Some(&attempt.saturating_sub(1).to_string()))).flatten()
        }),
        EVER,
    ),
    of(
        "BOOT-03",
        "tries next in a year",
        Show(|f, _| is_trying(f).then(|| with_field(f, "NEXT", Some("31536000.000"))).flatten()),
        EVER,
    ),
    //
    of(
        "BOOT-04",
        "never shows that it is connected",
        Show(|f, _| {
            (f.connected && f.screen.name == ScreenName::Idle).then(|| showing(f, ScreenName::Connecting)).flatten()
        }),
        EVER,
    ),
    of(
        "BOOT-04",
        "shows that it is idle before it is connected",
        Show(|f, p| (p.connects == 0 && is_trying(f)).then(|| showing(f, ScreenName::Idle)).flatten()),
        TWICE,
    ),
    of(
        "BOOT-04",
        "shows no failure",
        Show(|f, _| (f.screen.name == ScreenName::Error).then(|| showing(f, ScreenName::Connecting)).flatten()),
        EVER,
    ),
    of(
        "BOOT-04",
        "shows no boot",
        Show(|f, _| (f.screen.name == ScreenName::Boot).then(|| showing(f, ScreenName::Idle)).flatten()),
        TWICE,
    ),
    of(
        "BOOT-04",
        "shows a failure for ever",
        Show(|f, p| {
            (p.failures == 0 && p.last_failure.is_some() && f.screen.name == ScreenName::Idle)
                .then(|| showing(f, ScreenName::Error))
                .flatten()
        }),
        ONCE,
    ),
    of(
        "BOOT-04",
        "shows nothing once it is connected",
        Show(|f, _| (f.connected && f.screen.name == ScreenName::Idle).then(|| showing(f, ScreenName::Off)).flatten()),
        EVER,
    ),
    //
    of("BOOT-05", "says no reason", Show(|f, _| saying(f, ScreenName::Error, "")), EVER),
    of(
        "BOOT-05",
        "says that something is wrong",
        Show(|f, _| saying(f, ScreenName::Error, "something is wrong")),
        EVER,
    ),
    of(
        "BOOT-05",
        "always says that it was refused",
        Show(|f, _| saying(f, ScreenName::Error, &Reason::Refused.sentence())),
        EVER,
    ),
    of(
        "BOOT-05",
        "always says that time was over",
        Show(|f, _| saying(f, ScreenName::Error, &Reason::Timeout.sentence())),
        EVER,
    ),
    of(
        "BOOT-05",
        "always says that the name is unknown",
        Show(|f, _| saying(f, ScreenName::Error, &Reason::Dns.sentence())),
        EVER,
    ),
    of(
        "BOOT-05",
        "shows no failure",
        Show(|f, _| (f.screen.name == ScreenName::Error).then(|| showing(f, ScreenName::Connecting)).flatten()),
        EVER,
    ),
    //
    of("BOOT-06", "is connected from the start", Show(|f, p| icon(f, true, p.connects == 0)), EVER),
    of("BOOT-06", "is connected as soon as TCP stands", Show(|f, p| icon(f, true, p.connects == 0 && p.is_open)), ONCE),
    of("BOOT-06", "is connected while it tries", Show(|f, p| icon(f, true, p.connects == 0 && p.is_dialling)), TWICE),
    of("BOOT-06", "is connected while it waits", Show(|f, p| icon(f, true, p.connects == 0 && p.failures > 0)), TWICE),
    of("BOOT-06", "is never connected", Show(|f, p| icon(f, false, p.is_up)), EVER),
    of("BOOT-06", "says the opposite", Show(|f, _| Some(Display { connected: !f.connected, ..f.clone() })), ONCE),
    //
    of(
        "CH-01",
        "knows no secondary command",
        Answer(|q, r, _| iff(is_secondary(q) && is_good(r), || refusal(q, "Unknown command", "ERROR", "0"))),
        EVER,
    ),
    of(
        "CH-01",
        "does not hear secondary commands",
        Hear(|i, _| unheard(i, text_in(i).is_some_and(|t| t.contains("SECONDARYPORT")))),
        EVER,
    ),
    of(
        "CH-01",
        "does not answer secondary commands",
        Answer(|q, _, _| iff(is_secondary(q), || Reply::Swallowed)),
        EVER,
    ),
    of(
        "CH-01",
        "dials a second connection for them",
        Say(|o, p| match o {
            Output::Text { .. } if p.said_here == 0 => {
                let target = Target { host: "broker.test".to_owned(), port: 443, secure: true };
                let connection = sca_core::ConnectionId(1_000 + p.connects);
                let (keep_alive, roots) = (KeepAlive::default(), String::new());
                let dial = Output::Dial { connection, target, via: None, keep_alive, roots };
                Some(vec![o.clone(), Output::LinkReport(LinkReport::Attempts), dial])
            }
            _ => None,
        }),
        TWICE,
    ),
    of(
        "CH-01",
        "is busy for secondary commands",
        Answer(|q, r, _| iff(is_secondary(q) && is_good(r), || refusal(q, "DEVICE IS BUSY", "BUSY", "59002"))),
        EVER,
    ),
    of(
        "CH-01",
        "takes a secondary command for a wrong field",
        Answer(|q, r, _| iff(is_secondary(q) && is_good(r), || refusal(q, "COMMAND is wrong", "FIELD_ERROR", "59040"))),
        TWICE,
    ),
    //
    of(
        "CH-02",
        "is busy for secondary commands",
        Answer(|q, r, _| {
            iff(is_secondary(q) && r.get("RESULT_CODE") != Some("59002"), || {
                refusal(q, "DEVICE IS BUSY", "BUSY", "59002")
            })
        }),
        EVER,
    ),
    of(
        "CH-02",
        "does not hear secondary commands",
        Hear(|i, _| unheard(i, text_in(i).is_some_and(|t| t.contains("SECONDARYPORT")))),
        EVER,
    ),
    of(
        "CH-02",
        "does not answer STATUS",
        Answer(|q, _, _| iff(is_secondary(q) && q.command() == "STATUS", || Reply::Swallowed)),
        TWICE,
    ),
    of(
        "CH-02",
        "does not answer CANCEL",
        Answer(|q, _, _| iff(is_secondary(q) && q.command() == "CANCEL", || Reply::Swallowed)),
        TWICE,
    ),
    of(
        "CH-02",
        "has nothing to cancel",
        Answer(|q, r, _| iff(q.command() == "CANCEL" && is_good(r), || refusal(q, "NO TRANSACTION", "ERROR", "59049"))),
        TWICE,
    ),
    of(
        "CH-02",
        "knows no secondary command",
        Answer(|q, r, _| iff(is_secondary(q) && is_good(r), || refusal(q, "Unknown command", "ERROR", "0"))),
        EVER,
    ),
    //
    of(
        "AUTH-01",
        "demands registration",
        Answer(|q, r, _| iff(is_good(r), || refusal(q, "Not registered", "ERROR", "59020"))),
        EVER,
    ),
    of(
        "AUTH-01",
        "demands registration for a session",
        Answer(|q, r, _| iff(q.command() == "START" && is_good(r), || refusal(q, "Not registered", "ERROR", "59020"))),
        TWICE,
    ),
    of(
        "AUTH-01",
        "demands registration for the device's commands",
        Answer(|q, r, _| {
            iff(q.function_type() == "DEVICE" && is_good(r), || refusal(q, "Not registered", "ERROR", "59020"))
        }),
        TWICE,
    ),
    of(
        "AUTH-01",
        "demands registration for secondary commands",
        Answer(|q, r, _| iff(is_secondary(q) && is_good(r), || refusal(q, "Not registered", "ERROR", "59020"))),
        ONCE,
    ),
    of(
        "AUTH-01",
        "demands registration after a loss",
        Answer(|q, r, p| iff(p.losses > 0 && is_good(r), || refusal(q, "Not registered", "ERROR", "59020"))),
        ONCE,
    ),
    of(
        "AUTH-01",
        "demands registration for GET COUNTER",
        Answer(|q, r, _| iff(is_counter(q) && is_good(r), || refusal(q, "Not registered", "ERROR", "59020"))),
        ONCE,
    ),
    //
    of(
        "AUTH-02",
        "minds a MAC that is there",
        Answer(|q, _, _| iff(q.get("MAC").is_some(), || refusal(q, "MAC is wrong", "FIELD_ERROR", "59040"))),
        EVER,
    ),
    of(
        "AUTH-02",
        "minds a label that is there",
        Answer(|q, _, _| {
            iff(q.get("MAC_LABEL").is_some(), || refusal(q, "MAC_LABEL is unknown", "FIELD_ERROR", "59040"))
        }),
        EVER,
    ),
    of(
        "AUTH-02",
        "minds them in a session",
        Answer(|q, r, _| {
            iff(q.get("MAC").is_some() && q.command() != "START" && is_good(r), || {
                refusal(q, "MAC is wrong", "FIELD_ERROR", "59040")
            })
        }),
        TWICE,
    ),
    of(
        "AUTH-02",
        "says nothing to what has a MAC",
        Answer(|q, _, _| iff(q.get("MAC").is_some(), || Reply::Swallowed)),
        EVER,
    ),
    of(
        "AUTH-02",
        "minds them after a loss",
        Answer(|q, _, p| {
            iff(p.losses > 0 && q.get("MAC").is_some(), || refusal(q, "MAC is wrong", "FIELD_ERROR", "59040"))
        }),
        ONCE,
    ),
    of("AUTH-02", "asks for the MAC all the same", Set("SKIPPOSAUTH", "0"), ONCE),
    //
    of(
        "AUTH-03",
        "registers",
        Answer(|q, r, _| iff(q.command() == "REGISTER" && !is_good(r), || success(q, "REGISTERED"))),
        TWICE,
    ),
    of(
        "AUTH-03",
        "takes every security command",
        Answer(|q, r, _| iff(q.function_type() == "SECURITY" && !is_good(r), || success(q, "SUCCESS"))),
        EVER,
    ),
    of(
        "AUTH-03",
        "tests a MAC",
        Answer(|q, r, _| iff(q.command() == "TEST_MAC" && !is_good(r), || success(q, "Match"))),
        ONCE,
    ),
    of(
        "AUTH-03",
        "says nothing to security commands",
        Answer(|q, _, _| iff(q.function_type() == "SECURITY", || Reply::Swallowed)),
        EVER,
    ),
    of(
        "AUTH-03",
        "unregisters",
        Answer(|q, r, _| iff(q.command().starts_with("UNREGISTER") && !is_good(r), || success(q, "UNREGISTERED"))),
        ONCE,
    ),
    of(
        "AUTH-03",
        "has another code for security commands",
        Answer(|q, r, _| iff(q.function_type() == "SECURITY" && !is_good(r), || with(r, "RESULT_CODE", "59040"))),
        EVER,
    ),
    //
    of("AUTH-04", "skips all of it", Set("SKIPPOSAUTH", "1"), ONCE),
    of(
        "AUTH-04",
        "takes what is wrong",
        Answer(|q, r, _| {
            iff(r.get("RESULT_CODE") == Some("59040") && q.get("MAC").is_some(), || success(q, "SUCCESS"))
        }),
        EVER,
    ),
    of(
        "AUTH-04",
        "takes what has no label",
        Answer(|q, r, _| {
            iff(!is_good(r) && q.get("MAC_LABEL").is_none() && q.function_type() != "SECURITY", || {
                success(q, "SUCCESS")
            })
        }),
        TWICE,
    ),
    of(
        "AUTH-04",
        "takes a replay",
        Answer(|q, r, p| {
            let counter: u32 = q.get("COUNTER").and_then(|c| c.parse().ok()).unwrap_or_default();
            iff(!is_good(r) && q.get("MAC").is_some() && counter <= p.highest_counter, || success(q, "SUCCESS"))
        }),
        TWICE,
    ),
    of(
        "AUTH-04",
        "refuses what is right",
        Answer(|q, r, _| {
            iff(is_good(r) && q.get("MAC").is_some(), || refusal(q, "MAC is wrong", "FIELD_ERROR", "59040"))
        }),
        EVER,
    ),
    of(
        "AUTH-04",
        "says nothing to what is wrong",
        Answer(|q, r, _| iff(!is_good(r) && q.function_type() != "SECURITY", || Reply::Swallowed)),
        TWICE,
    ),
    //
    of(
        "CNT-01",
        "refuses GET COUNTER",
        Answer(|q, r, _| iff(is_counter(q) && is_good(r), || refusal(q, "Not allowed", "ERROR", "59020"))),
        EVER,
    ),
    of(
        "CNT-01",
        "does not know GET COUNTER",
        Answer(|q, r, _| iff(is_counter(q) && is_good(r), || refusal(q, "Unknown command", "ERROR", "0"))),
        EVER,
    ),
    of("CNT-01", "says nothing to GET COUNTER", Answer(|q, _, _| iff(is_counter(q), || Reply::Swallowed)), EVER),
    of(
        "CNT-01",
        "refuses it in a session",
        Answer(|q, r, p| iff(is_counter(q) && is_good(r) && p.heard > 1, || refusal(q, "Not now", "ERROR", "59004"))),
        EVER,
    ),
    of(
        "CNT-01",
        "refuses it with fields of a MAC",
        Answer(|q, r, _| {
            iff(is_counter(q) && is_good(r) && q.get("MAC").is_some(), || refusal(q, "MAC", "FIELD_ERROR", "59040"))
        }),
        ONCE,
    ),
    of(
        "CNT-01",
        "refuses it after a loss",
        Answer(|q, r, p| iff(is_counter(q) && is_good(r) && p.losses > 0, || refusal(q, "Not now", "ERROR", "59004"))),
        TWICE,
    ),
    of(
        "CNT-01",
        "calls it a failure",
        Answer(|q, r, _| iff(is_counter(q) && is_good(r), || with(r, "TERMINATION_STATUS", "FAILURE"))),
        EVER,
    ),
    //
    of(
        "CNT-02",
        "answers one more",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter > 0, || counted(r, |c| c + 1))),
        EVER,
    ),
    of(
        "CNT-02",
        "answers one less",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter > 0, || counted(r, |c| c.saturating_sub(1)))),
        EVER,
    ),
    of(
        "CNT-02",
        "answers the highest",
        Answer(|q, r, p| iff(is_counter(q), || counted(r, |c| c.max(p.highest_counter)))),
        ONCE,
    ),
    of(
        "CNT-02",
        "answers how many requests there were",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter > 0, || counted(r, |_| p.heard))),
        EVER,
    ),
    of(
        "CNT-02",
        "answers 1 always",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter > 1, || counted(r, |_| 1))),
        EVER,
    ),
    of(
        "CNT-02",
        "forgets with the link",
        Answer(|q, r, p| iff(is_counter(q) && p.losses > 0, || counted(r, |_| 1))),
        TWICE,
    ),
    of("CNT-02", "counts to 65535", Answer(|q, r, _| iff(is_counter(q), || counted(r, |c| c & 0xffff))), ONCE),
    of("CNT-02", "does not count what is refused", Set("counter-of-refused", "no"), ONCE),
    of("CNT-02", "does not count secondary requests", Set("counter-of-secondary", "no"), ONCE),
    //
    of(
        "CNT-03",
        "answers 0 at first",
        Answer(|q, r, p| iff(is_counter(q) && p.heard == 1, || counted(r, |_| 0))),
        ONCE,
    ),
    of(
        "CNT-03",
        "answers 2 at first",
        Answer(|q, r, p| iff(is_counter(q) && p.heard == 1, || counted(r, |_| 2))),
        ONCE,
    ),
    of(
        "CNT-03",
        "answers no number at first",
        Answer(|q, r, p| iff(is_counter(q) && p.heard == 1, || without(r, "COUNTER"))),
        ONCE,
    ),
    of(
        "CNT-03",
        "refuses at first",
        Answer(|q, _, p| iff(is_counter(q) && p.heard == 1, || refusal(q, "No counter", "ERROR", "59040"))),
        ONCE,
    ),
    of(
        "CNT-03",
        "says nothing at first",
        Answer(|q, _, p| iff(is_counter(q) && p.heard == 1, || Reply::Swallowed)),
        ONCE,
    ),
    of(
        "CNT-03",
        "fails at first",
        Answer(|q, r, p| iff(is_counter(q) && p.heard == 1, || with(r, "RESULT", "ERROR"))),
        ONCE,
    ),
    //
    of(
        "CNT-04",
        "answers 0 where there was none",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter == 0, || counted(r, |_| 0))),
        EVER,
    ),
    of(
        "CNT-04",
        "counts requests without one",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter == 0, || counted(r, |_| p.heard))),
        EVER,
    ),
    of(
        "CNT-04",
        "answers no number where there was none",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter == 0, || without(r, "COUNTER"))),
        EVER,
    ),
    of(
        "CNT-04",
        "refuses where there was none",
        Answer(|q, _, p| iff(is_counter(q) && p.last_counter == 0, || refusal(q, "No counter", "ERROR", "59040"))),
        EVER,
    ),
    of(
        "CNT-04",
        "counts its own answers",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter == 0, || counted(r, |_| p.asked_counter))),
        EVER,
    ),
    of(
        "CNT-04",
        "answers 2 where there was none",
        Answer(|q, r, p| iff(is_counter(q) && p.last_counter == 0, || counted(r, |_| 2))),
        EVER,
    ),
    //
    of(
        "CNT-05",
        "counts up by being asked",
        Answer(|q, r, p| iff(is_counter(q) && p.asked_counter > 1, || counted(r, |c| c + p.asked_counter - 1))),
        TWICE,
    ),
    of(
        "CNT-05",
        "takes over the number of the question",
        Answer(|q, r, _| {
            let own: Option<u32> = q.get("COUNTER").and_then(|c| c.parse().ok());
            iff(is_counter(q) && own.is_some(), || counted(r, |c| own.unwrap_or(c)))
        }),
        TWICE,
    ),
    of(
        "CNT-05",
        "forgets by being asked",
        Answer(|q, r, p| iff(is_counter(q) && p.asked_counter > 1, || counted(r, |_| 1))),
        ONCE,
    ),
    of(
        "CNT-05",
        "answers what comes behind the question",
        Answer(|q, r, p| iff(is_counter(q), || counted(r, |_| p.last_counter.max(1) + 7))),
        TWICE,
    ),
    of(
        "CNT-05",
        "answers the highest",
        Answer(|q, r, p| iff(is_counter(q), || counted(r, |c| c.max(p.highest_counter + 1)))),
        TWICE,
    ),
    of(
        "CNT-05",
        "answers 0 the second time",
        Answer(|q, r, p| iff(is_counter(q) && p.asked_counter > 1, || counted(r, |_| 0))),
        ONCE,
    ),
    //
    of("REC-01", "never comes back", Say(|o, p| no_dial(o, p.losses > 0)), ONCE),
    of("REC-01", "comes back once", Say(|o, p| no_dial(o, p.losses > 1)), ONCE),
    of("REC-01", "comes back twice", Say(|o, p| no_dial(o, p.losses > 2)), ONCE),
    of(
        "REC-01",
        "does not notice a reset",
        Hear(|i, _| matches!(i, Input::Link { event: LinkEvent::Lost, .. }).then(Vec::new)),
        TWICE,
    ),
    of("REC-01", "takes a close for the end", Say(|o, p| no_dial(o, p.losses > 0 && p.last_failure.is_none())), ONCE),
    of("REC-01", "gives up when it fails after a loss", Say(|o, p| no_dial(o, p.losses > 0 && p.failures > 1)), ONCE),
    of(
        "REC-01",
        "does not notice a close",
        Hear(|i, _| matches!(i, Input::Link { event: LinkEvent::Closed, .. }).then(Vec::new)),
        TWICE,
    ),
    of("REC-01", "refuses the second connection", Hear(|i, p| refused(i, p.connects > 0)), ONCE),
    //
    of("REC-02", "stays connected", Show(|f, p| icon(f, true, p.losses > 0 && !p.is_up)), EVER),
    of("REC-02", "stays disconnected", Show(|f, p| icon(f, false, p.losses > 0 && p.is_up)), EVER),
    of("REC-02", "is connected while it dials", Show(|f, p| icon(f, true, p.losses > 0 && p.is_dialling)), TWICE),
    of(
        "REC-02",
        "is connected as soon as TCP stands",
        Show(|f, p| icon(f, true, p.losses > 0 && p.is_open && !p.is_up)),
        TWICE,
    ),
    of(
        "REC-02",
        "changes outside a session only",
        Show(|f, p| icon(f, true, p.losses > 0 && f.screen.name == ScreenName::Session)),
        ONCE,
    ),
    of(
        "REC-02",
        "changes with the first failure only",
        Show(|f, p| icon(f, true, p.losses > 0 && !p.is_up && p.failures == 0)),
        TWICE,
    ),
    //
    of(
        "REC-03",
        "shows that it is idle",
        Show(|f, _| (f.screen.name == ScreenName::Reconnecting).then(|| showing(f, ScreenName::Idle)).flatten()),
        EVER,
    ),
    of(
        "REC-03",
        "shows that it connects",
        Show(|f, _| (f.screen.name == ScreenName::Reconnecting).then(|| showing(f, ScreenName::Connecting)).flatten()),
        EVER,
    ),
    of(
        "REC-03",
        "shows an error",
        Show(|f, _| (f.screen.name == ScreenName::Reconnecting).then(|| showing(f, ScreenName::Error)).flatten()),
        EVER,
    ),
    of(
        "REC-03",
        "shows it until the first attempt only",
        Show(|f, p| {
            (f.screen.name == ScreenName::Reconnecting && p.is_dialling).then(|| showing(f, ScreenName::Idle)).flatten()
        }),
        TWICE,
    ),
    of(
        "REC-03",
        "never stops showing it",
        Show(|f, p| {
            (p.losses > 0 && f.screen.name == ScreenName::Idle).then(|| showing(f, ScreenName::Reconnecting)).flatten()
        }),
        TWICE,
    ),
    of(
        "REC-03",
        "does not say when it tries next",
        Show(|f, _| (f.screen.name == ScreenName::Reconnecting).then(|| with_field(f, "NEXT", None)).flatten()),
        TWICE,
    ),
    of(
        "REC-03",
        "does not count",
        Show(|f, _| (f.screen.name == ScreenName::Reconnecting).then(|| with_field(f, "ATTEMPT", Some("0"))).flatten()),
        TWICE,
    ),
    //
    of(
        "REC-04",
        "shows that it reconnects",
        Show(|f, p| {
            (f.screen.name == ScreenName::Session && !p.is_up).then(|| showing(f, ScreenName::Reconnecting)).flatten()
        }),
        EVER,
    ),
    of(
        "REC-04",
        "shows that it is idle",
        Show(|f, p| (f.screen.name == ScreenName::Session && !p.is_up).then(|| showing(f, ScreenName::Idle)).flatten()),
        EVER,
    ),
    of(
        "REC-04",
        "shows it while it dials",
        Show(|f, p| {
            (f.screen.name == ScreenName::Session && p.losses > 0 && p.is_dialling)
                .then(|| showing(f, ScreenName::Connecting))
                .flatten()
        }),
        TWICE,
    ),
    of(
        "REC-04",
        "forgets its invoice",
        Show(|f, p| {
            (f.screen.name == ScreenName::Session && p.losses > 0).then(|| with_field(f, "INVOICE", None)).flatten()
        }),
        TWICE,
    ),
    of(
        "REC-04",
        "shows an error after a failure",
        Show(|f, p| {
            (f.screen.name == ScreenName::Session && !p.is_up && p.failures > 0)
                .then(|| showing(f, ScreenName::Error))
                .flatten()
        }),
        TWICE,
    ),
    of(
        "REC-04",
        "is idle once it is back",
        Show(|f, p| {
            (f.screen.name == ScreenName::Session && p.losses > 0 && p.is_up)
                .then(|| showing(f, ScreenName::Idle))
                .flatten()
        }),
        TWICE,
    ),
    //
    of(
        "REC-05",
        "has no session any more",
        Answer(|q, r, p| {
            iff(p.losses > 0 && q.command() == "FINISH" && is_good(r), || refusal(q, "No session", "ERROR", "59004"))
        }),
        TWICE,
    ),
    of(
        "REC-05",
        "begins a new one",
        Answer(|q, r, p| iff(p.losses > 0 && q.command() == "START" && !is_good(r), || success(q, "Session Started"))),
        ONCE,
    ),
    of(
        "REC-05",
        "says that it is idle",
        Answer(|q, r, p| {
            iff(p.losses > 0 && q.command() == "STATUS" && r.get("SECONDARY_DATA") == Some("14"), || {
                with(r, "SECONDARY_DATA", "10")
            })
        }),
        TWICE,
    ),
    of(
        "REC-05",
        "refuses a payment",
        Answer(|q, _, p| {
            iff(p.losses > 0 && q.function_type() == "PAYMENT" && q.command() == "CAPTURE", || {
                refusal(q, "No session", "ERROR", "59004")
            })
        }),
        ONCE,
    ),
    of(
        "REC-05",
        "has no items any more",
        Answer(|q, r, p| {
            iff(p.losses > 0 && q.function_type() == "LINE_ITEM" && is_good(r), || {
                refusal(q, "No session", "ERROR", "59004")
            })
        }),
        ONCE,
    ),
    of(
        "REC-05",
        "says nothing once it is back",
        Answer(|q, _, p| iff(p.losses > 0 && q.command() == "FINISH", || Reply::Swallowed)),
        TWICE,
    ),
    //
    of("ICON-01", "has its own picture", Show(|f, p| no_picture(f, !p.is_up)), EVER),
    of("ICON-01", "reads nothing", Show(|f, _| no_picture(f, !f.connected)), TWICE),
    of("ICON-01", "has another picture", Show(|f, p| if p.is_up { None } else { picture(f, b"another") }), EVER),
    of("ICON-01", "has its own picture after a loss", Show(|f, p| no_picture(f, !p.is_up && p.losses > 0)), ONCE),
    of("ICON-01", "has its own picture before the first connection", Show(|f, p| no_picture(f, p.connects == 0)), ONCE),
    of(
        "ICON-01",
        "has its own picture after another start",
        Show(|f, p| no_picture(f, !p.is_up && p.starts > 1)),
        ONCE,
    ),
    //
    of("ICON-02", "has its own picture", Show(|f, p| no_picture(f, p.is_up)), EVER),
    of("ICON-02", "reads nothing", Show(|f, _| no_picture(f, f.connected)), TWICE),
    of("ICON-02", "has another picture", Show(|f, p| if p.is_up { picture(f, b"another") } else { None }), EVER),
    of("ICON-02", "has its own picture after a loss", Show(|f, p| no_picture(f, p.is_up && p.losses > 0)), ONCE),
    of("ICON-02", "has its own picture at the first connection", Show(|f, p| no_picture(f, p.connects == 1)), ONCE),
    of("ICON-02", "has its own picture after another start", Show(|f, p| no_picture(f, p.is_up && p.starts > 1)), ONCE),
    //
    of("ICON-03", "keeps its own picture", Show(|f, _| no_picture(f, true)), EVER),
    of(
        "ICON-03",
        "shows half of it",
        Show(|f, _| f.icon.clone().and_then(|icon| picture(f, &icon[..icon.len() / 2]))),
        EVER,
    ),
    of(
        "ICON-03",
        "is never replaced",
        Hear(|i, _| matches!(i, Input::File { bytes: Some(_), .. }).then(Vec::new)),
        TWICE,
    ),
    of(
        "ICON-03",
        "is never taken away",
        Hear(|i, _| matches!(i, Input::File { bytes: None, .. }).then(Vec::new)),
        ONCE,
    ),
    of("ICON-03", "is replaced once", Show(|f, p| no_picture(f, p.starts > 1)), ONCE),
];
