//! The checks of a strict server on an upgrade request (RFC 6455, section 4.2.1; clauses WS-04, HS-01 to HS-07).

use sca_protocol::handshake::{Head, SUBPROTOCOL, is_key};

/// The address of a server, as its clients name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) secure: bool,
}

/// The refusal of an upgrade request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The status line, after the HTTP version.
    pub(crate) status: &'static str,
    /// An additional header line of the response; empty for none.
    pub(crate) header: &'static str,
    /// What the terminal sent, as the object of "the terminal sent".
    pub(crate) what: &'static str,
}

const fn refusal(status: &'static str, what: &'static str) -> Option<Refusal> {
    Some(Refusal { status, header: "", what })
}

/// The refusal of an upgrade request; `None` if it is acceptable. The values of Host and Origin are checked only if the
/// server knows the address that its clients use.
pub(crate) fn refused(head: &Head, found_at: Option<&Authority>) -> Option<Refusal> {
    const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";
    if head.method() != "GET" {
        return Some(Refusal {
            header: "Allow: GET\r\n",
            ..refusal("405 Method Not Allowed", "a request that is not a GET")?
        });
    }
    if head.version != 1 {
        return refusal("505 HTTP Version Not Supported", "a request that is not HTTP/1.1");
    }
    if head.path() != "/" {
        return refusal("404 Not Found", "a request for a path other than /");
    }
    if !lists(head, "Upgrade", "websocket") {
        return Some(Refusal {
            header: "Upgrade: websocket\r\n",
            ..refusal("426 Upgrade Required", "a request without `Upgrade: websocket`")?
        });
    }
    if !lists(head, "Connection", "Upgrade") {
        return refusal("400 Bad Request", "a request without `Connection: Upgrade`");
    }
    if only(head, "Sec-WebSocket-Version") != Some("13") {
        return Some(Refusal {
            header: VERSION,
            ..refusal("426 Upgrade Required", "a request without `Sec-WebSocket-Version: 13`")?
        });
    }
    if !only(head, "Sec-WebSocket-Key").is_some_and(is_key) {
        return refusal("400 Bad Request", "a Sec-WebSocket-Key that is not 16 bytes in base64");
    }
    if !lists(head, "Sec-WebSocket-Protocol", SUBPROTOCOL) {
        return refusal("400 Bad Request", "a request that does not offer the subprotocol sci");
    }
    if head.all("x-vfi-pinpad-id").count() != 1 {
        return refusal("400 Bad Request", "a request without exactly one x-vfi-pinpad-id");
    }
    match (only(head, "Host"), found_at) {
        (None, _) => refusal("400 Bad Request", "a request without exactly one Host"),
        (Some(host), Some(own)) if !own.is_named_by(host) => {
            refusal("421 Misdirected Request", "a Host other than this broker's")
        }
        (Some(_), Some(own)) if !only(head, "Origin").is_some_and(|origin| own.is_origin(origin)) => {
            refusal("403 Forbidden", "an Origin other than this broker's")
        }
        _ => None,
    }
}

impl Authority {
    /// Whether a Host header names this server. The port may be omitted.
    fn is_named_by(&self, host: &str) -> bool {
        let own = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let with_port = format!("{own}:{}", self.port);
        host.eq_ignore_ascii_case(&own) || host.eq_ignore_ascii_case(&with_port)
    }

    fn is_origin(&self, origin: &str) -> bool {
        let scheme = if self.secure { "https://" } else { "http://" };
        origin.strip_prefix(scheme).is_some_and(|host| self.is_named_by(host))
    }
}

/// The value of a header that must occur exactly once.
fn only<'a>(head: &'a Head, name: &'a str) -> Option<&'a str> {
    let mut all = head.all(name);
    all.next().filter(|_| all.next().is_none())
}

fn lists(head: &Head, name: &str, token: &str) -> bool {
    head.all(name).flat_map(|value| value.split(',')).any(|t| t.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: broker.test\r\nOrigin: https://broker.test\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: fg8IQ1zNVtTDILSUkjwnKA==\r\nSec-WebSocket-Protocol: sci\r\n\
        Sec-WebSocket-Version: 13\r\nx-vfi-pinpad-id: 1\r\n\r\n";

    fn status(request: &str) -> Option<&'static str> {
        let own = Authority { host: "broker.test".to_owned(), port: 443, secure: true };
        let (head, _) = Head::parse_request(request.as_bytes()).expect("it is a head").expect("it is whole");
        refused(&head, Some(&own)).map(|refusal| &refusal.status[..3])
    }

    #[test]
    fn a_refusal_says_what_would_be_taken() {
        let own = Authority { host: "broker.test".to_owned(), port: 443, secure: true };
        for (word, other, header) in [
            ("GET", "POST", "Allow: GET\r\n"),
            ("Upgrade: websocket", "Upgrade: h2c", "Upgrade: websocket\r\n"),
            ("Version: 13", "Version: 8", "Sec-WebSocket-Version: 13\r\n"),
            ("Connection: Upgrade", "Connection: keep-alive", ""),
        ] {
            let asked = REQUEST.replacen(word, other, 1);
            let (head, _) = Head::parse_request(asked.as_bytes()).expect("it is a head").expect("it is whole");
            assert_eq!(refused(&head, Some(&own)).map(|refusal| refusal.header), Some(header), "{other}");
        }
    }

    #[test]
    fn each_word_of_the_request_is_looked_at() {
        assert_eq!(status(REQUEST), None);
        for (word, other, expected) in [
            ("GET", "POST", "405"),
            ("/ HTTP/1.1", "/ HTTP/1.0", "505"),
            ("GET /", "GET /ws", "404"),
            ("Upgrade: websocket", "Upgrade: h2c", "426"),
            ("Connection: Upgrade", "Connection: keep-alive", "400"),
            ("Version: 13", "Version: 8", "426"),
            ("fg8IQ1zNVtTDILSUkjwnKA==", "fg8IQ1zNVtQ=", "400"),
            ("fg8IQ1zNVtTDILSUkjwnKA==", "no base64", "400"),
            ("Protocol: sci", "Protocol: chat", "400"),
            ("x-vfi-pinpad-id: 1\r\n", "", "400"),
            ("Host: broker.test\r\n", "", "400"),
            ("Host: broker.test", "Host: broker.test:444", "421"),
            ("Host: broker.test", "Host: elsewhere.test", "421"),
            ("https://broker.test", "http://broker.test", "403"),
        ] {
            assert_eq!(status(&REQUEST.replacen(word, other, 1)), Some(expected), "{word} -> {other}");
        }
        assert_eq!(status(&REQUEST.replace("Host: broker.test", "Host: broker.test:443")), None);
        assert_eq!(status(&REQUEST.replace("Connection: Upgrade", "Connection: keep-alive, upgrade")), None);
    }
}
