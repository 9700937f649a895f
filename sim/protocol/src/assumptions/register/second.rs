//! The assumptions.

use crate::assumptions::assumption::{Assumption, on};

pub(super) const ROWS: &[Assumption] = &[
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
