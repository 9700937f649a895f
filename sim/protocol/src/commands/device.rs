//! The commands that use the device itself: prompts, names, parameters, barcodes.

use super::command::{Behaviour, Change, Command, Prompt, Tell, row};
use super::field::{Field, Kind, may, required};

const LINES_5: &[Field] = &[
    may("DISPLAY_TEXT1", Kind::Text(0, 50)),
    may("DISPLAY_TEXT2", Kind::Text(0, 50)),
    may("DISPLAY_TEXT3", Kind::Text(0, 50)),
    may("DISPLAY_TEXT4", Kind::Text(0, 50)),
    may("DISPLAY_TEXT5", Kind::Text(0, 50)),
];
const LINES_10: &[Field] = &[
    may("DISPLAY_TEXT6", Kind::Text(0, 50)),
    may("DISPLAY_TEXT7", Kind::Text(0, 50)),
    may("DISPLAY_TEXT8", Kind::Text(0, 50)),
    may("DISPLAY_TEXT9", Kind::Text(0, 50)),
    may("DISPLAY_TEXT10", Kind::Text(0, 50)),
];
const TOP: &[Field] = &[may("DISPLAY_TEXT_TOP", Kind::Text(1, 65)), may("DISPLAY_IMG_TOP", Kind::Base64(30_000))];
const RETURN: &[Field] = &[may("RETURN_SCREEN", Kind::One(&["IDLE_SCREEN", "LINE_ITEM", "STAY_CURRENT"]))];
const BUTTONS: &[Field] = &[
    may("BUTTON_LABEL1", Kind::Text(1, 15)),
    may("BUTTON_LABEL2", Kind::Text(1, 15)),
    may("BUTTON_LABEL3", Kind::Text(1, 15)),
    may("BUTTON_LABEL4", Kind::Text(1, 15)),
    may("BUTTON_LABEL5", Kind::Text(1, 15)),
    may("BUTTON_LABEL6", Kind::Text(1, 15)),
];
const BOXES: &[Field] = &[
    required("CHECKBOX_LABEL1", Kind::Text(1, 44)),
    may("CHECKBOX_LABEL2", Kind::Text(1, 44)),
    may("CHECKBOX_LABEL3", Kind::Text(1, 44)),
    may("CHECKBOX_LABEL4", Kind::Text(1, 44)),
    may("CHECKBOX_LABEL5", Kind::Text(1, 44)),
    may("CHECKBOX_LABEL6", Kind::Text(1, 44)),
];
const RADIO: &[Field] = &[
    required("RADIO_BUTTON_TEXT1", Kind::Text(1, 50)),
    required("RADIO_BUTTON_TEXT2", Kind::Text(1, 50)),
    may("RADIO_BUTTON_TEXT3", Kind::Text(1, 50)),
    may("RADIO_BUTTON_TEXT4", Kind::Text(1, 50)),
    may("RADIO_BUTTON_TEXT5", Kind::Text(1, 50)),
    may("RADIO_BUTTON_TEXT6", Kind::Text(1, 50)),
];
const AMOUNTS: &[Field] = &[
    required("AMOUNT1", Kind::Text(1, 10)),
    may("AMOUNT2", Kind::Text(1, 10)),
    may("AMOUNT3", Kind::Text(1, 10)),
    may("AMOUNT4", Kind::Text(1, 10)),
    may("AMOUNT5", Kind::Text(1, 10)),
];
const SIGNATURE: &[Field] =
    &[may("DISPLAY_TEXT", Kind::Text(1, 4_000)), may("FORMATTED_DISPLAY_TEXT", Kind::One(&["0", "1"]))];
const SCAN: &[Field] = &[may("BCSCAN_ENCODE", Kind::One(&["0", "1", "2"])), may("BCSCAN_MESSAGE", Kind::Text(1, 30))];

const STARS_5: &[&str] = &["1", "2", "3", "4", "5"];
const STARS_10: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];

const fn prompt(command: &'static str, what: Prompt) -> Command {
    row("DEVICE", command, Behaviour::Prompt(what)).on_screen()
}

const fn tell(command: &'static str, what: Tell) -> Command {
    row("DEVICE", command, Behaviour::Tell(what))
}

const fn change(command: &'static str, what: Change) -> Command {
    row("DEVICE", command, Behaviour::Change(what))
}

/// The rows of the DEVICE and BARCODE commands, from their pages. COMMAND differs from the page's title for several.
pub(super) const ROWS: &[Command] = &[
    prompt("SIGNATURE", Prompt::Signature("SIGNATUREDATA")).takes(&[SIGNATURE]).guessed("A-31"),
    prompt("SIGNATURE_EX", Prompt::Signature("SIGNATUREDATA"))
        .takes(&[SIGNATURE, &[may("CHECKBOX_REQ", Kind::Flag), may("CHECKBOX_LABEL", Kind::Text(0, 4_000))]])
        .guessed("A-31"),
    prompt("EMAIL", Prompt::Email("EMAILDATA"))
        .says("Email Captured")
        .takes(&[&[may("EMAILDATA", Kind::Text(1, 257))]]),
    prompt("LOYALTY", Prompt::Loyalty("LOYALTY_DATA"))
        .says("Loyalty Details Captured")
        .takes(&[&[may("TYPE", Kind::Text(1, 6))]]),
    tell("VERSION", Tell::Version).says("Version Information Captured").takes(&[&[may("DISPLAY_VERSION", Kind::Flag)]]),
    tell("GET_DEVICENAME", Tell::DeviceName),
    change("SET_DEVICENAME", Change::DeviceName).takes(&[&[required("DEVICENAME", Kind::Text(1, 20))]]),
    prompt("CUST_QUESTION", Prompt::Choice("CUST_QUESTION_DATA", &["NO", "YES"]))
        .takes(&[TOP, LINES_5, LINES_10])
        .guessed("A-31"),
    prompt("CUST_BUTTON", Prompt::Choice("CUST_BUTTON_DATA", &["OK"]))
        .takes(&[LINES_5, BUTTONS, RETURN])
        .guessed("A-31"),
    prompt("CHECKBOX", Prompt::Boxes("CHECKBOX_DATA"))
        .takes(&[BOXES, &[may("DISPLAY_TEXT", Kind::Text(1, 200))]])
        .guessed("A-31"),
    prompt("SURVEY5", Prompt::Choice("SURVEY5_DATA", STARS_5)).takes(&[LINES_5, RETURN]).guessed("A-31"),
    prompt("SURVEY10", Prompt::Choice("SURVEY10_DATA", STARS_10)).takes(&[LINES_5, LINES_10, RETURN]).guessed("A-31"),
    prompt("SURVEY", Prompt::Choice("SURVEY_DATA", &[]))
        .takes(&[&[may("DISPLAY_TEXT1", Kind::Text(0, 50)), may("DISPLAY_TEXT2", Kind::Text(0, 50))], RADIO, RETURN])
        .guessed("A-31"),
    prompt("CHARITY", Prompt::Choice("CHARITY_DATA", &[])).takes(&[AMOUNTS, LINES_5]).guessed("A-31"),
    prompt("DISPLAY_MESSAGE", Prompt::Button).takes(&[
        TOP,
        &[
            required("DISPLAY_TEXT", Kind::Text(1, 4_000)),
            may("BUTTON_DISPLAY", Kind::Flag),
            may("BUTTON_LABEL", Kind::Text(1, 20)),
            may("TIMEOUT_DATA", Kind::Number(1, 3_600)),
        ],
    ]),
    prompt("DISPLAY_QRCODE", Prompt::Button).takes(&[&[
        required("QRCODE_DATA", Kind::Text(1, 200)),
        may("DISPLAY_TEXT", Kind::Text(1, 150)),
        may("DISPLAY_TIMEOUT", Kind::Number(1, 300)),
        may("BUTTON_LABEL", Kind::Text(1, 18)),
    ]]),
    prompt("DISPLAY_IMAGE", Prompt::Button).takes(&[&[may("IMAGE_NAME", Kind::Text(1, 64))]]).guessed("A-37"),
    change("DISPLAY_LEFTPANEL", Change::LeftPanel)
        .in_session()
        .takes(&[&[may("LEFTPANEL_TEXT", Kind::Text(1, 50)), may("LEFTPANEL_IMG_TOP", Kind::Base64(30_000))]])
        .guessed("A-37"),
    change("CANCEL_LEFTPANEL", Change::LeftPanel).in_session().guessed("A-39"),
    prompt("GET_CARD_DATA", Prompt::Card)
        .takes(&[&[
            required("CARD_INPUT_METHOD", Kind::Some(&["SWIPE", "TAP", "INSERT"])),
            may("DISPLAY_TEXT1", Kind::Text(0, 50)),
            may("DISPLAY_TEXT2", Kind::Text(0, 50)),
            may("DISPLAY_TEXT3", Kind::Text(0, 50)),
        ]])
        .guessed("A-31"),
    tell("GET_PAYMENT_TYPES", Tell::PaymentTypes).guessed("A-31"),
    tell("GET_PARM", Tell::Parameters).takes(&[&[required("PARAM", Kind::Text(1, 1_000))]]),
    change("SET_PARM", Change::Parameters).takes(&[&[
        required("PARM_HOST_IND", Kind::One(&["VANTIV", "FDRC", "VNTV", "CHHC"])),
        may("PARAM", Kind::Text(1, 4_000)),
        may("PARM_MID", Kind::Digits(1, 20)),
        may("PARM_TID", Kind::Digits(1, 20)),
        may("PARM_LANE", Kind::Digits(1, 20)),
        may("PARM_ADMINURL", Kind::Text(1, 80)),
        may("PARM_PRIMURL", Kind::Text(1, 80)),
        may("PARM_SCNDURL", Kind::Text(1, 80)),
        may("PARM_USERNAME", Kind::Text(1, 20)),
        may("PARM_PASSWORD", Kind::Text(1, 20)),
        may("PARM_ALTMERCHID", Kind::Digits(1, 20)),
        may("ARM_ALTMERCHID", Kind::Digits(1, 20)),
        may("PARM_TIMEZONE", Kind::Digits(1, 20)),
        may("PARM_TOKEN_TYPE", Kind::Text(1, 20)),
        may("PARM_PARTNERID", Kind::Text(1, 20)),
        may("PARM_TRANSPORT_KEY", Kind::Text(1, 20)),
    ]]),
    prompt("CREDIT_APP", Prompt::Choice("CREDIT_APP_DATA", &["CONTINUE"]))
        .takes(&[&[
            may("RETURN_SCREEN", Kind::One(&["IDLE_SCREEN", "STAY_CURRENT"])),
            may("TRAINING_ACTION", Kind::One(&["1", "2", "3"])),
            may("FORWARD_PROXY", Kind::Text(10, 100)),
        ]])
        .guessed("A-37"),
    row("BARCODE", "BARCODEASYNC_START", Behaviour::Prompt(Prompt::Scan("BARCODE_DATA")))
        .on_screen()
        .says("Scanning")
        .takes(&[SCAN, &[required("POS_IP", Kind::Text(1, 253)), required("POS_PORT", Kind::Number(1, 65_535))]])
        .guessed("A-67"),
    row("BARCODE", "SCAN", Behaviour::Prompt(Prompt::Scan("BARCODE_DATA")))
        .on_screen()
        .takes(&[SCAN, &[required("BCSCAN_TIMEOUT", Kind::Number(500, 3_600_000))]])
        .guessed("A-37"),
    row("BARCODE", "BCTEST", Behaviour::Change(Change::Nothing))
        .with_outcome(crate::codes::TESTED)
        .takes(&[&[may("BCSCAN_ENCODE", Kind::One(&["0", "1", "2"]))]]),
    row("BARCODE", "BCCONFIG", Behaviour::Change(Change::Nothing))
        .takes(&[&[
            may("BCCFG_TRIGMODE", Kind::Number(0, 3)),
            may("BCCFG_AUTOBEEP", Kind::Number(0, 3)),
            may("BCCFG_PICKLIST", Kind::Text(1, 10)),
            // A value out of range is moved to the nearest limit, without an error.
            may("BCCFG_SESTIMEOUT", Kind::Digits(1, 8)),
            may("BCCFG_DISPLAY_UI", Kind::Flag),
        ]])
        .guessed("A-37"),
];
