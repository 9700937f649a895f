//! The rows of the SAF, REPORT and BATCH commands: stored transactions, reports and settlement.

use super::command::{Behaviour, Change, Command, Tell, row};
use super::field::{COLUMNS, Field, Kind, may, must};
use crate::codes;

/// The states of a stored transaction (SAF_STATUS).
pub const STORED_STATES: &[&str] =
    &["ELIGIBLE", "IN_PROCESS", "NOT_PROCESSED", "PREAUTH", "PROCESSED", "DECLINED", "DEFERRED"];
const SAF_RANGE: &[Field] = &[may("SAF_NUM_BEGIN", Kind::Digits(1, 4)), may("SAF_NUM_END", Kind::Digits(1, 4))];
const RECORDS: &[Field] =
    &[must("MAX_NUM_RECORDS_RETURNED", Kind::Number(1, 8_000)), must("SEARCHFIELDS", Kind::Group)];
const MAY_ROWS: &[Field] = &[may("RESPONSEFIELDS", Kind::Group)];
const MUST_ROWS: &[Field] = &[must("RESPONSEFIELDS", Kind::Group)];

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
    report("DUPCHECK").gives(codes::REPORTED).takes(&[
        &[
            must("DUPCHECK_DATE", Kind::UsDay),
            must("DUPCHECK_FROMTIME", Kind::Time),
            must("DUPCHECK_TOTIME", Kind::Time),
        ],
        COLUMNS,
    ]),
    report("DAYSUMMARY").gives(codes::REPORTED).takes(&[RECORDS, MAY_ROWS, COLUMNS]),
    report("PRESETTLEMENT").gives(codes::REPORTED).takes(&[RECORDS, MAY_ROWS, COLUMNS]),
    report("TRANSEARCH").gives(codes::REPORTED).takes(&[RECORDS, MUST_ROWS, COLUMNS]),
    report("SETTLESUMMARY").gives(codes::REPORTED).takes(&[RECORDS, MUST_ROWS, COLUMNS]),
    report("SETTLEERROR").gives(codes::REPORTED).takes(&[RECORDS, MUST_ROWS, COLUMNS]),
    report("CUTOVER").gives(codes::CUT_OVER).takes(&[&[may("PITSTOP", Kind::Flag)]]),
    report("UNADJUSTED_TIP"),
    report("TAB_REPORT"),
    report("TERMPARAMS"),
    row("BATCH", "SETTLE", Behaviour::Host).gives(codes::SETTLEMENT_SCHEDULED).guessed("A-37"),
];
