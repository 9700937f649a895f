//! Lines for the cardholder and the payment host, inferred from the terminal's responses, as neither is visible in a
//! capture.

use std::time::Duration;

use sca_model::{Action, CardholderAct, HostAct, Party};
use sca_protocol::cards::{CARDS, Card, Entry};
use sca_protocol::commands::{Behaviour, Command, flag, parse_amount};
use sca_protocol::screens::ScreenName;
use sca_protocol::{Request, Response};

use super::state::{Asked, ScenarioGenerator};

impl ScenarioGenerator {
    /// Adds the cardholder and host actions that must precede this response.
    pub(super) fn before_the_answer(&mut self, at: Duration, asked: &Asked, response: &Response) {
        let Some(request) = &asked.request else { return };
        let Some(command) = Command::find(request) else { return };
        if request.function_type() == "SECURITY" && request.command().starts_with("REGISTER") {
            if let Some(code) = request.get("ENTRY_CODE").filter(|_| response.get("MAC_LABEL").is_some()) {
                let code = code.to_owned();
                self.screen(ScreenName::Pairing);
                self.cardholder(CardholderAct::Enters(code));
            }
            return;
        }
        match command.behaviour {
            Behaviour::Pay(_) => {}
            Behaviour::Prompt(prompt) => return self.before_the_prompt(prompt, response, (asked, at)),
            _ => return,
        }
        let is_card_asked = command.screen && request.get("CTROUTD").is_none() && request.get("CARD_TOKEN").is_none();
        let is_answered = response.get("TERMINATION_STATUS") != Some("FAILURE");
        if let Some(by) = self.ended_by(asked, response) {
            if is_card_asked {
                self.is_ended(by, (asked, at), "card-timeout", ScreenName::CardEntry);
            }
            return;
        }
        let is_declined = response.get("RESULT").is_some_and(|result| result.starts_with("DECLINED"));
        if !is_answered && !is_declined {
            return;
        }
        self.host_decides(request.get("TRANS_AMOUNT"), response, is_declined);
        if is_card_asked {
            let (card, entry) = card_of(response, Some(request));
            if response.get("CARD_ENTRY_MODE").is_none() && request.get("MANUAL_ENTRY").is_none() {
                self.comment("the capture does not show how the card was read");
            }
            self.screen(ScreenName::CardEntry);
            match entry {
                Entry::Manual => self.cardholder(CardholderAct::Enters(card.name.to_owned())),
                entry => self.cardholder(CardholderAct::Presents(card, entry)),
            }
            if card.pin {
                self.screen(ScreenName::Pin);
                self.cardholder(CardholderAct::Enters("1234".to_owned()));
            }
        }
    }

    /// Adds the cardholder action after the response that makes the terminal ready again.
    pub(super) fn after_the_answer(&mut self, asked: &Asked, response: &Response) {
        let command = asked.request.as_ref().and_then(Command::find);
        let is_payment = command.is_some_and(|command| matches!(command.behaviour, Behaviour::Pay(_)));
        if is_payment && response.get("CARD_ENTRY_MODE").is_some() && card_of(response, None).1 == Entry::Inserted {
            self.screen(ScreenName::RemoveCard);
            self.cardholder(CardholderAct::Removes);
        }
    }

    pub(super) fn cardholder(&mut self, act: CardholderAct) {
        self.step(None, Action::Cardholder { who: 0, act });
    }

    /// Configures the payment host to act as in the capture from here on.
    fn host_decides(&mut self, asked: Option<&str>, response: &Response, is_declined: bool) {
        let number = |text: &str| parse_amount(text);
        let approved = response.get("APPROVED_AMOUNT").filter(|approved| {
            let pair = asked.and_then(number).zip(number(approved));
            pair.is_some_and(|(asked, approved)| approved > 0 && approved < asked)
        });
        let is_stored = response.get("RESULT").is_some_and(|result| result.ends_with("STORED"));
        if is_stored != self.speech.is_host_down {
            self.speech.is_host_down = is_stored;
            self.host_does(if is_stored { "host is down" } else { "host is up" }.to_owned());
        }
        let said = match (is_declined, approved) {
            _ if is_stored => return,
            (true, _) => "host declines".to_owned(),
            (false, Some(amount)) => format!("host approves {amount}"),
            (false, None) if self.speech.host.is_none() => return,
            (false, None) => "host approves".to_owned(),
        };
        if self.speech.host.as_ref() != Some(&said) {
            self.speech.host = Some(said.clone());
            self.host_does(said);
        }
    }

    fn host_does(&mut self, said: String) {
        self.step(None, Action::Host(HostAct { party: Party::Host, sets: Vec::new(), said }));
    }
}

/// The test card that replaces the card of a response, and how it was presented.
pub(super) fn card_of(response: &Response, request: Option<&Request>) -> (&'static Card, Entry) {
    let media = response.get("PAYMENT_MEDIA").unwrap_or_default();
    let tender = response.get("PAYMENT_TYPE").unwrap_or_default();
    let is_keyed = request.and_then(|request| request.get("MANUAL_ENTRY")).and_then(flag).unwrap_or(false);
    let mode = response.get("CARD_ENTRY_MODE").unwrap_or(if is_keyed { "Keyed" } else { "Contactless" });
    // If nothing else names the brand, the first digits do.
    let number = response.get("ACCT_NUM").or_else(|| request.and_then(|request| request.get("ACCT_NUM")));
    let brand = number.map(|number| number.trim().to_ascii_lowercase()).unwrap_or_default();
    let of_number = CARDS.iter().find(|card| {
        brand == card.name || (brand.len() > 4 && brand.get(..1) == card.masked.get(..1) && card.tender == "CREDIT")
    });
    let entry = match mode {
        mode if mode.contains("Contactless") => Entry::Tapped,
        mode if mode.contains("Chip") => Entry::Inserted,
        mode if mode.contains("Swipe") => Entry::Swiped,
        "Keyed" | "Manual" => Entry::Manual,
        _ => Entry::Tapped,
    };
    let is_good = |card: &&Card| card.standing == sca_protocol::cards::Standing::Good;
    let chipless = entry == Entry::Swiped;
    let of_media = CARDS
        .iter()
        .filter(is_good)
        .find(|card| card.media.eq_ignore_ascii_case(media) && card.chip != chipless && !card.pin);
    // A debit payment with a brand named is a card of that brand.
    let of_tender_and_media = CARDS
        .iter()
        .filter(is_good)
        .find(|card| card.tender == tender && card.media.eq_ignore_ascii_case(media) && card.chip != chipless);
    let of_tender = CARDS.iter().filter(is_good).find(|card| card.tender == tender && card.tender != "CREDIT");
    let usual = if chipless { "stripe" } else { "visa" };
    let of_number = of_number.filter(|card| media.is_empty() && card.chip != chipless && !card.pin);
    let card =
        of_tender_and_media.or(of_tender).or(of_media).or(of_number).or_else(|| Card::find(usual)).unwrap_or(&CARDS[0]);
    (card, entry)
}
