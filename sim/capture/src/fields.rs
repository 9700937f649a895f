//! Tables of message fields by nature: references, values that differ in every run, and values that later requests
//! repeat. Used by redaction and by the generation of scenarios.

/// Fields that hold a reference number of the POS, the host or the device. A number in them is not a card number, even
/// if it looks like one.
pub(crate) const REFERENCE: &[&str] = &[
    "BATCH_TRACE_ID",
    "COUNTER",
    "CTROUTD",
    "INTRN_SEQ_NUM",
    "INVOICE",
    "LPTOKEN",
    "MAC_LABEL",
    "POS_RECON",
    "REF_CTROUTD",
    "REF_TROUTD",
    "RRN",
    "SAF_NUM",
    "SERIAL_NUMBER",
    "TRANS_SEQ_NUM",
    "TROUTD",
];

/// Fields whose value differs in every run: times, values assigned by a host or device, device properties.
pub(crate) const VARYING: &[&str] = &[
    "AUTH_CODE",
    "AUTHNWID",
    "AUTHNWNAME",
    "BANK_USERDATA",
    "BATCH_TRACE_ID",
    "CLIENT_ID",
    "HOST_RESPCODE",
    "INTRN_SEQ_NUM",
    "LPTOKEN",
    "MERCHID",
    "PPCV",
    "RRN",
    "SAF_NUM",
    "SERIAL_NUMBER",
    "SESSION_DURATION",
    "TERMID",
    "TIME",
    "TRANS_DATE",
    "TRANS_SEQ_NUM",
    "TRANS_TIME",
    "VERSION_INFO",
];

/// Fields whose value a later request repeats.
pub(crate) const BROUGHT_BACK: &[&str] = &["CARD_TOKEN", "CTROUTD", "MAC_LABEL", "TROUTD"];

/// Whether a table holds a name, ignoring case.
pub(crate) fn holds(table: &[&str], name: &str) -> bool {
    table.iter().any(|known| known.eq_ignore_ascii_case(name))
}
