//! What is known of fields beyond their names: which hold cards, which only refer to something, which are another at every
//! run. One table each, read by redaction and by the lift.

/// Fields that hold a card, or what goes with one. What stands in them never reaches the disk.
pub(crate) const CARD: &[&str] = &[
    "ACCT_NUM",
    "PAN",
    "CARD_NUMBER",
    "CARD_DATA",
    "CARD_TRACK1",
    "CARD_TRACK2",
    "CARD_TRACK3",
    "TRACK_DATA",
    "TRACK1_DATA",
    "TRACK2_DATA",
    "TRACK3_DATA",
    "CARD_EXP_MONTH",
    "CARD_EXP_YEAR",
    "CARDHOLDER",
    "CARD_HOLDER",
    "EMV_TAGS",
    "PINBLOCK",
    "PIN_BLOCK",
    "KEY_SERIAL_NUMBER",
    "BARCODE",
];

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

/// Whether a field holds a card; `TRACK` begins the names of many.
pub(crate) fn is_of_card(name: &str) -> bool {
    let is_track = name.get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case("TRACK"));
    holds(CARD, name) || is_track
}
