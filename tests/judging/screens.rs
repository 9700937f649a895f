//! Tests of every screen on a large and on a small model, compared pixel by pixel with the pictures under
//! `tests/screens`.
//!
//! `UPDATE_PICTURES=1 cargo test --test screens` draws them again; look at them before committing.

use crate::common;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use sca_core::{Display, Screen};
use sca_display::{Picture, draw};
use sca_protocol::models::{MODELS, Model};
use sca_protocol::screens::{SCREENS, ScreenName};

/// A screen as the terminal shows it: its name, its sentence, its fields.
type Sample = (&'static str, ScreenName, &'static str, &'static [(&'static str, &'static str)]);

const SAMPLES: &[Sample] = &[
    ("off", ScreenName::Off, "", &[]),
    ("boot", ScreenName::Boot, "", &[]),
    ("connecting", ScreenName::Connecting, "", &[("ATTEMPT", "2")]),
    ("error", ScreenName::Error, "the broker's certificate has expired", &[("ATTEMPT", "3"), ("NEXT", "17.250")]),
    ("idle", ScreenName::Idle, "", &[]),
    (
        "session",
        ScreenName::Session,
        "",
        &[
            ("INVOICE", "123456"),
            ("ITEMS", "4"),
            ("LINES", "2 x Pen 3.00|Coupon -0.50|Paper, A4, 500 sheets 5.49|Stamps 1.20"),
            ("RUNNING_SUB_TOTAL", "9.19"),
            ("RUNNING_TAX_AMOUNT", "0.64"),
            ("RUNNING_DISCOUNT_AMOUNT", "-0.50"),
            ("RUNNING_TRANS_AMOUNT", "9.83"),
        ],
    ),
    ("session-empty", ScreenName::Session, "", &[("INVOICE", "123456"), ("TRAINING_MODE", "ON")]),
    ("session-panel", ScreenName::Session, "", &[("INVOICE", "7"), ("PANEL", "Join today and save")]),
    (
        "message",
        ScreenName::Prompt,
        "Please show your parking ticket at the counter.",
        &[("COMMAND", "DISPLAY_MESSAGE"), ("BUTTON", "OK")],
    ),
    (
        "question",
        ScreenName::Prompt,
        "Would you like a receipt?",
        &[("COMMAND", "CUST_QUESTION"), ("BUTTONS", "NO|YES")],
    ),
    (
        "boxes",
        ScreenName::Prompt,
        "What may we send you?",
        &[("COMMAND", "CHECKBOX"), ("BUTTONS", "News|Offers|Post"), ("TICKED", "Offers")],
    ),
    (
        "survey",
        ScreenName::Prompt,
        "How was your visit?",
        &[("COMMAND", "SURVEY10"), ("BUTTONS", "1|2|3|4|5|6|7|8|9|10")],
    ),
    ("email", ScreenName::Prompt, "", &[("COMMAND", "EMAIL")]),
    ("signature", ScreenName::Prompt, "I agree to the terms.", &[("COMMAND", "SIGNATURE")]),
    (
        "qr-code",
        ScreenName::Prompt,
        "Scan for your receipt",
        &[("COMMAND", "DISPLAY_QRCODE"), ("QRCODE_DATA", "https://shop.test/receipt/123456"), ("BUTTON", "Done")],
    ),
    ("reconnecting", ScreenName::Reconnecting, "", &[("ATTEMPT", "1"), ("NEXT", "12.000")]),
    ("tender", ScreenName::Tender, "", &[("AMOUNT", "12.40"), ("TENDERS", "CREDIT|DEBIT|GIFT")]),
    ("card-entry", ScreenName::CardEntry, "Tap, insert or swipe card", &[("AMOUNT", "12.40")]),
    ("card-entry-contact", ScreenName::CardEntry, "Insert or swipe card", &[("AMOUNT", "999999.99")]),
    ("keying", ScreenName::Keying, "Enter card number", &[("AMOUNT", "12.40")]),
    ("pin", ScreenName::Pin, "Enter PIN", &[("AMOUNT", "12.40")]),
    ("authorising", ScreenName::Authorising, "Authorising", &[("AMOUNT", "12.40")]),
    ("approved", ScreenName::Approved, "APPROVED", &[]),
    ("declined", ScreenName::Declined, "INSUFFICIENT FUNDS", &[]),
    ("remove-card", ScreenName::RemoveCard, "Remove card", &[]),
    ("pairing", ScreenName::Pairing, "Enter pairing code", &[("DIGITS", "4")]),
    ("lane-closed", ScreenName::LaneClosed, "Next till please", &[("COLOUR", "FF8800"), ("SIZE", "50")]),
    ("updating", ScreenName::Updating, "Installing update", &[]),
];

fn face(sample: &Sample) -> Display {
    let (name, screen, text, fields) = sample;
    let screen = Screen { name: *screen, text: (*text).to_owned(), fields: Vec::new() };
    let screen = fields.iter().fold(screen, |screen, (name, value)| screen.with(name, (*value).to_owned()));
    let connected = !matches!(*name, "off" | "boot" | "connecting" | "error" | "reconnecting" | "updating");
    Display { screen, connected, icon: None }
}

#[rstest]
fn every_screen_is_as_its_picture_has_it(#[values("M400", "V200")] name: &str) {
    let model = Model::find(name).expect("the source lists it");
    let folder = common::root().join("tests/screens").join(name);
    let updates = std::env::var_os("UPDATE_PICTURES").is_some();
    let mut wrong = Vec::new();
    for sample in SAMPLES {
        let drawn = draw(&face(sample), model, Duration::from_secs(10));
        let path = folder.join(format!("{}.png", sample.0));
        if updates {
            fs::create_dir_all(&folder).expect("the folder can be made");
            fs::write(&path, drawn.to_png().expect("it can be encoded")).expect("it can be written");
            continue;
        }
        let kept = fs::read(&path).ok().and_then(|bytes| Picture::read(&bytes).ok());
        if kept.as_ref() != Some(&drawn) {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "these pictures differ from what is drawn: {wrong:#?}");
}

#[test]
fn there_is_a_sample_of_every_screen() {
    for (name, word) in SCREENS {
        assert!(SAMPLES.iter().any(|sample| sample.1 == *name), "{word}");
    }
}

#[test]
fn every_model_has_the_display_that_the_table_says() {
    let idle = face(&SAMPLES[4]);
    for model in MODELS {
        let drawn = draw(&idle, model, Duration::ZERO);
        assert_eq!((drawn.width, drawn.height), (model.width, model.height), "{}", model.name);
        assert_eq!(drawn.pixels.len(), (model.width * model.height * 4) as usize);
    }
}

#[test]
fn an_icon_of_the_flash_takes_the_place_of_the_devices_own() {
    let model = Model::find("M400").expect("the source lists it");
    let own = draw(&face(&SAMPLES[4]), model, Duration::ZERO);
    let green = fs::read(common::root().join("scenarios/icons/pictures/green.png")).expect("it is there");
    let replaced = Display { icon: Some(Arc::from(green)), ..face(&SAMPLES[4]) };
    assert_ne!(draw(&replaced, model, Duration::ZERO), own);
    let broken = Display { icon: Some(Arc::from(b"no picture".as_slice())), ..face(&SAMPLES[4]) };
    assert_eq!(draw(&broken, model, Duration::ZERO), own);
}

#[test]
fn no_text_makes_a_screen_fail() {
    let model = Model::find("V200").expect("the source lists it");
    let long = "word|".repeat(2_000);
    let odd = "\u{0}\u{1f980}\n\t\u{202e}".repeat(50);
    for (name, _) in SCREENS {
        for text in [long.as_str(), odd.as_str(), ""] {
            let fields =
                ["INVOICE", "LINES", "BUTTONS", "TENDERS", "QRCODE_DATA", "AMOUNT", "NEXT", "DIGITS", "SIZE", "COLOUR"];
            let screen = Screen { name: *name, text: text.to_owned(), fields: Vec::new() };
            let screen = fields.iter().fold(screen, |screen, field| screen.with(field, text.to_owned()));
            let drawn = draw(&Display { screen, connected: true, icon: None }, model, Duration::ZERO);
            assert_eq!((drawn.width, drawn.height), (model.width, model.height));
        }
    }
}
