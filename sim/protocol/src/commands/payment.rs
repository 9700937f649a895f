//! The rows of the PAYMENT commands. All need an open session; the payment host decides their outcome.

use super::command::{Behaviour, Command, Pay, row};
use super::field::{COLUMNS, Field, Kind, may, required};
use crate::codes;

const TENDERS: &[&str] = &[
    "CREDIT",
    "DEBIT",
    "GIFT",
    "EBT",
    "CHECK",
    "CHECK_SALE",
    "CHECK_VERIFY",
    "FSA",
    "PRIV_LBL",
    "MERCH_CREDIT",
    "Alipay",
    "Klarna",
    "WeChat",
    "PayPal",
    "Venmo",
];

const AMOUNT: &[Field] = &[required("TRANS_AMOUNT", Kind::NonZero)];
const TENDER: &[Field] = &[
    may("PAYMENT_TYPE", Kind::One(TENDERS)),
    may("PAYMENT_TYPES", Kind::Some(TENDERS)),
    may("PAYMENT_SUBTYPE", Kind::Text(1, 20)),
];
const TENDER_MUST: &[Field] = &[required("PAYMENT_TYPE", Kind::One(TENDERS))];
const FOLLOW_ON: &[Field] = &[required("CTROUTD", Kind::Digits(1, 16))];
const MAY_FOLLOW: &[Field] = &[may("CTROUTD", Kind::Digits(1, 16))];
const TIP: &[Field] = &[may("TIP_AMOUNT", Kind::Amount)];
const CARD: &[Field] = &[
    // Anything but TRUE counts as FALSE.
    may("MANUAL_ENTRY", Kind::Text(0, 10)),
    may("MANUAL_PROMPT_OPTIONS", Kind::Text(1, 50)),
    may("CARD_PRESENT", Kind::Flag),
    may("CUSTOMER_STREET", Kind::Text(1, 20)),
    may("CUSTOMER_ZIP", Kind::Text(1, 9)),
    may("CARD_TOKEN", Kind::Text(1, 40)),
    may("BANK_USERDATA", Kind::Text(1, 50)),
    may("FORCE_FLAG", Kind::Flag),
    may("CAPTURECARD_EARLYRETURN", Kind::Flag),
    may("EMV_TAGS_REQD", Kind::Flag),
    may("ENCRYPT", Kind::Flag),
];
const DATA: &[Field] = &[may("CDD_DATA", Kind::Text(1, 10_000))];
const INDUSTRY: &[Field] = &[
    may("RECURRING", Kind::Text(1, 3)),
    may("INSTALLMENT", Kind::Text(1, 3)),
    may("BILLPAY", Kind::Flag),
    may("SCMCI_INDICATOR", Kind::One(&["1", "2", "3"])),
    may("SCMCI_REASON", Kind::Digits(1, 4)),
    may("COF_REFERENCE", Kind::Text(1, 40)),
    may("DCC_IND", Kind::Text(1, 5)),
];
const EBT: &[Field] = &[
    may("EBT_TYPE", Kind::One(&["FOOD_STAMP", "CASH_BENEFITS"])),
    may("EBTCASH_ELIGIBLE", Kind::Amount),
    may("EBTSNAP_ELIGIBLE", Kind::Amount),
    may("EBT_VOUCHER_NUM", Kind::Text(0, 15)),
];
const SHORT_CODE: &[Field] = &[may("AUTH_CODE", Kind::Text(1, 6))];
const LONG_CODE: &[Field] = &[may("AUTH_CODE", Kind::Text(1, 16))];

const fn pay(command: &'static str) -> Command {
    row("PAYMENT", command, Behaviour::Pay(Pay::Card)).in_session().on_screen().with_outcome(codes::APPROVED)
}

/// A command that refers to an earlier transaction by its CTROUTD: it needs no card, and so no screen.
const fn follow(command: &'static str) -> Command {
    row("PAYMENT", command, Behaviour::Pay(Pay::Card)).in_session()
}

/// The rows, from the PAYMENT pages; rows without a page follow third-party clients.
pub(super) const ROWS: &[Command] = &[
    row("PAYMENT", "CAPTURE", Behaviour::Pay(Pay::Capture))
        .in_session()
        .on_screen()
        .with_outcome(codes::CAPTURED)
        .takes(&[AMOUNT, TENDER, MAY_FOLLOW, TIP, SHORT_CODE, CARD, DATA, COLUMNS, INDUSTRY, EBT]),
    pay("AUTH").takes(&[AMOUNT, TENDER, LONG_CODE, CARD, DATA, COLUMNS, INDUSTRY]),
    pay("CREDIT").with_outcome(codes::CAPTURED).guessed("A-38").takes(&[
        AMOUNT,
        TENDER,
        MAY_FOLLOW,
        SHORT_CODE,
        CARD,
        DATA,
        COLUMNS,
        &[
            may("DCC_IND", Kind::Text(1, 5)),
            may("USER_DEFINED1", Kind::Text(1, 35)),
            may("USER_DEFINED2", Kind::Text(1, 35)),
        ],
    ]),
    follow("VOID").with_outcome(codes::VOIDED).takes(&[
        TENDER_MUST,
        FOLLOW_ON,
        DATA,
        COLUMNS,
        &[may("PROMO_NEEDED", Kind::Text(1, 4))],
    ]),
    pay("CARD_VALIDATION").guessed("A-38").takes(&[
        &[required("TRANS_AMOUNT", Kind::Zero), may("PAYMENT_TYPE", Kind::One(&["CREDIT"]))],
        CARD,
        DATA,
        COLUMNS,
    ]),
    pay("OPEN_TAB").guessed("A-38").takes(&[AMOUNT, TENDER, LONG_CODE, CARD, DATA, COLUMNS]),
    follow("CLOSE_TAB").with_outcome(codes::COMPLETED).guessed("A-38").takes(&[
        AMOUNT,
        TENDER_MUST,
        FOLLOW_ON,
        TIP,
        EBT,
        DATA,
        COLUMNS,
    ]),
    follow("DELETE_TAB").with_outcome(codes::VOIDED).guessed("A-38").takes(&[TENDER_MUST, FOLLOW_ON, DATA, COLUMNS]),
    follow("ADD_TIP").with_outcome(codes::TIP_MODIFIED).takes(&[
        TENDER_MUST,
        FOLLOW_ON,
        &[required("TIP_AMOUNT", Kind::Amount), may("ENCRYPT", Kind::Flag)],
        DATA,
        COLUMNS,
    ]),
    follow("RESET_TIP").with_outcome(codes::TIP_MODIFIED).guessed("A-38").takes(&[
        TENDER_MUST,
        FOLLOW_ON,
        &[may("ENCRYPT", Kind::Flag)],
        DATA,
        COLUMNS,
    ]),
    pay("TOKEN_QUERY").with_outcome(codes::TOKEN_FOUND).takes(&[
        &[
            required("PAYMENT_TYPE", Kind::One(&["CREDIT", "EBT", "GIFT"])),
            may("TOKEN_TYPE", Kind::One(&["LVT"])),
            may("ACCT_NUM", Kind::Digits(1, 25)),
            may("CARD_EXP_MONTH", Kind::Digits(2, 2)),
            may("CARD_EXP_YEAR", Kind::Digits(2, 2)),
        ],
        CARD,
        DATA,
        COLUMNS,
    ]),
    pay("ACTIVATE").guessed("A-38").takes(&[
        AMOUNT,
        &[required("PAYMENT_TYPE", Kind::One(&["GIFT", "MERCH_CREDIT"])), may("PAYMENT_SUBTYPE", Kind::Text(1, 20))],
        CARD,
        DATA,
        COLUMNS,
    ]),
    pay("REACTIVATE").guessed("A-37").takes(&[AMOUNT, TENDER_MUST, CARD, DATA, COLUMNS]),
    pay("ADD_VALUE").guessed("A-37").takes(&[AMOUNT, TENDER_MUST, CARD, DATA, COLUMNS]),
    pay("BALANCE").when("PAYMENT_TYPE", "EBT").guessed("A-38").takes(&[
        &[
            required("PAYMENT_TYPE", Kind::One(&["EBT"])),
            required("EBT_TYPE", Kind::One(&["FOOD_STAMP", "CASH_BENEFITS"])),
        ],
        CARD,
    ]),
    pay("BALANCE").guessed("A-38").takes(&[&[may("TRANS_AMOUNT", Kind::Amount)], TENDER, CARD, DATA, COLUMNS]),
    pay("GIFT_CLOSE").guessed("A-37").takes(&[TENDER, CARD]),
    pay("DEACTIVATE").guessed("A-38").takes(&[TENDER, CARD, DATA, COLUMNS, &[may("TKN_RENEW", Kind::Flag)]]),
];
