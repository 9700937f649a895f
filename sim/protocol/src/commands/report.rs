//! The rows of the SAF, REPORT and BATCH commands: stored transactions, reports and settlement.

use super::command::{Behaviour, Change, Command, Tell, row};
use super::field::{COLUMNS, Field, Kind, may, required};
use crate::codes;

/// The states of a stored transaction (SAF_STATUS).
pub const STORED_STATES: &[&str] =
    &["ELIGIBLE", "IN_PROCESS", "NOT_PROCESSED", "PREAUTH", "PROCESSED", "DECLINED", "DEFERRED"];
const SAF_RANGE: &[Field] = &[may("SAF_NUM_BEGIN", Kind::Digits(1, 4)), may("SAF_NUM_END", Kind::Digits(1, 4))];
const RECORDS: &[Field] =
    &[required("MAX_NUM_RECORDS_RETURNED", Kind::Number(1, 8_000)), required("SEARCHFIELDS", Kind::Group)];
const MAY_ROWS: &[Field] = &[may("RESPONSEFIELDS", Kind::Group)];
const MUST_ROWS: &[Field] = &[required("RESPONSEFIELDS", Kind::Group)];

const fn report(command: &'static str) -> Command {
    row("REPORT", command, Behaviour::Host)
}

/// The rows, from the SAF, REPORT and BATCH pages.
pub(super) const ROWS: &[Command] = &[
    row("SAF", "QUERY", Behaviour::Tell(Tell::Stored))
        .outside_session()
        .says("SAF RECORDS FOUND")
        .takes(&[&[may("SAF_STATUS", Kind::Text(1, 20))], SAF_RANGE]),
    row("SAF", "REMOVE", Behaviour::Change(Change::RemoveStored))
        .outside_session()
        .says("SAF RECORD(S) REMOVED")
        .takes(&[&[may("SAF_STATUS", Kind::Text(1, 20))], SAF_RANGE])
        .guessed("A-37"),
    row("SAF", "EDIT", Behaviour::Change(Change::EditStored)).outside_session().says("SAF RECORD(S) UPDATED").takes(&[
        SAF_RANGE,
        &[
            may("SAF_NUM", Kind::Digits(1, 4)),
            may("SET_SAF_STATUS", Kind::One(&["ELIGIBLE"])),
            may("SET_TRANS_AMOUNT", Kind::NonZero),
        ],
    ]),
    row("REPORT", "LAST_TRAN", Behaviour::Tell(Tell::LastTransaction)),
    report("DUPCHECK").with_outcome(codes::REPORTED).takes(&[
        &[
            required("DUPCHECK_DATE", Kind::UsDay),
            required("DUPCHECK_FROMTIME", Kind::Time),
            required("DUPCHECK_TOTIME", Kind::Time),
        ],
        COLUMNS,
    ]),
    report("DAYSUMMARY").with_outcome(codes::REPORTED).takes(&[RECORDS, MAY_ROWS, COLUMNS]),
    report("PRESETTLEMENT").with_outcome(codes::REPORTED).takes(&[RECORDS, MAY_ROWS, COLUMNS]),
    report("TRANSEARCH").with_outcome(codes::REPORTED).takes(&[RECORDS, MUST_ROWS, COLUMNS]),
    report("SETTLESUMMARY").with_outcome(codes::REPORTED).takes(&[RECORDS, MUST_ROWS, COLUMNS]),
    report("SETTLEERROR").with_outcome(codes::REPORTED).takes(&[RECORDS, MUST_ROWS, COLUMNS]),
    report("CUTOVER").with_outcome(codes::CUT_OVER).takes(&[&[may("PITSTOP", Kind::Flag)]]),
    report("UNADJUSTED_TIP"),
    report("TAB_REPORT"),
    report("TERMPARAMS"),
    row("BATCH", "SETTLE", Behaviour::Host).with_outcome(codes::SETTLEMENT_SCHEDULED).guessed("A-37"),
];
