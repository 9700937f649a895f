//! The tour: small scenarios from the first connection to the rare cases, each with what a core has to do there.

/// One stop of the tour.
pub(super) struct Stop {
    /// What the core does.
    pub(super) title: &'static str,
    /// The scenario.
    pub(super) text: &'static str,
    /// What a core has to do here.
    pub(super) lesson: &'static str,
}

const fn stop(title: &'static str, text: &'static str, lesson: &'static str) -> Stop {
    Stop { title, text, lesson }
}

/// The stops, in the order in which a core is best written.
pub(super) const STOPS: &[Stop] = &[
    stop(
        "connects over ws",
        "scenario \"It connects\"\n\nbroker\n  url ws://broker.test\n\nterminal connects  within 5s\n",
        "after `start` set the deadline to boot-time; at its `tick` report `attempts` and say `dial`; on `opened` say \
         `request`; on `answered` with 101 say `open` and report `connects`",
    ),
    stop(
        "connects over wss",
        "scenario \"It connects\"\n\nterminal connects  within 5s\n",
        "over TLS `opened` is followed by `secured`; the request goes out only then",
    ),
    stop(
        "asks for the upgrade as the source document says",
        "scenario \"The request\"\n\nterminal -> broker http\n  GET / HTTP/1.1\n  Host: broker.test\n  Upgrade: websocket\n  \
         Connection: Upgrade\n  Sec-WebSocket-Protocol: sci\n  Sec-WebSocket-Version: 13\n  x-vfi-pinpad-id: 1\nterminal \
         connects\n",
        "the request has these headers, a fresh Sec-WebSocket-Key, and ends with an empty line",
    ),
    stop(
        "passes documents on, both ways",
        "scenario \"Documents\"\n\nterminal connects\npos -> terminal  ADMIN GET_COUNTER  as ask\nterminal -> pos  \
         COUNTER=1  re ask\n",
        "the event `text` becomes the output `received`; the input `send` becomes the output `text`, on the connection \
         that is up",
    ),
    stop(
        "comes back after a reset, and after an end without a close",
        "scenario \"Back\"\n\nterminal connects\nfault reset\nterminal loses\nterminal connects  within 10s\nfault \
         fin\nterminal loses\nterminal connects  within 10s\n",
        "on `lost` or `failed` of a link that is up report `loses`, pause, and dial again with a new connection number",
    ),
    stop(
        "refuses a wrong Sec-WebSocket-Accept",
        "scenario \"Accept\"\n\nbroker answers attempt 1\n  HTTP/1.1 101 Switching Protocols\n  Upgrade: websocket\n  \
         Connection: Upgrade\n  Sec-WebSocket-Accept: bm90IHRoZSBhbnN3ZXI=\n\nterminal fails handshake accept\nterminal \
         connects  within 10s\n",
        "compare the header with SHA-1 of the key and the GUID of RFC 6455, section 4.1; say `drop` and report `fails` \
         with the reason `handshake accept`",
    ),
    stop(
        "tries again after a refusal",
        "scenario \"Refused\"\n\nbroker answers attempt 1..3\n  HTTP/1.1 409 Conflict\n\nterminal fails http \
         409\nterminal fails http 409\nterminal fails http 409\nterminal connects  within 30s\n",
        "any status but 101 is the reason `http STATUS`; say `drop`, report `fails`, pause; pauses grow by retry-growth \
         from retry-first, with jitter, up to retry-cap",
    ),
    stop(
        "waits as long as Retry-After says",
        "scenario \"Retry-After\"\n\nbroker answers attempt 1\n  HTTP/1.1 503 Service Unavailable\n  Retry-After: \
         90\n\nterminal fails http 503  as refused\nterminal connects  within 90s..3m of refused\n",
        "after a refusal with Retry-After, in seconds or as a date, the pause is not shorter, up to retry-after-max (A-03)",
    ),
    stop(
        "gives up a step that takes too long",
        "scenario \"Unanswered\"\n\nfault unanswered on attempt 1\nterminal fails timeout  within 20s\nterminal connects  \
         within 30s\n",
        "each step has its limit: connect-timeout, tls-timeout, upgrade-timeout; at the deadline say `drop` and report \
         `fails` with the reason `timeout`",
    ),
    stop(
        "pings, and gives up a link without a pong",
        "scenario \"Ping\"\n\nterminal\n  WEBSOCKETPINGINTERVAL_1 5\n\nterminal connects\nterminal -> broker ping  \
         within 6s\nfault silence\nterminal loses  within 30s\nfault reset\nterminal connects  within 2m\n",
        "every ping-interval seconds say `ping`; without its `pong` within pong-timeout say `close` and report `loses`",
    ),
    stop(
        "closes after a violation of WebSocket",
        "scenario \"Violation\"\n\nterminal connects\nbroker -> terminal frame text last rsv 4 \"x\"\nterminal -> broker \
         close 1002\nterminal loses\nterminal connects  within 10s\n",
        "on `violation` say `close` with the code that came, then report `loses`",
    ),
    stop(
        "survives a power cut",
        "scenario \"Power\"\n\nterminal connects\npower off\nterminal loses\nwait 5s\npower on\nterminal connects  within \
         10s\n",
        "on `stop` say `drop`, report `loses` if the link was up, and set no deadline until the next `start`",
    ),
    stop(
        "takes new settings while it runs",
        "scenario \"Settings\"\n\nterminal connects\nset terminal WEBSOCKETPINGINTERVAL 5\nfault reset\nterminal loses\n\
         terminal connects  within 10s  as again\nterminal -> broker ping  within 5s..7s of again\n",
        "on `configure` keep the new settings and answer with no outputs; they take effect from the next time they are \
         wanted",
    ),
    stop(
        "begins with short pauses again after a document",
        "scenario \"Short again\"\n\nterminal connects\nbroker answers attempt 1..4\n  HTTP/1.1 503 No\n\nfault \
         reset\nterminal loses\nterminal fails http 503\nterminal fails http 503\nterminal fails http 503\nterminal fails \
         http 503  within 30s\nterminal connects  within 1m\npos -> terminal  ADMIN GET_COUNTER  as ask\nterminal -> pos  \
         RESULT=OK  re ask\nfault reset\nterminal loses  as lost\nterminal connects  within 1s..3s of lost\n",
        "a document that was received on a connection makes the next pause the shortest again, and so does `start` (A-18)",
    ),
    stop(
        "keeps its pauses below the cap",
        "scenario \"Cap\"\n\nterminal\n  retry-cap 4s\n\nfault refuse for 60s\nterminal connects  within 70s after \
         failures\n",
        "retry-cap bounds the pause with its jitter: the part before jitter is at most retry-cap * 100 / (100 + \
         retry-jitter)",
    ),
    stop(
        "draws a new key for each attempt",
        "scenario \"Keys\"\n\nterminal -> broker http\n  Sec-WebSocket-Key: ?one\nterminal connects\nfault reset\nterminal \
         -> broker http\n  Sec-WebSocket-Key: ?two\nterminal connects  within 10s\ncheck differ one two\n",
        "Sec-WebSocket-Key is 16 random bytes in base64, drawn from the seed anew for each request",
    ),
    stop(
        "hands a binary message on",
        "scenario \"Binary\"\n\nterminal connects\nbroker -> terminal frame binary last \"x\"\nterminal -> pos  \
         RESULT_CODE=-2\n",
        "the event `binary` becomes the output `received-binary`; the device answers it",
    ),
    stop(
        "refuses a broker of an unknown authority",
        "scenario \"Unknown authority\"\n\nbroker\n  certificate stranger\ncertificate stranger\n  flaw \
         unknown-authority\n\nterminal fails tls unknown-authority\nset broker certificate broker\nterminal connects  within 10s\n",
        "the certificate of the broker leads to a root that is trusted, or the attempt fails with `tls unknown-authority`",
    ),
    stop(
        "refuses a broker whose certificate has expired",
        "scenario \"Expired\"\n\nbroker\n  certificate short\ncertificate short\n  valid \
         2026-01-15T00:00:00Z..2026-01-15T10:00:00Z\n\nterminal connects\nwait 2h\nfault reset\nterminal loses\nterminal \
         fails tls expired\nset broker certificate broker\nterminal connects  within 10s\n",
        "dates are checked against `wall` of the question, never against the clock of the machine: `tls expired`",
    ),
    stop(
        "refuses a broker with the name of another",
        "scenario \"Another name\"\n\nbroker\n  certificate other\ncertificate other\n  flaw wrong-name\n\nterminal fails \
         tls wrong-name\nset broker certificate broker\nterminal connects  within 10s\n",
        "the host that is dialled is among the names of the certificate, or the attempt fails with `tls wrong-name`",
    ),
];
