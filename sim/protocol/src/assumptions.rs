//! The register of assumptions: what the pages do not say, what we chose, and the setting that chooses otherwise.

/// One choice that no page decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumption {
    /// Its id, for ever.
    pub id: &'static str,
    /// What we assume.
    pub says: &'static str,
    /// The settings that change it; none where it is a row of a table.
    pub settings: &'static [&'static str],
    /// Why this choice.
    pub reason: &'static str,
}

const fn on(
    id: &'static str,
    says: &'static str,
    settings: &'static [&'static str],
    reason: &'static str,
) -> Assumption {
    Assumption { id, says, settings, reason }
}

/// The register, by id.
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
        "the retry rows of the parameter table were not visible; growth with jitter keeps a fleet from striking together",
    ),
    on(
        "A-03",
        "Retry-After is followed up to an hour",
        &["retry-after-max"],
        "RFC 9110 asks clients to; the cap keeps a slip from parking a terminal",
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
        "The blank before the colon of x-vfi-pinpad-id is typography",
        &["header-space-before-colon"],
        "RFC 9112 makes servers answer 400 to it",
    ),
    on(
        "A-08",
        "The port stands in Host when it is not the scheme's default",
        &["host-port"],
        "the sample shows none; RFC 9110 wants it for other ports",
    ),
    on("A-09", "Documents are indented by two spaces", &["response-layout"], "the sample is, and so was a capture"),
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
        "A document that is no valid request does not count for GET COUNTER",
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
        "The pauses shrink back only after a connection that carried a POS request",
        &[],
        "a broker that accepts and drops would otherwise be hammered",
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
        "a simulator does; the pages hand it to the platform",
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
    on("A-28", "POSCONNECTALLOW is read at power on", &[], "no page says when; a channel does not change under way"),
    on(
        "A-29",
        "A command ended by CANCEL says Transaction Cancelled, as on Engage devices",
        &[],
        "the pages give two wordings; the WebSocket models are Engage",
    ),
    on("A-30", "CANCEL with nothing to end is answered with 59049", &[], "the code is listed for CANCEL alone"),
    on(
        "A-31",
        "What a cardholder has entered stands in EMAILDATA or LOYALTY_DATA",
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
        "The terminal speaks to the payment host and the estate host in documents of the same shape, a TCP connection each",
        &["payment-host", "estate-host"],
        "the pages name the hosts and not their protocols",
    ),
    on(
        "A-37",
        "Commands without a page behave as third-party clients and simulators have them",
        &[],
        "the contents list names them, or code was seen to send them",
    ),
    on(
        "A-38",
        "The success code of a payment command whose page prints none is that of its nearest kin",
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
        "A card, a tender or a PIN is waited for 60 s; the tender is not asked for",
        &["card-timeout", "asks-tender"],
        "the parameters are named, their values are not",
    ),
    on(
        "A-41",
        "The answer of a payment that outlived its connection is not sent on the next one",
        &["late-answer"],
        "behind a broker nobody there has asked; LAST_TRAN recovers it. A guide for TCP says the opposite",
    ),
    on(
        "A-42",
        "A duplicate has the invoice, command, amount and card of an approved payment of this device",
        &["DUPLICATECHECK"],
        "the pages name the code and FORCE_FLAG, not the rule",
    ),
    on(
        "A-43",
        "CANCEL of a payment that is with the host is refused with 59049, and FINISH with 59002",
        &[],
        "the pages say that nothing ends it any more, not how that is said",
    ),
    on(
        "A-44",
        "A payment is answered when it is decided; its outcome and remove card stay on the screen without holding it",
        &["result-time"],
        "no page says what the screen waits for",
    ),
    on(
        "A-45",
        "With the host out of reach, a sale up to 100.00 is approved, stored and offered again each minute",
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
        "With WEBSOCKETS notices travel on the connection, if START carried POS_IP and POS_PORT",
        &["notices", "notices-need-address"],
        "the page knows the call back by TCP only",
    ),
    on(
        "A-48",
        "LAST_TRAN without a transaction is answered with code 0",
        &[],
        "the platform's code for what is not found",
    ),
    on(
        "A-49",
        "59005 is not ready, 59006 not allowed, 59045 nothing to show, 59074 call for authorisation",
        &[],
        "the numbers stand on pages whose lists of meanings were cut",
    ),
    on(
        "A-50",
        "SAF commands in a session are refused with 59003",
        &[],
        "the page warns against them, and names no code",
    ),
    on(
        "A-51",
        "59046 is an unknown number, 59047 a range that ends before it begins, 59048 an unknown SAF_STATUS",
        &[],
        "the numbers are listed for SAF QUERY alone",
    ),
    on(
        "A-52",
        "A wrong MAC and a COUNTER that does not rise are refused with 59040; such a request uses up no COUNTER",
        &[],
        "an emulator does so for the MAC; the pages name no code",
    ),
    on("A-53", "SECURITY commands in a session are refused with 59003", &[], "a simulator does so for TEST_MAC"),
    on(
        "A-54",
        "Up to 16 POS are registered, on flash with their counters; 59051 says that there is no room",
        &["registrations-max"],
        "no page gives a number, and 59051 is listed without its meaning",
    ),
    on(
        "A-55",
        "The last transaction, stored ones, reversals and parameters survive power off",
        &[],
        "money must; parameters are written to a file",
    ),
    on(
        "A-56",
        "Full encryption wraps a document in ETRANSACTION and ERESPONSE with MAC_LABEL, IV and PAYLOAD, AES-128-CBC",
        &[],
        "the page could not be read; a simulator does so",
    ),
    on(
        "A-57",
        "GET_PARM and SET_PARM know the settings in capitals that the table has, and PARM_ names",
        &[],
        "the list of parameters that may be read was not available",
    ),
    on(
        "A-58",
        "A classic port takes 16 connections, a document on it may take 10 s; a primary command on the secondary port is refused with 59040",
        &["document-timeout", "idle-timeout"],
        "the pages describe no framing and no limit",
    ),
    on(
        "A-59",
        "APPLYUPDATES asks the estate host; an update takes 5 s, then the terminal starts anew",
        &["update-time"],
        "the page says that updates are installed now, and no more",
    ),
    on(
        "A-60",
        "Training payments are approved by the device and reach no host",
        &[],
        "the effect of training mode is not said; nothing else is safe",
    ),
    on(
        "A-61",
        "A payment without an answer in time is reversed: 22 when the host says so, 23 when it does not",
        &[],
        "both codes are listed without their rule",
    ),
    on(
        "A-62",
        "A power cut in the midst of a payment with the host ends in a reversal after the next start",
        &[],
        "otherwise a card could be charged with nobody knowing",
    ),
    on(
        "A-63",
        "A chip that fails three times may be swiped",
        &[],
        "the notice says that retries are used up, not how many there are",
    ),
    on(
        "A-64",
        "PROXY names the HTTP proxy and its port; the terminal asks it by CONNECT",
        &["PROXY"],
        "the library below SCA has such a parameter; SCA's own name for it was not visible",
    ),
    on(
        "A-65",
        "To a registered POS that does not encrypt, a notice carries MAC_LABEL and the MAC over its last COUNTER",
        &[],
        "the page wants notices signed as the pairing says, and its example has no COUNTER",
    ),
    on(
        "A-66",
        "LINE_ITEM commands are busy like any other while a primary command is under way",
        &[],
        "one page allows them on any screen of a session, another one primary command at a time",
    ),
    on(
        "A-67",
        "BARCODEASYNC_START is answered at once and holds the device until CANCEL or the cancel key; scans travel as notices do",
        &[],
        "the page has scans arrive unasked, and shows neither an answer nor a scan",
    ),
    on(
        "A-68",
        "Of several addresses of the broker's name each is tried in turn, for 3 s at the most",
        &["address-timeout"],
        "no page says; the whole of an attempt has its limit, and the second address should get its turn within it",
    ),
    on(
        "A-69",
        "Where the proxy wants a user, the terminal names it with its first CONNECT, by basic authentication",
        &["proxy-user", "proxy-password"],
        "no page says; RFC 9110 lets a client do so unasked, and a device knows beforehand",
    ),
    on(
        "A-70",
        "The terminal speaks TLS 1.2 and 1.3, and agrees keys in X25519, P-256 and P-384",
        &["tls", "groups"],
        "the source asks for SSL and mutual TLS, and no more; RFC 9325 wants these",
    ),
    on(
        "A-71",
        "The terminal looks at no revocation list unless it was given one; with lists, what they do not cover is refused",
        &["revocation"],
        "no page says; a device that cannot know should not guess",
    ),
];

/// The assumption of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Assumption> {
    ASSUMPTIONS.iter().find(|a| a.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Settings, TerminalSettings};

    #[test]
    fn every_setting_of_the_register_exists_and_names_it_back() {
        for assumption in ASSUMPTIONS {
            for setting in assumption.settings {
                let row = TerminalSettings::row(setting).expect("the setting exists");
                assert_eq!(row.source, assumption.id, "{setting}");
            }
        }
    }

    #[test]
    fn every_assumption_a_row_names_is_registered() {
        let named = TerminalSettings::table().iter().map(|row| row.source).filter(|s| s.starts_with("A-"));
        let coded = crate::codes::DEVICE.iter().chain(crate::codes::PLATFORM).filter_map(|code| code.assumption);
        for id in named.chain(coded) {
            assert!(find(id).is_some(), "{id}");
        }
    }
}
