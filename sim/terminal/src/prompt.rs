//! What is asked of a cardholder: it holds the device until it is done, cancelled, or has waited too long.

use std::time::Duration;

use sca_protocol::Request;
use sca_protocol::commands::{Command, Prompt};
use sca_protocol::screens::ScreenName;

use crate::event::Cardholder;
use crate::screen::Screen;

/// A prompt that is shown, and what its answer will repeat of the request.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(crate) row: &'static Command,
    pub(crate) prompt: Prompt,
    pub(crate) counter: Option<u32>,
    pub(crate) recon: Option<String>,
    pub(crate) until: Option<Duration>,
    text: String,
    button: String,
    wants_number: bool,
}

/// How a prompt ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The cardholder has done it, and perhaps entered this into this field.
    Done(Option<(&'static str, String)>),
    /// The cardholder, the POS or the time has ended it; the text says who.
    Cancelled(&'static str),
}

/// An address has at most this many characters (EMAIL page).
const EMAIL_MAX: usize = 257;

impl Asking {
    /// The prompt of a request, shown from now on.
    pub(crate) fn new(
        row: &'static Command,
        prompt: Prompt,
        request: &Request,
        counter: Option<u32>,
        until: Option<Duration>,
    ) -> Self {
        let text = |name| request.get(name).unwrap_or_default().to_owned();
        let label = request.get("BUTTON_LABEL").unwrap_or("OK").to_owned();
        let shows_button = request.get("BUTTON_DISPLAY").and_then(sca_protocol::commands::flag).unwrap_or(true);
        Self {
            row,
            prompt,
            counter,
            recon: request.get("POS_RECON").map(str::to_owned),
            until,
            text: if prompt == Prompt::Button { text("DISPLAY_TEXT") } else { text("EMAILDATA") },
            button: if shows_button { label } else { String::new() },
            wants_number: request.get("TYPE") == Some("NUMBER"),
        }
    }

    /// What a person sees.
    pub(crate) fn screen(&self) -> Screen {
        let screen =
            Screen::plain(ScreenName::Prompt).saying(self.text.clone()).with("COMMAND", self.row.command.to_owned());
        let has_button = self.prompt == Prompt::Button && !self.button.is_empty();
        if has_button { screen.with("BUTTON", self.button.clone()) } else { screen }
    }

    /// What becomes of the prompt when the cardholder does something; nothing where that does nothing.
    pub(crate) fn react(&self, act: &Cardholder) -> Option<Ended> {
        match (self.prompt, act) {
            (_, Cardholder::Presses(key)) if key == "cancel" => Some(Ended::Cancelled("Cancelled by CUSTOMER")),
            (Prompt::Button, Cardholder::Presses(key)) if !self.button.is_empty() && *key == self.button => {
                Some(Ended::Done(None))
            }
            (Prompt::Email(field), Cardholder::Enters(text)) if is_address(text) => {
                Some(Ended::Done(Some((field, text.clone()))))
            }
            (Prompt::Loyalty(field), Cardholder::Enters(text)) if self.is_loyalty(text) => {
                Some(Ended::Done(Some((field, text.clone()))))
            }
            _ => None,
        }
    }

    /// A loyalty number has 5 to 20 digits, a phone number 10 (LOYALTY page; the latter is the usual length).
    fn is_loyalty(&self, text: &str) -> bool {
        let length = if self.wants_number { 5..=20 } else { 10..=10 };
        length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    }
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    text.chars().count() <= EMAIL_MAX && parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}
