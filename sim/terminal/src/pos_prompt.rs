//! Prompts for the cardholder. A prompt occupies the device until it is completed, cancelled or timed out.

use std::time::Duration;

use sca_core::{Cardholder, Screen};
use sca_protocol::cards::{Card, Entry, Reading};
use sca_protocol::commands::{Prompt, flag};
use sca_protocol::screens::ScreenName;

use crate::context::{Task, Work};

/// An open prompt.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    prompt: Prompt,
    /// When the prompt times out, and whether that counts as success.
    pub(crate) until: Option<(Duration, bool)>,
    ticked: Vec<String>,
}

/// How a prompt ended, other than by its timeout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The cardholder completed it: the fields to add to the answer.
    Done(Vec<(&'static str, String)>),
    /// The cardholder cancelled it.
    Cancelled,
}

/// Maximum length of an e-mail address, in characters (EMAIL page).
const EMAIL_MAX: usize = 257;
/// Maximum length of a scanned code, in bytes.
const CODE_MAX: usize = 512;
/// The picture returned as the signature, in base64: one pixel, since nothing reads it.
const SIGNATURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";

impl Asking {
    /// Opens the prompt of a request.
    pub(crate) fn new(work: &Work<'_>, task: &Task, prompt: Prompt) -> Self {
        let number = |name| task.get(name).and_then(|n| n.parse::<u64>().ok());
        let own = match task.row.command {
            "DISPLAY_QRCODE" => number("DISPLAY_TIMEOUT").map(|s| (Duration::from_secs(s), true)),
            "DISPLAY_MESSAGE" => number("TIMEOUT_DATA").map(|s| (Duration::from_secs(s), false)),
            "SCAN" => number("BCSCAN_TIMEOUT").map(|ms| (Duration::from_millis(ms), false)),
            _ => None,
        };
        // A QR code and an asynchronous scan have no general timeout.
        let stays = matches!(task.row.command, "DISPLAY_QRCODE" | "BARCODEASYNC_START");
        let general = Some(work.settings.prompt_timeout).filter(|time| !time.is_zero() && !stays);
        let time = own.or(general.map(|time| (time, false)));
        let until = time.map(|(time, wanted)| (work.now.since_start + time, wanted));
        Self { prompt, until, ticked: Vec::new() }
    }

    /// Whether it asks for a card.
    pub(crate) fn wants_card(&self) -> bool {
        matches!(self.prompt, Prompt::Card)
    }

    /// Handles an action of the cardholder; returns how the prompt ends, or `None` if it stays open.
    pub(crate) fn react(&mut self, task: &Task, act: &Cardholder) -> Option<Ended> {
        let done = |fields| Some(Ended::Done(fields));
        match (self.prompt, act) {
            (_, Cardholder::Presses(key)) if key == "cancel" => Some(Ended::Cancelled),
            (Prompt::Button, Cardholder::Presses(key)) if button(task) == Some(key) => done(Vec::new()),
            (Prompt::Email(field), Cardholder::Enters(text)) if is_address(text) => done(vec![(field, text.clone())]),
            (Prompt::Loyalty(field), Cardholder::Enters(text)) if is_loyalty(task, text) => {
                done(vec![(field, text.clone())])
            }
            (Prompt::Signature(field), Cardholder::Signs) => {
                done(vec![(field, SIGNATURE.to_owned()), ("MIME_TYPES", "image/png".to_owned())])
            }
            (Prompt::Choice(field, words), Cardholder::Presses(key))
                if choices(task, words).contains(&key.as_str()) =>
            {
                done(vec![(field, key.clone())])
            }
            (Prompt::Boxes(field), Cardholder::Presses(key)) if key == "OK" => {
                done(vec![(field, self.ticked.join("|"))])
            }
            (Prompt::Boxes(_), Cardholder::Presses(key)) if choices(task, &[]).contains(&key.as_str()) => {
                match self.ticked.iter().position(|ticked| ticked == key) {
                    Some(at) => drop(self.ticked.remove(at)),
                    None => self.ticked.push(key.clone()),
                }
                None
            }
            (Prompt::Card, Cardholder::Presents(card, entry)) if takes(task, card, *entry) => done(vec![
                ("ACCT_NUM", card.masked.to_owned()),
                ("PAYMENT_MEDIA", card.media.to_owned()),
                ("CARD_ENTRY_MODE", entry.mode(card.chip, false, false).to_owned()),
            ]),
            (Prompt::Scan(field), Cardholder::Enters(text)) if (1..=CODE_MAX).contains(&text.len()) => {
                done(vec![(field, text.clone())])
            }
            _ => None,
        }
    }

    /// The screen of the prompt.
    pub(crate) fn screen(&self, task: &Task) -> Screen {
        let screen = Screen::plain(ScreenName::Prompt).saying(text(task)).with("COMMAND", task.row.command.to_owned());
        match self.prompt {
            Prompt::Button => {
                let screen = match task.get("QRCODE_DATA") {
                    Some(data) => screen.with("QRCODE_DATA", data.to_owned()),
                    None => screen,
                };
                match button(task) {
                    Some(label) => screen.with("BUTTON", label.to_owned()),
                    None => screen,
                }
            }
            Prompt::Choice(_, words) => screen.with("BUTTONS", choices(task, words).join("|")),
            Prompt::Boxes(_) => {
                let screen = screen.with("BUTTONS", choices(task, &[]).join("|"));
                if self.ticked.is_empty() { screen } else { screen.with("TICKED", self.ticked.join("|")) }
            }
            Prompt::Card => screen.with("WAYS", task.get("CARD_INPUT_METHOD").unwrap_or_default().to_owned()),
            Prompt::Email(_) | Prompt::Loyalty(_) | Prompt::Signature(_) | Prompt::Scan(_) => screen,
        }
    }
}

/// The text of a prompt, from the request.
fn text(task: &Task) -> String {
    const NAMES: &[&str] = &["DISPLAY_TEXT", "EMAILDATA", "DISPLAY_TEXT_TOP", "BCSCAN_MESSAGE", "IMAGE_NAME"];
    let numbered = |n: u8| task.get(&format!("DISPLAY_TEXT{n}")).filter(|text| !text.is_empty());
    let lines: Vec<&str> = (1..=10).filter_map(numbered).collect();
    let one = NAMES.iter().find_map(|name| task.get(name)).unwrap_or_default();
    if lines.is_empty() { one.to_owned() } else { lines.join("\n") }
}

/// The label of the single button; `None` if the request disables the button.
fn button(task: &Task) -> Option<&str> {
    let shown = task.get("BUTTON_DISPLAY").and_then(flag).unwrap_or(true);
    let usual = if task.row.command == "DISPLAY_QRCODE" { "Done" } else { "OK" };
    shown.then(|| task.get("BUTTON_LABEL").unwrap_or(usual))
}

/// The labels to choose from: those of the request, or the defaults.
fn choices<'a>(task: &'a Task, words: &[&'static str]) -> Vec<&'a str> {
    const NAMES: &[&str] = &["BUTTON_LABEL", "CHECKBOX_LABEL", "RADIO_BUTTON_TEXT", "AMOUNT"];
    let named = NAMES.iter().flat_map(|name| (1..=6).filter_map(move |n| task.get(&format!("{name}{n}"))));
    let named: Vec<&str> = named.collect();
    if named.is_empty() { words.to_vec() } else { named }
}

/// Whether the card can be read in this way, and the request allows it.
fn takes(task: &Task, card: &Card, entry: Entry) -> bool {
    let way = match entry {
        Entry::Tapped => "TAP",
        Entry::Inserted => "INSERT",
        Entry::Swiped => "SWIPE",
        Entry::Manual => return false,
    };
    let fits = entry != Entry::Inserted || card.chip;
    fits && card.reading == Reading::Good
        && task.get("CARD_INPUT_METHOD").is_some_and(|ways| ways.split('|').any(|w| w == way))
}

/// A loyalty number has 5 to 20 digits, a phone number 10 (LOYALTY page; 10 is assumed as the usual length).
fn is_loyalty(task: &Task, text: &str) -> bool {
    let length = if task.get("TYPE") == Some("NUMBER") { 5..=20 } else { 10..=10 };
    length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    text.chars().count() <= EMAIL_MAX && parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}
