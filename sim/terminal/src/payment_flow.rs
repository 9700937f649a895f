//! The state machine of a payment from its request to the host call: tender, card, PIN. It does not know how a stage is
//! carried out or what the host answers.

use std::time::Duration;

use sca_core::Screen;
use sca_protocol::cards::{Card, Entry, Reading};
use sca_protocol::codes;
use sca_protocol::codes::Code;
use sca_protocol::commands::{Pay, amount, flag, parse_amount};
use sca_protocol::screens::ScreenName;
use sca_protocol::settings::PaymentRules;

use crate::context::Task;
use crate::host_calls::Trouble;

/// Number of failed chip reads after which the magnetic stripe is accepted.
const CHIP_FAILURES_MAX: u8 = 3;

/// The stage of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Waiting for the removal of a card that was left in the slot.
    Removal,
    /// The tender is being chosen.
    Tender,
    /// Waiting for a card.
    Card,
    /// Waiting for a card number to be typed.
    Keying,
    /// Waiting for a PIN.
    Pin,
    /// Connecting to the host; nothing has been sent.
    Calling,
    /// The request is with the host: only a reversal can undo the payment.
    InFlight,
    /// The payment is being reversed.
    Reversing,
}

/// The state of a payment.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) stage: Stage,
    /// When waiting for the cardholder times out.
    pub(crate) until: Option<Duration>,
    pub(crate) tender: Option<String>,
    pub(crate) card: Option<(&'static Card, Entry)>,
    pub(crate) fallback: bool,
    /// Why it is being reversed.
    pub(crate) trouble: Option<Trouble>,
    contactless: bool,
    chip_failures: u8,
}

/// The consequence of an action of the cardholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing changes.
    Stay,
    /// The POS is sent a notice with this code, and the stage stays the same.
    Tell(Code),
    /// The payment enters its next stage.
    Go,
    /// The cardholder has cancelled the payment.
    Cancel,
}

/// How a payment gets its card, derived from its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A card is read or typed.
    Card,
    /// It follows an earlier transaction, so no card is asked for.
    FollowOn,
    /// A token identifies the card.
    Token,
}

/// The kind of a payment, or the text of the refusal if its fields do not fit together.
pub(crate) fn kind(task: &Task, pay: Pay) -> Result<Kind, &'static str> {
    let (follows, forced) = (task.get("CTROUTD").is_some(), task.get("AUTH_CODE").is_some());
    let has_token = task.get("CARD_TOKEN").is_some();
    let kind = match (follows, forced) {
        (true, true) if pay == Pay::Capture => return Err("CTROUTD and AUTH_CODE exclude each other"),
        (true, _) => Kind::FollowOn,
        _ if has_token => Kind::Token,
        _ => Kind::Card,
    };
    if kind != Kind::Card && task.get("PAYMENT_TYPE").is_none() {
        return Err("PAYMENT_TYPE is missing");
    }
    if task.get("PAYMENT_TYPE") == Some("EBT") && pay == Pay::Capture && task.get("EBT_TYPE").is_none() {
        return Err("EBT_TYPE is missing");
    }
    let tip = task.get("TIP_AMOUNT").and_then(parse_amount).unwrap_or(0);
    if task.get("TRANS_AMOUNT").and_then(parse_amount).is_some_and(|total| tip > total) {
        return Err("TIP_AMOUNT is higher than TRANS_AMOUNT");
    }
    Ok(kind)
}

impl Payment {
    /// A new payment in its first stage. `left`: whether a card is in the slot that has to be removed first.
    pub(crate) fn new(task: &Task, kind: Kind, left: bool, rules: &PaymentRules) -> Self {
        let tender = task.get("PAYMENT_TYPE").map(str::to_owned);
        let mut payment = Self {
            stage: Stage::Calling,
            until: None,
            tender: tender.or_else(|| task.get("PAYMENT_TYPES").filter(|all| !all.contains('|')).map(str::to_owned)),
            card: None,
            fallback: false,
            trouble: None,
            contactless: rules.contactless,
            chip_failures: 0,
        };
        match kind {
            Kind::FollowOn | Kind::Token => {}
            Kind::Card if left => payment.stage = Stage::Removal,
            Kind::Card => payment.begin(task, rules),
        }
        payment
    }

    /// Enters the first stage of a payment that asks for a card.
    pub(crate) fn begin(&mut self, task: &Task, rules: &PaymentRules) {
        let several = task.get("PAYMENT_TYPES").is_some_and(|all| all.contains('|'));
        let asks = task.get("PAYMENT_TYPE").is_none() && (several || rules.asks_tender);
        self.stage = if asks { Stage::Tender } else { Self::entry(task) };
    }

    /// The stage in which the card is asked for.
    pub(crate) fn entry(task: &Task) -> Stage {
        if task.get("MANUAL_ENTRY").and_then(flag) == Some(true) { Stage::Keying } else { Stage::Card }
    }

    /// Whether the POS or the cardholder can still end it.
    pub(crate) fn can_end(&self) -> bool {
        !matches!(self.stage, Stage::InFlight | Stage::Reversing)
    }

    /// The tenders to choose from.
    fn tenders<'a>(&self, task: &'a Task) -> Vec<&'a str> {
        task.get("PAYMENT_TYPES").unwrap_or("CREDIT|DEBIT|GIFT").split('|').collect()
    }

    /// Handles a button, given by its label.
    pub(crate) fn press(&mut self, task: &Task, key: &str) -> Next {
        match self.stage {
            Stage::InFlight | Stage::Reversing | Stage::Calling => Next::Stay,
            _ if key == "cancel" => Next::Cancel,
            Stage::Tender if self.tenders(task).contains(&key) => {
                self.tender = Some(key.to_owned());
                self.stage = Self::entry(task);
                Next::Go
            }
            _ => Next::Stay,
        }
    }

    /// Handles typed input: the name of a simulated card, or a PIN.
    pub(crate) fn enter(&mut self, text: &str) -> Next {
        match self.stage {
            Stage::Keying => match Card::find(text) {
                Some(card) => self.read(card, Entry::Manual),
                None => Next::Tell(codes::CARD_READ_ERROR),
            },
            Stage::Pin if (4..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) => {
                self.stage = Stage::Calling;
                Next::Go
            }
            _ => Next::Stay,
        }
    }

    /// Handles a presented card.
    pub(crate) fn present(&mut self, card: &'static Card, entry: Entry) -> Next {
        if self.stage != Stage::Card {
            return Next::Stay;
        }
        match entry {
            Entry::Tapped if !self.contactless => Next::Stay,
            Entry::Tapped => self.tap(card),
            Entry::Inserted => self.insert(card),
            Entry::Swiped => self.swipe(card),
            Entry::Manual => Next::Stay,
        }
    }

    fn tap(&mut self, card: &'static Card) -> Next {
        match card.reading {
            Reading::Two => Next::Tell(codes::ONE_CARD),
            Reading::WantsContact => {
                self.contactless = false;
                Next::Tell(codes::REDO_WITHOUT_CONTACTLESS)
            }
            Reading::NoApplication | Reading::Useless => Next::Tell(codes::NO_APPLICATION),
            Reading::Unreadable | Reading::BrokenChip => Next::Tell(codes::CARD_READ_ERROR),
            Reading::Good | Reading::WantsContactless => self.read(card, Entry::Tapped),
        }
    }

    fn insert(&mut self, card: &'static Card) -> Next {
        match card.reading {
            _ if !card.chip => Next::Tell(codes::CARD_READ_ERROR),
            Reading::Unreadable | Reading::BrokenChip => {
                self.chip_failures += 1;
                self.fallback = self.chip_failures >= CHIP_FAILURES_MAX;
                Next::Tell(if self.fallback { codes::CHIP_ERROR } else { codes::CARD_READ_ERROR })
            }
            Reading::WantsContactless => {
                self.contactless = true;
                Next::Tell(codes::REDO_WITH_CONTACTLESS)
            }
            Reading::NoApplication => {
                self.fallback = true;
                Next::Tell(codes::NO_APPLICATION_SWIPE)
            }
            Reading::Useless => Next::Tell(codes::NO_APPLICATION),
            Reading::Good | Reading::WantsContact | Reading::Two => self.read(card, Entry::Inserted),
        }
    }

    fn swipe(&mut self, card: &'static Card) -> Next {
        match card.reading {
            Reading::Unreadable | Reading::Useless => Next::Tell(codes::CARD_READ_ERROR),
            _ if card.chip && !self.fallback => Next::Tell(codes::USE_CHIP_READER),
            _ => self.read(card, Entry::Swiped),
        }
    }

    fn read(&mut self, card: &'static Card, entry: Entry) -> Next {
        self.card = Some((card, entry));
        self.tender.get_or_insert_with(|| card.tender.to_owned());
        self.stage = if card.pin && entry != Entry::Manual { Stage::Pin } else { Stage::Calling };
        Next::Go
    }

    /// CARD_ENTRY_MODE of the card, if there is one.
    pub(crate) fn mode(&self, rules: &PaymentRules) -> Option<&'static str> {
        self.card.map(|(card, entry)| entry.mode(card.chip, self.fallback, rules.descriptive))
    }

    /// The screen of the current stage.
    pub(crate) fn screen(&self, task: &Task) -> Screen {
        let total = task.get("TRANS_AMOUNT").and_then(parse_amount).map(amount);
        let plain = |name| match &total {
            Some(total) => Screen::plain(name).with("AMOUNT", total.clone()),
            None => Screen::plain(name),
        };
        match self.stage {
            Stage::Removal => plain(ScreenName::RemoveCard).saying("Remove card".to_owned()),
            Stage::Tender => plain(ScreenName::Tender).with("TENDERS", self.tenders(task).join("|")),
            Stage::Card => {
                let ways = if self.contactless { "Tap, insert or swipe card" } else { "Insert or swipe card" };
                plain(ScreenName::CardEntry).saying(ways.to_owned())
            }
            Stage::Keying => plain(ScreenName::Keying).saying("Enter card number".to_owned()),
            Stage::Pin => plain(ScreenName::Pin).saying("Enter PIN".to_owned()),
            Stage::Calling | Stage::InFlight => plain(ScreenName::Authorising).saying("Authorising".to_owned()),
            Stage::Reversing => plain(ScreenName::Authorising).saying("Please wait".to_owned()),
        }
    }
}
