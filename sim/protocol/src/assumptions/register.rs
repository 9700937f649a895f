//! The rows of the register of assumptions.

use super::assumption::{Assumption, on};

/// All assumptions, by id.
pub const ASSUMPTIONS: &[Assumption] = &[
    on(
        "A-01",
        "TLS sessions are not resumed",
        &["resumption"],
        "a resumed handshake checks no certificate, which would hide expiry",
    ),
    on(
        "A-02",
        "Pauses between attempts grow from 1 s by the factor 2 to 60 s, each with jitter",
        &["retry-first", "retry-growth", "retry-cap", "retry-jitter"],
        "the retry rows of the parameter table were not visible; growth with jitter keeps a fleet from retrying at the \
         same moment",
    ),
    on(
        "A-03",
        "Retry-After is followed up to an hour",
        &["retry-after-max"],
        "RFC 9110 asks clients to; the cap keeps a wrong value from stopping a terminal",
    ),
    on(
        "A-04",
        "Each step of an attempt may take 10 s",
        &["connect-timeout", "tls-timeout", "upgrade-timeout"],
        "the timeout rows of the parameter table were not visible",
    ),
    on(
        "A-05",
        "A pong that is 10 s late means the link is lost",
        &["pong-timeout"],
        "the source names the ping interval only",
    ),
    on(
        "A-06",
        "Messages over 1 MiB are closed with 1009, documents over 64 KiB answered with an error",
        &["message-size-max", "document-size-max"],
        "no page gives a limit; a device has one",
    ),
    on(
        "A-07",
        "The space before the colon of x-vfi-pinpad-id is a typographic error",
        &["header-space-before-colon"],
        "RFC 9112 requires servers to answer it with 400",
    ),
    on(
        "A-08",
        "Host contains the port when it is not the scheme's default",
        &["host-port"],
        "the sample shows none; RFC 9110 requires it for other ports",
    ),
    on("A-09", "Documents are indented by two spaces", &["response-layout"], "the sample and a capture are"),
    on(
        "A-10",
        "A response repeats the COUNTER of its request, after TERMINATION_STATUS",
        &["echo-counter"],
        "stated for two commands; a simulator does it for all",
    ),
    on(
        "A-11",
        "A refused request counts for GET COUNTER",
        &["counter-of-refused"],
        "the source says any last POS request",
    ),
    on(
        "A-12",
        "A document that is not a valid request does not count for GET COUNTER",
        &["counter-of-malformed"],
        "its fields cannot be trusted",
    ),
    on(
        "A-13",
        "A secondary request counts for GET COUNTER",
        &["counter-of-secondary"],
        "it is a POS request on the same connection",
    ),
    on(
        "A-14",
        "A COUNTER lower than the one before counts for GET COUNTER",
        &["counter-of-lower"],
        "the source says last, not highest",
    ),
    on(
        "A-15",
        "The counter survives a lost link",
        &["counter-over-reconnect"],
        "the link is transport, the counter is the POS's",
    ),
    on("A-16", "The counter does not survive power off", &["counter-over-reboot"], "no page says that it is stored"),
    on("A-17", "A session does not survive power off", &["session-over-reboot"], "no page says that it is stored"),
    on(
        "A-18",
        "The pauses are reset only after a connection that carried a POS request",
        &[],
        "a broker that accepts and drops connections would otherwise be flooded with attempts",
    ),
    on("A-19", "The boot screen names and wordings are ours", &[], "no page shows them"),
    on(
        "A-20",
        "A malformed document is answered with code -2",
        &[],
        "the platform's code for a wrong XML format; a simulator does the same",
    ),
    on(
        "A-21",
        "An unknown command is answered with code 0",
        &[],
        "a simulator does; the pages leave it to the platform",
    ),
    on(
        "A-22",
        "A refused SECURITY command is answered with code 59020",
        &[],
        "the code the pages list for SECURITY commands alone",
    ),
    on(
        "A-23",
        "A missing or wrong field is answered with code 59040 and a text that names it",
        &[],
        "the code almost every page lists; its meaning was not visible",
    ),
    on(
        "A-24",
        "FINISH without a session is answered with RESULT ERROR and the text No session",
        &[],
        "the page gives the code 59004 only",
    ),
    on(
        "A-25",
        "SECONDARY_DATA of STATUS is 14 in a session and 10 outside",
        &[],
        "14 was seen once in a session; the list of codes is not available",
    ),
    on(
        "A-26",
        "A binary message is answered with code -2",
        &[],
        "the pages know text only; silence would leave the POS waiting",
    ),
    on(
        "A-27",
        "The device boots for 1 s before its first attempt",
        &["boot-time"],
        "no page gives a time; some time lets the boot screen be seen",
    ),
    on(
        "A-28",
        "POSCONNECTALLOW is read at power on",
        &[],
        "no page says when; a channel should not change while the device runs",
    ),
    on(
        "A-29",
        "A command ended by CANCEL says Transaction Cancelled, as on Engage devices",
        &[],
        "the pages give two wordings; the WebSocket models are Engage",
    ),
    on("A-30", "CANCEL with nothing to end is answered with 59049", &[], "the code is listed for CANCEL alone"),
    on(
        "A-31",
        "The cardholder's input is returned in EMAILDATA or LOYALTY_DATA",
        &[],
        "the names of these fields were not visible",
    ),
    on(
        "A-32",
        "A prompt waits 60 s, then it is Cancelled by TIMEOUT",
        &["prompt-timeout"],
        "the text is on a page, the time is not",
    ),
    on(
        "A-33",
        "A lost link ends the prompt that was open on it, without an answer",
        &[],
        "its POS is gone, and nobody else can end it",
    ),
    on("A-34", "The device's name survives power off", &[], "it is set up once"),
    on(
        "A-35",
        "A button without a label says OK, and any other key does nothing",
        &[],
        "OK is the page's default; the keys are not named",
    ),
    on(
        "A-36",
        "The terminal exchanges documents of the same form with the payment host and the estate host, over one TCP \
         connection each",
        &["payment-host", "estate-host"],
        "the pages name the hosts and not their protocols",
    ),
    on(
        "A-37",
        "Commands without a page behave as in third-party clients and simulators",
        &[],
        "the contents list names them, or code that sends them was seen",
    ),
    on(
        "A-38",
        "The success code of a payment command whose page gives none is that of the most similar command",
        &[],
        "the response tables were not visible",
    ),
    on(
        "A-39",
        "The left panel is cancelled by CANCEL_LEFTPANEL",
        &[],
        "the contents list has the page, not the COMMAND",
    ),
    on(
        "A-40",
        "The terminal waits 60 s for a card, a tender or a PIN; it does not ask for the tender",
        &["card-timeout", "asks-tender"],
        "the parameters are named, their values are not",
    ),
    on(
        "A-41",
        "The answer of a payment that outlived its connection is not sent on the next one",
        &["late-answer"],
        "behind a broker, nobody on the next connection has asked for it; LAST_TRAN recovers it. A guide for TCP says \
         the opposite",
    ),
    on(
        "A-42",
        "A duplicate has the invoice, command, amount and card of an approved payment of this device",
        &["DUPLICATECHECK"],
        "the pages name the code and FORCE_FLAG, not the rule",
    ),
    on(
        "A-43",
        "While the host decides a payment, CANCEL is refused with 59049 and FINISH with 59002",
        &[],
        "the pages say that nothing can end the payment then, but not with which code",
    ),
    on(
        "A-44",
        "A payment is answered when it is decided; its outcome and the remove-card screen stay without blocking the \
         screen",
        &["result-time"],
        "no page says what the screen waits for",
    ),
    on(
        "A-45",
        "If the host cannot be reached, a sale up to 100.00 is approved, stored and offered again every minute",
        &["offline-limit", "offline-interval"],
        "the parameters of store and forward were not visible",
    ),
    on(
        "A-46",
        "A decline ends with TERMINATION_STATUS SUCCESS",
        &["decline-is-success"],
        "the field's description says so and a simulator does it; the device code page says FAILURE",
    ),
    on(
        "A-47",
        "With WEBSOCKETS, notices are sent on the connection if START carried POS_IP and POS_PORT",
        &["notices", "notices-need-address"],
        "the page describes the call back by TCP only",
    ),
    on(
        "A-48",
        "LAST_TRAN without a transaction is answered with code 0",
        &[],
        "the platform's code for what is not found",
    ),
    on(
        "A-49",
        "59005 means not ready, 59006 not allowed, 59045 nothing to show, 59074 call for authorisation",
        &[],
        "the numbers are on pages whose lists of meanings were cut off",
    ),
    on(
        "A-50",
        "SAF commands in a session are refused with 59003",
        &[],
        "the page warns against them, and names no code",
    ),
    on(
        "A-51",
        "59046 means an unknown record number, 59047 a range that ends before it begins, 59048 an unknown SAF_STATUS",
        &[],
        "the numbers are listed for SAF QUERY alone",
    ),
    on(
        "A-52",
        "A wrong MAC and a COUNTER that does not rise are refused with 59040; such a request does not use up its \
         COUNTER",
        &[],
        "an emulator does so for the MAC; the pages name no code",
    ),
    on("A-53", "SECURITY commands in a session are refused with 59003", &[], "a simulator does so for TEST_MAC"),
    on(
        "A-54",
        "Up to 16 POS can be registered, kept on flash with their counters; 59051 means that there is no room",
        &["registrations-max"],
        "no page gives a number, and 59051 is listed without its meaning",
    ),
    on(
        "A-55",
        "The last transaction, stored ones, reversals and parameters survive power off",
        &[],
        "money must not be lost; parameters are written to a file",
    ),
    on(
        "A-56",
        "Full encryption wraps a document in ETRANSACTION and ERESPONSE with MAC_LABEL, IV and PAYLOAD, AES-128-CBC",
        &[],
        "the page could not be read; a simulator does so",
    ),
    on(
        "A-57",
        "GET_PARM and SET_PARM accept the settings with names in capitals, and names that begin with PARM_",
        &[],
        "the list of parameters that may be read was not available",
    ),
    on(
        "A-58",
        "A classic port accepts 16 connections and waits 10 s for a whole document; a primary command on the secondary \
         port is refused with 59040",
        &["document-timeout", "idle-timeout"],
        "the pages describe no framing and no limit",
    ),
    on(
        "A-59",
        "APPLYUPDATES asks the estate host; an update takes 5 s, then the terminal restarts",
        &["update-time"],
        "the page says only that updates are installed now",
    ),
    on(
        "A-60",
        "Training payments are approved by the device and reach no host",
        &[],
        "no page gives the effect of training mode; no other choice is safe",
    ),
    on(
        "A-61",
        "A payment without an answer in time is reversed: with code 22 if the host confirms it, 23 if it does not",
        &[],
        "both codes are listed without their rule",
    ),
    on(
        "A-62",
        "A power cut while a payment is with the host leads to a reversal after the next start",
        &[],
        "otherwise a card could be charged without anybody knowing",
    ),
    on(
        "A-63",
        "A card whose chip fails three times may be swiped",
        &[],
        "the notice says that retries are used up, not how many there are",
    ),
    on(
        "A-64",
        "PROXY gives the HTTP proxy and its port; the terminal uses it by CONNECT",
        &["PROXY"],
        "the library that SCA is built on has such a parameter; SCA's own name for it was not visible",
    ),
    on(
        "A-65",
        "A notice to a registered POS without encryption carries MAC_LABEL and the MAC over its last COUNTER",
        &[],
        "the page requires notices signed according to the pairing, and its example has no COUNTER",
    ),
    on(
        "A-66",
        "LINE_ITEM commands are answered with BUSY, like any other, while a primary command is in progress",
        &[],
        "one page allows them on any screen of a session, another allows one primary command at a time",
    ),
    on(
        "A-67",
        "BARCODEASYNC_START is answered at once and holds the device until CANCEL or the cancel key; scans are sent \
         like notices",
        &[],
        "the page says that scans arrive unsolicited, and shows neither an answer nor a scan",
    ),
    on(
        "A-68",
        "If the broker's name has several addresses, each is tried in turn, all but the last for at most 3 s",
        &["address-timeout"],
        "no page says; an attempt as a whole has a limit, and the second address should be tried within it",
    ),
    on(
        "A-69",
        "If a proxy user is set, the terminal sends it with its first CONNECT, by basic authentication",
        &["proxy-user", "proxy-password"],
        "no page says; RFC 9110 lets a client do so unasked, and a device knows its proxy in advance",
    ),
    on(
        "A-70",
        "The terminal speaks TLS 1.2 and 1.3, with the key exchange groups X25519, P-256 and P-384",
        &["tls", "groups"],
        "the source asks only for SSL and mutual TLS; RFC 9325 recommends these",
    ),
    on(
        "A-71",
        "The terminal checks no revocation list unless it was given one; with lists, certificates they do not cover \
         are refused",
        &["revocation"],
        "no page says; a device that cannot know should not guess",
    ),
    on(
        "A-72",
        "A terminal's flash has three files with roots: authority.pem, stranger.pem and both.pem; another file takes effect at the next handshake",
        &["WEBSOCKETSSL_CA_CERT_FILE_"],
        "the page gives the parameter's name and says that a file holds one or several certificates, but not its \
         default or where files are stored",
    ),
    on(
        "A-73",
        "A chip card stays in the slot until it is removed: the next payment first asks for its removal, and a card \
         inserted before the payment is read at once",
        &["asks-removal", "reads-ahead"],
        "the pages have a remove-card screen and do not mention a card that is left in; a slot holds one card",
    ),
    on(
        "A-74",
        "A broker delivers an answer to the POS that asked and notices to every POS of the terminal, and reports \
         nothing when a terminal disconnects before answering",
        &["answers-to", "tells-lost"],
        "the source leaves it to the broker how a POS reaches a terminal; an answer sent to others would reach tills \
         that never asked",
    ),
    on(
        "A-75",
        "An optional field without a value counts as absent",
        &["empty-fields"],
        "the pages write an empty element and do not say what it means; real POS send many",
    ),
    on(
        "A-76",
        "A request with a duplicate field is not valid",
        &["duplicate-fields"],
        "no page says which of the two would count",
    ),
    on(
        "A-77",
        "GET_PARM returns the names it knows and leaves the others out",
        &["unknown-parameters"],
        "the page says that the requested ones are returned, and its own example names parameters that a terminal may \
         not have",
    ),
    on(
        "A-78",
        "A session that no registered POS has opened has no MACLABEL_IN_SESSION",
        &["session-label"],
        "without registration there is no label; clients treat an empty one as no session",
    ),
    on(
        "A-79",
        "The answer to a payment has the fields of real answers, as far as they can be simulated, in their order",
        &["payment-answer", "payment-fields"],
        "no page shows the whole list; the fields and their order are those of third-party models",
    ),
    on(
        "A-80",
        "RESPONSE_TEXTs are spelled as the pages spell them",
        &["texts"],
        "the pages spell the same text in several ways, and devices differ",
    ),
    on(
        "A-81",
        "The first four fields of GET_PARM's answer are in the order of all other answers",
        &["parameters-order"],
        "its page shows TERMINATION_STATUS first, those of all other commands do not; clients look fields up by name",
    ),
];
