//! The clauses of the source document, by id. Scenarios name the clauses that they cover.

/// All clauses, each with its id and its requirement.
pub const CLAUSES: &[(&str, &str)] = &[
    ("WS-01", "The terminal opens plain ws connections (a WebSocket handshake over HTTP/1.1 on TCP)"),
    ("WS-02", "The terminal opens wss connections (the same handshake over TLS)"),
    ("WS-03", "Connections work through HTTP proxies (CONNECT) and through HTTP intermediaries (reverse proxies)"),
    ("WS-04", "The terminal sends Upgrade: websocket and Connection: Upgrade with the version and key headers"),
    (
        "WS-05",
        "The terminal accepts only a 101 with the right Upgrade / Connection / Sec-WebSocket-Accept; anything else is a failed attempt with a reason",
    ),
    (
        "WS-06",
        "Once open either side may speak first: the terminal may send unsolicited messages and the broker may send at any time",
    ),
    ("HS-01", "Request line is GET / HTTP/1.1"),
    ("HS-02", "Pragma: no-cache and Cache-Control: no-cache are sent"),
    ("HS-03", "Host is the broker address and Origin is its http(s) origin"),
    ("HS-04", "Sec-WebSocket-Key is 16 fresh random bytes in base64 for every attempt"),
    ("HS-05", "Sec-WebSocket-Protocol offers sci"),
    ("HS-06", "Sec-WebSocket-Version is 13"),
    ("HS-07", "x-vfi-pinpad-id carries the terminal's identity"),
    (
        "HS-08",
        "The sample 101 carries no Sec-WebSocket-Protocol: a 101 that leaves the subprotocol out is accepted; one that names a subprotocol that was not offered is refused",
    ),
    ("HS-09", "The header order is that of the sample request"),
    ("MSG-01", "Connected and idle: the terminal keeps listening and answers any POS request"),
    (
        "MSG-02",
        "A POS request is one bare XML document (TRANSACTION) in one WebSocket message with no header of its own",
    ),
    ("MSG-03", "A POS response is one bare XML document (RESPONSE) with no header of its own"),
    (
        "MSG-04",
        "SESSION START as in the sample is answered exactly as in the sample (five fields; their order; TRAINING_MODE 0 becomes OFF)",
    ),
    ("MSG-05", "SESSION START reads BUSINESSDATE / SWIPE_AHEAD / TRAINING_MODE / INVOICE"),
    ("CON-01", "The terminal is the client of an arbitrary broker"),
    (
        "CON-02",
        "One central broker holds many devices and routes POS clients to a device by its identity with no wire between POS and device",
    ),
    (
        "CON-03",
        "Traffic to the payment host (PWC) / other hosts / VHQ uses ordinary TCP/IP and never the WebSocket; it works while the broker is down and the other way round",
    ),
    ("CON-04", "Only the SCA API (what a POS would send) travels on the WebSocket"),
    ("CFG-01", "POSCONNECTALLOW takes the value WEBSOCKETS; with any other value the WebSocket client stays off"),
    ("CFG-02", "SKIPPOSAUTH set bypasses request validation (MAC checks)"),
    (
        "CFG-03",
        "The WebSocket parameters of the parameter table configure address / port / keep-alive / ping / TLS files / retries",
    ),
    (
        "DEV-01",
        "WebSocket works on e280 e285 M400 M440 P200 P400 V200 V400c V400m; on any other device it is refused with a clear error",
    ),
    ("BOOT-01", "At boot the terminal keeps trying to connect until it succeeds"),
    ("BOOT-02", "While it tries the screen says so"),
    ("BOOT-03", "Retries are visible on the screen (attempt number and time to the next)"),
    ("BOOT-04", "The connection's status is visible on the screen"),
    ("BOOT-05", "An error is shown on the screen with its reason (DNS / refused / timeout / TLS / handshake)"),
    ("BOOT-06", "The status bar icon shows the current state throughout boot"),
    ("CH-01", "Secondary-channel commands travel on the primary channel: one connection in all"),
    ("CH-02", "The terminal answers secondary commands while a primary command is in progress on the same channel"),
    ("AUTH-01", "With mutual TLS over WebSocket no REGISTER is needed before other commands"),
    (
        "AUTH-02",
        "SKIPPOSAUTH=1 and POSCONNECTALLOW=WEBSOCKETS: MAC and MAC_LABEL in a request are ignored (even wrong ones)",
    ),
    ("AUTH-03", "SKIPPOSAUTH=1 and POSCONNECTALLOW=WEBSOCKETS: every SECURITY command is refused"),
    ("AUTH-04", "SKIPPOSAUTH=0: requests are validated (registration / MAC / counter rules of the spec digest)"),
    ("CNT-01", "GET COUNTER is allowed (also with SKIPPOSAUTH=1)"),
    ("CNT-02", "GET COUNTER answers the COUNTER of the last POS request that carried one"),
    ("CNT-03", "GET COUNTER as the first command answers COUNTER 1"),
    ("CNT-04", "GET COUNTER with no COUNTER seen so far answers COUNTER 1"),
    ("CNT-05", "A GET COUNTER does not itself change the counter; the order of requests on the channel decides"),
    ("REC-01", "After a disconnection of any kind the terminal connects again by itself"),
    ("REC-02", "The status bar icon changes with every loss and recovery"),
    ("REC-03", "No open session: the screen shows that it is reconnecting"),
    ("REC-04", "Open session: only the icon changes and the session's screen stays"),
    ("REC-05", "An open session survives the reconnection and goes on"),
    ("ICON-01", "The disconnected icon is read from /home/usr1/flash/www/images/wbs_disconnected.png of the device"),
    ("ICON-02", "The connected icon is read from /home/usr1/flash/www/images/wbs_connected.png of the device"),
    ("ICON-03", "A file of the same name put there replaces the icon"),
];

/// Clauses that forbid or refuse something. Each needs a line that shows the refusal or the absence.
pub const FORBIDDING: &[&str] = &[
    "WS-05", "HS-08", "MSG-02", "MSG-03", "CON-03", "CON-04", "CFG-01", "CFG-02", "DEV-01", "CH-01", "AUTH-03",
    "AUTH-04", "CNT-05", "REC-04",
];

/// The ids of all clauses.
#[must_use]
pub fn ids() -> Vec<&'static str> {
    CLAUSES.iter().map(|(id, _)| *id).collect()
}
