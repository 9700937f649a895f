//! The rows of the SESSION, ADMIN, SECURITY, SECONDARYPORT and LINE_ITEM commands.

use super::command::{Behaviour, Change, Command, Estate, Security, Tell, row};
use super::field::{Field, Kind, may, required};

const START: &[Field] = &[
    required("INVOICE", Kind::Text(1, 40)),
    may("BUSINESSDATE", Kind::Digits(8, 8)),
    may("SWIPE_AHEAD", Kind::Flag),
    may("TRAINING_MODE", Kind::Training),
    may("STORE_NUM", Kind::Text(1, 6)),
    may("LANE", Kind::Digits(1, 8)),
    may("CASHIER_ID", Kind::Text(1, 10)),
    may("SERVER_ID", Kind::Digits(1, 10)),
    may("SHIFT_ID", Kind::Text(1, 1)),
    may("TABLE_NUM", Kind::Digits(1, 5)),
    may("PURCHASE_ID", Kind::Text(1, 25)),
    may("USER_DEFINED1", Kind::Text(1, 35)),
    may("NOTIFY_SCA_EVENTS", Kind::Flag),
];

/// The address at which the POS listens for notices. The page gives the port four digits; device ports may have five.
const CALL_BACK: &[Field] = &[may("POS_IP", Kind::Text(1, 253)), may("POS_PORT", Kind::Number(1, 65_535))];

const KEY: &[Field] = &[may("KEY", Kind::Text(0, 1_000)), may("REG_VER", Kind::One(&["1", "1.0", "2", "2.0"]))];
const ENTRY_CODE: &[Field] = &[may("ENTRY_CODE", Kind::Digits(4, 4))];

const TOTALS: &[Field] = &[
    may("RUNNING_SUB_TOTAL", Kind::Signed),
    required("RUNNING_TAX_AMOUNT", Kind::Signed),
    required("RUNNING_TRANS_AMOUNT", Kind::Signed),
    may("RUNNING_DISCOUNT_AMOUNT", Kind::Signed),
];
const TOTALS_OF_LESS: &[Field] = &[
    may("RUNNING_SUB_TOTAL", Kind::Signed),
    may("RUNNING_TAX_AMOUNT", Kind::Signed),
    required("RUNNING_TRANS_AMOUNT", Kind::Signed),
    may("RUNNING_DISCOUNT_AMOUNT", Kind::Signed),
    may("LINE_ITEM_ID", Kind::Digits(1, 10)),
];
const ITEMS: &[Field] = &[may("LINE_ITEMS", Kind::Group)];
const ONE_ITEM: &[Field] = &[may("LINE_ITEM_ID", Kind::Digits(1, 10)), may("MERCHANDISE", Kind::Group)];

const fn change(function_type: &'static str, command: &'static str, what: Change) -> Command {
    row(function_type, command, Behaviour::Change(what))
}

const fn secondary(command: &'static str, behaviour: Behaviour) -> Command {
    row("SECONDARYPORT", command, behaviour).secondary()
}

const fn security(command: &'static str, what: Security) -> Command {
    row("SECURITY", command, Behaviour::Security(what))
}

/// The rows, from the pages START SESSION, FINISH SESSION, GET COUNTER, SET DATE AND TIME, LANE CLOSED, APPLY UPDATES,
/// REGISTER, REGISTER_ENCRYPTION, UNREGISTER, TESTMAC, the secondary port pages and the line item pages.
pub(super) const ROWS: &[Command] = &[
    change("SESSION", "START", Change::StartSession).on_screen().says("Session Started").takes(&[START, CALL_BACK]),
    change("SESSION", "FINISH", Change::FinishSession).on_screen().says("Session finished"),
    row("ADMIN", "GET_COUNTER", Behaviour::Tell(Tell::Counter)).says("Operation Successful"),
    change("ADMIN", "SETTIME", Change::Time)
        .on_screen()
        .outside_session()
        .says("Operation Successful")
        .takes(&[&[required("TIME", Kind::Clock), may("CONFIG_TIME", Kind::Flag)]]),
    change("ADMIN", "LANE_CLOSED", Change::LaneClosed).on_screen().in_session().says("Lane Closed").takes(&[&[
        may("DISPLAY_TEXT", Kind::Text(1, 40)),
        may("FONT_COL_VALUE", Kind::Colour),
        may("FONT_SIZE", Kind::Number(1, 100)),
    ]]),
    row("ADMIN", "APPLYUPDATES", Behaviour::Estate(Estate::Apply))
        .on_screen()
        .outside_session()
        .says("Updates Approved"),
    security("REGISTER", Security::Register).on_screen().says("Registered").takes(&[KEY, ENTRY_CODE]),
    security("REGISTER_ENCRYPTION", Security::RegisterEncryption)
        .on_screen()
        .says("Registered")
        .takes(&[KEY, ENTRY_CODE]),
    security("UNREGISTER", Security::Unregister).says("Unregistered").guessed("A-37"),
    security("UNREGISTERALL", Security::UnregisterAll).says("Unregistered").guessed("A-37"),
    security("TEST_MAC", Security::TestMac).says("Match"),
    secondary("STATUS", Behaviour::Tell(Tell::Status)),
    secondary("CANCEL", Behaviour::Cancel).says("SUCCESS"),
    secondary("REBOOT", Behaviour::Reboot).says("SUCCESS").guessed("A-37"),
    secondary("GET_SAF_STATUS", Behaviour::Tell(Tell::StoredAmount)).says("SUCCESS"),
    secondary("UPDATE_STATUS", Behaviour::Tell(Tell::UpdateStatus)),
    secondary("ANY_UPDATES", Behaviour::Estate(Estate::Ask)).guessed("A-37"),
    change("LINE_ITEM", "ADD", Change::AddItems).in_session().takes(&[TOTALS, ITEMS]),
    change("LINE_ITEM", "OVERRIDE", Change::OverrideItem).in_session().takes(&[TOTALS, ITEMS, ONE_ITEM]),
    change("LINE_ITEM", "REMOVE", Change::RemoveItems).in_session().takes(&[TOTALS_OF_LESS, ITEMS]),
    change("LINE_ITEM", "REMOVEALL", Change::RemoveAllItems).in_session().guessed("A-37").takes(&[&[
        may("RUNNING_SUB_TOTAL", Kind::Signed),
        may("RUNNING_TAX_AMOUNT", Kind::Signed),
        may("RUNNING_TRANS_AMOUNT", Kind::Signed),
    ]]),
    change("LINE_ITEM", "SHOW", Change::ShowItems).in_session(),
    change("LINE_ITEM", "LINE_ITEM_END", Change::EndItems).in_session().guessed("A-37").takes(&[
        CALL_BACK,
        &[
            may("CASH_PAYMENT", Kind::Flag),
            may("INVOICE", Kind::Text(1, 40)),
            may("LANE", Kind::Digits(1, 8)),
            may("NOTIFY_SCA_EVENTS", Kind::Flag),
            may("STORE_NUM", Kind::Text(1, 6)),
        ],
    ]),
];
