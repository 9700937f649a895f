//! Every kind of fault there is, by family: how a scenario says it, what it is made of, whether sockets play it too, which
//! clause it tries, and the scenarios that are its evidence. The page of faults, completion and coverage read this table.

use std::fmt::Write;

/// A family of faults.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// Its kinds.
    pub kinds: &'static [FaultRow],
}

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultRow {
    /// What happens.
    pub kind: &'static str,
    /// How a scenario says it; these very words stand in the first scenario of the evidence.
    pub says: &'static str,
    /// What it is made of.
    pub made_of: &'static str,
    /// Whether sockets play it too.
    pub on_the_wire: bool,
    /// The clause it tries first.
    pub clause: &'static str,
    /// Scenarios that show the terminal's reaction, below `scenarios/`, or tests.
    pub evidence: &'static [&'static str],
}

const fn row(
    kind: &'static str,
    says: &'static str,
    made_of: &'static str,
    clause: &'static str,
    evidence: &'static [&'static str],
) -> FaultRow {
    FaultRow { kind, says, made_of, on_the_wire: true, clause, evidence }
}

/// What only the memory network can play: nothing slows a real line as a scenario wants it.
const fn memory(
    kind: &'static str,
    says: &'static str,
    made_of: &'static str,
    clause: &'static str,
    evidence: &'static [&'static str],
) -> FaultRow {
    FaultRow { kind, says, made_of, on_the_wire: false, clause, evidence }
}

/// Every kind of fault, by family.
pub const FAMILIES: &[Family] = &[
    Family { name: "network", kinds: NETWORK },
    Family { name: "proxies", kinds: PROXIES },
    Family { name: "TLS", kinds: TLS },
    Family { name: "trust", kinds: TRUST },
    Family { name: "HTTP", kinds: HTTP },
    Family { name: "WebSocket", kinds: WEBSOCKET },
    Family { name: "documents", kinds: DOCUMENTS },
    Family { name: "messages", kinds: MESSAGES },
    Family { name: "several at once", kinds: SEVERAL },
];

const NETWORK: &[FaultRow] = &[
    row(
        "closed port",
        "fault refuse",
        "the attempt meets a closed port",
        "BOOT-01",
        &["disconnects/broker_restart", "disconnects/boot_backoff"],
    ),
    row(
        "reset",
        "fault reset",
        "RST at the broker's end, at once or at a point",
        "REC-01",
        &["disconnects/one_of_two_is_cut", "disconnects/cut_while_idle", "disconnects/cut_at_every_moment"],
    ),
    row(
        "end without a close",
        "fault fin",
        "FIN at the broker\'s end",
        "REC-01",
        &["trust/end_without_goodbye", "disconnects/cut_while_idle", "handshake/cut"],
    ),
    row(
        "half-open silence",
        "fault silence",
        "nothing is read or sent any more; on a socket a filter drops what comes, acknowledgements too",
        "REC-01",
        &["disconnects/half_open", "disconnects/silent_for_ever"],
    ),
    row(
        "silence one way",
        "fault silence {{way}}",
        "what is sent is held back, or what comes is not read",
        "REC-01",
        &["disconnects/one_way_silence"],
    ),
    row(
        "lost SYN",
        "fault unanswered",
        "the attempt meets a listener that hears nothing",
        "BOOT-05",
        &["disconnects/unanswered"],
    ),
    memory("latency", "fault latency", "another delay from now on", "MSG-01", &["disconnects/slow_link"]),
    memory(
        "jitter",
        "fault jitter",
        "a delay drawn anew for each write; bytes never overtake each other",
        "MSG-01",
        &["disconnects/jitter"],
    ),
    memory(
        "bandwidth",
        "fault throttle",
        "a budget of bytes a second, with back-pressure",
        "MSG-02",
        &["disconnects/narrow_link"],
    ),
    memory(
        "slow reader",
        "fault throttle 400 from terminal",
        "a budget for what the terminal sends: its answers wait",
        "MSG-01",
        &["disconnects/slow_reader"],
    ),
    row(
        "one byte a segment",
        "(segment 1)",
        "each write and each read is one of so many bytes",
        "MSG-01",
        &["disconnects/one_byte_a_segment"],
    ),
    row(
        "idle cutter",
        "idle-cut 40s",
        "silence, RST or FIN once nothing has travelled for so long",
        "REC-01",
        &["disconnects/idle_cutter", "disconnects/idle_cutter_kept_open"],
    ),
    row(
        "first of several addresses dead",
        "fault first-address",
        "a closed port or a deaf listener before the broker's address",
        "BOOT-01",
        &["disconnects/first_address_dead"],
    ),
    row("unknown name", "fault dns unknown", "the name has no address", "BOOT-05", &["disconnects/dns"]),
    row(
        "power cut",
        "power off",
        "the terminal is switched off and on",
        "BOOT-01",
        &["disconnects/power_cut", "power/what_survives"],
    ),
];

const PROXIES: &[FaultRow] = &[
    row(
        "CONNECT with 200",
        "PROXY proxy.test:3128",
        "a proxy before the broker's end",
        "WS-03",
        &["handshake/through_a_proxy", "handshake/proxy_request"],
    ),
    row(
        "proxy that refuses: 407, 502, 302",
        "proxy answers",
        "another answer of the proxy",
        "WS-03",
        &["handshake/proxy_refuses"],
    ),
    row(
        "proxy that wants a user",
        "proxy-user",
        "basic authentication in CONNECT",
        "WS-03",
        &["handshake/proxy_wants_a_user"],
    ),
    row(
        "silent proxy",
        "fault silence on attempt",
        "silence before the proxy's answer",
        "BOOT-05",
        &["handshake/proxy_is_silent"],
    ),
    row(
        "garbage from the proxy",
        "\"hello\", proxy",
        "another answer of the proxy",
        "WS-03",
        &["handshake/proxy_refuses"],
    ),
    row(
        "no proxy there",
        "PROXY proxy.test:3128",
        "a closed port in its place",
        "WS-03",
        &["handshake/proxy_not_there"],
    ),
    row(
        "reverse proxy without its broker: 400, 502, 503, 504",
        "From the edge",
        "another answer to the upgrade",
        "WS-03",
        &["handshake/reverse_proxy_without_broker"],
    ),
];

const TLS: &[FaultRow] = &[
    row(
        "alert in place of the hello",
        "fault tls {{what}}",
        "bytes in place of the broker's hello",
        "WS-02",
        &["trust/no_tls_there"],
    ),
    row(
        "garbage on the TLS port",
        "(garbage, garbage)",
        "bytes in place of the broker's hello",
        "WS-02",
        &["trust/no_tls_there"],
    ),
    row(
        "plain HTTP on the TLS port",
        "(plain, garbage)",
        "bytes in place of the broker's hello",
        "WS-02",
        &["trust/no_tls_there"],
    ),
    row(
        "reset or end within the handshake",
        "fault {{end}} after 40 bytes of {{point}}",
        "a cut at a byte of a record, before or after it is passed on",
        "WS-02",
        &["trust/cut_in_the_handshake"],
    ),
    row(
        "silence within the handshake",
        "fault silence before {{point}}",
        "silence at a record",
        "BOOT-05",
        &["trust/silence_in_the_handshake"],
    ),
    row("corrupt record", "fault corrupt", "one byte of a record is inverted", "WS-02", &["trust/corrupt_record"]),
    row("no common version", "tls {{theirs}}", "each side speaks one version", "WS-02", &["trust/no_common_version"]),
    row(
        "no common group",
        "groups secp384r1",
        "each side agrees keys in one group",
        "WS-02",
        &["trust/no_common_group"],
    ),
    row(
        "another group than the one offered first",
        "groups {{group}}",
        "the broker asks for a second hello",
        "WS-02",
        &["trust/second_hello"],
    ),
    row("end without close_notify", "fault fin", "FIN below TLS", "REC-01", &["trust/end_without_goodbye"]),
    row("new keys within a connection", "fault key-update", "KeyUpdate of TLS 1.3", "WS-02", &["trust/key_update"]),
    row(
        "resumption on and off",
        "resumption {{resumed}}",
        "tickets kept by both sides",
        "WS-02",
        &["trust/resumption_hides_expiry"],
    ),
];

const TRUST: &[FaultRow] = &[
    row("a broker's certificate with a flaw", "flaw {{flaw}}", "the factory makes it", "WS-02", &["trust/bad_broker"]),
    row(
        "a terminal's certificate with a flaw",
        "flaw {{flaw}}",
        "the factory makes it",
        "WS-02",
        &["trust/bad_terminal", "trust/bad_terminal_tls12", "trust/bad_certificate_where_optional"],
    ),
    row(
        "expiry while connected",
        "valid 2026-01-01..2026-02-01",
        "dates of validity, and time",
        "WS-02",
        &["trust/expires_while_connected"],
    ),
    row(
        "certificate replaced between attempts",
        "set broker certificate new",
        "another identity from the next handshake on",
        "WS-02",
        &["trust/rotated"],
    ),
    row(
        "device clock at 1970",
        "clock 1970-01-01T00:00:00Z",
        "the terminal's own clock",
        "WS-02",
        &["trust/clock_of_1970", "trust/expires_while_connected"],
    ),
    row("clock of the broker", "broker", "the broker's own clock", "WS-02", &["trust/brokers_clock"]),
    row(
        "revoked",
        "flaw revoked",
        "a serial on the authority's list",
        "WS-02",
        &["trust/revoked_broker", "trust/revoked_terminal"],
    ),
    row(
        "revocation list missing, expired, of another issuer",
        "revocation {{lists}}",
        "lists that the checking side holds",
        "WS-02",
        &["trust/revocation_lists", "trust/revocation_lists_of_the_broker"],
    ),
    row(
        "chain too long",
        "flaw {{flaw}}",
        "eight authorities between leaf and root",
        "WS-02",
        &["trust/refused_chains"],
    ),
    row("weak key", "(weak-key, bad-signature", "RSA with 1024 bits", "WS-02", &["trust/refused_chains"]),
    row(
        "name constraints",
        "(name-constraints, name-constraints",
        "an authority confined to other names",
        "WS-02",
        &["trust/refused_chains"],
    ),
    row(
        "several names, wildcards",
        "names {{names}}",
        "names in the certificate",
        "WS-02",
        &["trust/names", "trust/not_its_names"],
    ),
    row(
        "address in place of a name",
        "wss://192.0.2.7",
        "an address in the certificate",
        "WS-02",
        &["trust/address_as_name"],
    ),
    row(
        "identity that is not the pinpad's",
        "checks-pinpad-id yes",
        "the broker compares certificate and x-vfi-pinpad-id",
        "AUTH-01",
        &["trust/pinpad_id_of_another"],
    ),
    row(
        "authority replaced without restart",
        "set terminal authority stranger",
        "another root from the next handshake on",
        "WS-02",
        &["trust/authority_replaced", "trust/other_authority"],
    ),
    row(
        "no client certificate asked for",
        "client-certificates",
        "the broker does not ask",
        "WS-02",
        &["trust/no_certificate_wanted"],
    ),
];

const HTTP: &[FaultRow] = &[
    row(
        "any status but 101",
        "HTTP/1.1 {{status}} Something",
        "another answer to the upgrade",
        "WS-05",
        &["handshake/statuses"],
    ),
    row("Location", "Location:", "another answer to the upgrade", "WS-05", &["handshake/redirect_is_not_followed"]),
    row(
        "Retry-After",
        "Retry-After",
        "another answer to the upgrade",
        "BOOT-01",
        &[
            "handshake/retry_after",
            "handshake/retry_after_date",
            "handshake/retry_after_too_long",
            "handshake/retry_after_nonsense",
        ],
    ),
    row(
        "missing headers",
        "101 Switching Protocols",
        "another answer to the upgrade",
        "WS-05",
        &["handshake/bad_upgrade"],
    ),
    row(
        "duplicate headers",
        "Sec-WebSocket-Accept",
        "another answer to the upgrade",
        "WS-05",
        &["handshake/double_accept"],
    ),
    row(
        "headers in odd case",
        "sec-websocket-accept",
        "another answer to the upgrade",
        "WS-03",
        &["handshake/reverse_proxy"],
    ),
    row("wrong Accept", "Sec-WebSocket-Accept", "another answer to the upgrade", "WS-05", &["handshake/bad_accept"]),
    row(
        "subprotocol nobody offered",
        "subprotocol \"{{name}}\"",
        "another answer to the upgrade",
        "HS-08",
        &["handshake/other_subprotocol"],
    ),
    row(
        "extension nobody offered",
        "Sec-WebSocket-Extensions",
        "another answer to the upgrade",
        "WS-05",
        &["handshake/extension"],
    ),
    row("wrong version", "HTTP/1.0", "another answer to the upgrade", "WS-05", &["handshake/old_http"]),
    row("not HTTP at all", "broker answers", "another answer to the upgrade", "WS-05", &["handshake/not_http"]),
    row("oversized head", "X-Header-69", "another answer to the upgrade", "WS-05", &["handshake/many_headers"]),
    memory(
        "slow head",
        "fault throttle",
        "a budget of bytes a second under the answer",
        "BOOT-05",
        &["handshake/slow_answer"],
    ),
    row(
        "cut around the upgrade",
        "fault {{end}} {{point}}",
        "RST or FIN before or after a half of it",
        "WS-05",
        &["handshake/cut", "handshake/cut_after_answer"],
    ),
    row(
        "silence after the request",
        "fault silence {{point}}",
        "silence before or after the request",
        "BOOT-05",
        &["handshake/silence"],
    ),
    row("body after a refusal", "403 Forbidden", "bytes behind the head", "WS-05", &["handshake/body_after_refusal"]),
    row("body after 101", "<html>", "bytes behind the head, read as frames", "WS-05", &["handshake/body_after_101"]),
    row(
        "first frame in the segment of the 101",
        "greeting",
        "a frame behind the head",
        "WS-06",
        &["handshake/frame_in_the_same_segment"],
    ),
];

const WEBSOCKET: &[FaultRow] = &[
    row("masked frame of the broker", "text last masked", "a raw frame", "REC-01", &["malformed/broken_frames"]),
    row("reserved bits", "text last rsv 1", "a raw frame", "REC-01", &["malformed/broken_frames"]),
    row("unknown opcode", "(3 last", "a raw frame", "REC-01", &["malformed/broken_frames"]),
    row(
        "non-minimal length",
        "length 5",
        "a raw frame whose length takes more bytes than it needs",
        "MSG-02",
        &["malformed/long_way_to_say_a_length"],
    ),
    row(
        "frame over the limit, by its header alone",
        "length 4611686018427387904",
        "a raw frame",
        "REC-01",
        &["malformed/large_by_its_header"],
    ),
    row(
        "message over the limit",
        "message-size-max 4096",
        "a frame that is too large",
        "REC-01",
        &["malformed/large_message"],
    ),
    row("fragmented control frame", "(ping more", "a raw frame", "REC-01", &["malformed/broken_frames"]),
    row("control frame over 125 bytes", "ping", "a raw frame", "REC-01", &["malformed/large_ping"]),
    row("continuation of nothing", "(continue last", "a raw frame", "REC-01", &["malformed/broken_frames"]),
    row("new message within a message", "text", "raw frames", "REC-01", &["malformed/text_inside_fragments"]),
    row("bad UTF-8", "frame text last {{bytes}}", "a raw frame", "REC-01", &["malformed/bad_utf8"]),
    row("character split between fragments", "text more", "raw frames", "MSG-02", &["malformed/split_character"]),
    row("unexpected binary", "binary", "a binary message", "MSG-02", &["malformed/binary"]),
    row(
        "ping flood",
        "broker -> terminal ping",
        "a thousand pings in one segment",
        "MSG-01",
        &["malformed/ping_flood"],
    ),
    row(
        "pong that never comes",
        "answers-pings no",
        "the broker answers no ping",
        "REC-01",
        &["disconnects/missed_pong"],
    ),
    row(
        "pong nobody asked for",
        "pong",
        "a pong",
        "REC-01",
        &["disconnects/unsolicited_pong", "disconnects/wrong_pong"],
    ),
    row(
        "close with a legal code",
        "close {{code}}",
        "a close",
        "REC-01",
        &["disconnects/close_codes", "disconnects/close_without_code"],
    ),
    row(
        "close with an illegal code",
        "close",
        "a raw frame",
        "REC-01",
        &["malformed/illegal_close_codes", "malformed/bad_close_reason"],
    ),
    row(
        "close that is not answered",
        "answers-close no",
        "the broker answers no close",
        "REC-01",
        &["disconnects/broker_closes_silently"],
    ),
    row("data after close", "close 1000", "frames in one segment", "REC-01", &["malformed/data_after_close"]),
    row(
        "compressed frame nobody negotiated",
        "frame text last rsv 4",
        "a raw frame",
        "REC-01",
        &["malformed/compressed"],
    ),
    row(
        "request and breach in one segment",
        "together",
        "frames in one segment",
        "MSG-01",
        &["malformed/answered_before_the_breach"],
    ),
];

const DOCUMENTS: &[FaultRow] = &[
    row("truncated", "pos -> terminal", "XML as written", "MSG-02", &["malformed/truncated"]),
    row("two documents in one message", "<TRANSACTION>", "XML as written", "MSG-02", &["malformed/two_documents"]),
    row(
        "byte order mark, declaration, comments, CDATA",
        "<?xml version='1.0'?>",
        "XML as written",
        "MSG-02",
        &["malformed/dressed_up", "classic/byte_order_mark"],
    ),
    row("entities", "&#xD800;", "XML as written", "MSG-02", &["malformed/entities"]),
    row("DTD and entity bomb", "<!DOCTYPE", "XML as written", "MSG-02", &["malformed/doctype"]),
    row("deep nesting", "<A><A><A>", "XML as written", "MSG-02", &["malformed/deep"]),
    row("too many elements", "pos -> terminal", "XML as written", "MSG-02", &["malformed/many_elements"]),
    row(
        "a megabyte of text",
        "*100000",
        "text many times over",
        "MSG-02",
        &["malformed/megabyte", "malformed/large_document"],
    ),
    row("duplicate field", "pos -> terminal", "XML as written", "MSG-02", &["malformed/field_twice"]),
    row("unknown fields", "pos -> terminal", "fields", "MSG-02", &["sessions/extra_fields"]),
    row("attributes", "pos -> terminal", "XML as written", "MSG-02", &["malformed/attributes"]),
    row("wrong case", "pos -> terminal", "XML as written", "MSG-02", &["malformed/lower_case"]),
    row("namespace", "xmlns", "XML as written", "MSG-02", &["malformed/namespace"]),
    row("another root", "pos -> terminal", "XML as written", "MSG-02", &["malformed/wrong_root"]),
    row(
        "characters that XML forbids",
        "pos -> terminal",
        "XML as written",
        "MSG-04",
        &["malformed/forbidden_characters"],
    ),
    row("no XML", "pos -> terminal", "text", "MSG-02", &["malformed/not_xml", "classic/no_document"]),
];

const MESSAGES: &[FaultRow] = &[
    row(
        "lost",
        "fault lose",
        "a message is dropped whole",
        "MSG-01",
        &["disconnects/lost_request", "disconnects/lost_reply"],
    ),
    row(
        "duplicated",
        "fault duplicate",
        "a message is passed on twice",
        "MSG-01",
        &["disconnects/duplicated_request", "disconnects/duplicated_reply"],
    ),
    row(
        "reordered",
        "fault swap",
        "a message is held until the next one has passed",
        "CNT-05",
        &["counter/swapped_on_the_way"],
    ),
    row(
        "late",
        "fault late",
        "a message is held for a while; what follows does not wait",
        "CNT-05",
        &["disconnects/late_message", "disconnects/late_and_too_late", "disconnects/message_trouble_at_every_moment"],
    ),
    row(
        "in a burst",
        "together",
        "frames in one segment",
        "MSG-01",
        &["sessions/many_in_a_burst", "counter/two_in_one_segment"],
    ),
    row(
        "cut within",
        "fault fin after each byte of",
        "FIN or RST at each byte of a request or an answer",
        "REC-01",
        &["disconnects/request_cut", "disconnects/reply_cut"],
    ),
    row(
        "a reply that never comes",
        "fault lose at reply to",
        "an answer is dropped whole",
        "MSG-01",
        &["disconnects/lost_reply"],
    ),
    row(
        "while nobody is connected",
        "pos -> terminal",
        "nowhere to go",
        "CNT-04",
        &["disconnects/request_into_nothing"],
    ),
];

const SEVERAL: &[FaultRow] = &[
    row(
        "reconnect storm",
        "terminal Lane",
        "a thousand terminals, one broker that restarts",
        "REC-01",
        &["tests/fleet.rs"],
    ),
    row(
        "two terminals with one pinpad id, the old one replaced",
        "on-duplicate replace",
        "the broker closes the old connection with 1008",
        "CON-02",
        &["disconnects/replaced"],
    ),
    row(
        "replacing a duplicate removes both",
        "on-duplicate replace-both",
        "the broker closes both connections",
        "REC-01",
        &["disconnects/both_removed"],
    ),
    row(
        "stale connection that refuses the new one",
        "on-duplicate refuse",
        "409 while the broker keeps the old connection",
        "REC-01",
        &["disconnects/stale_refuses_the_new"],
    ),
    row(
        "stale connection that keeps the traffic",
        "on-duplicate oldest",
        "requests go to the connection that is dead",
        "REC-01",
        &["disconnects/stale_keeps_the_traffic"],
    ),
    row(
        "one of two is cut",
        "fault reset",
        "RST at one of two connections",
        "REC-01",
        &["disconnects/one_of_two_is_cut"],
    ),
];

/// Every kind of fault.
pub fn all() -> impl Iterator<Item = &'static FaultRow> {
    FAMILIES.iter().flat_map(|family| family.kinds)
}

/// The page of faults, in Markdown.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# Faults\n\nEvery kind of fault the harness plays, by family. The page is made from the table in \
         `runner/src/faults/vocabulary.rs`\nby `sca-sim faults --markdown`, and a test holds it to that. Each kind names \
         scenarios that show what the terminal does:\nthe reason, the screen, the icon, and when it tries again.\n",
    );
    for family in FAMILIES {
        let _ = write!(page, "\n## {}\n\n", capital(family.name));
        page.push_str("| kind | a scenario says | made of | sockets | clause | evidence |\n| --- | --- | --- | --- | --- | --- |\n");
        for row in family.kinds {
            let cell = |text: &str| text.replace('|', "\\|");
            let sockets = if row.on_the_wire { "yes" } else { "memory only" };
            let evidence = row.evidence.iter().map(|name| match name.starts_with("tests/") {
                true => format!("[{name}](../../{name})"),
                false => format!("[{name}](../../scenarios/{name}.sca)"),
            });
            let evidence = evidence.collect::<Vec<_>>().join(", ");
            let (kind, says, made_of) = (cell(row.kind), cell(row.says), cell(row.made_of));
            let _ = writeln!(page, "| {kind} | `{says}` | {made_of} | {sockets} | {} | {evidence} |", row.clause);
        }
    }
    page
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}
