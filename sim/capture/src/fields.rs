//! What is known of fields beyond their names: which only refer to something, which are another at every
//! run. One table each, read by redaction and by the lift.

/// Fields that refer to something by a number of the POS, of the host or of the device: a number in them is no card's,
/// though it may look like one.
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

/// Fields that are another at every run: times, what a host or a device gives out, what a device is.
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

/// Fields whose value a later request brings back.
pub(crate) const BROUGHT_BACK: &[&str] = &["CARD_TOKEN", "CTROUTD", "MAC_LABEL", "TROUTD"];

/// The name in a table, in whatever case the wire spells it.
pub(crate) fn holds(table: &[&str], name: &str) -> bool {
    table.iter().any(|known| known.eq_ignore_ascii_case(name))
}
