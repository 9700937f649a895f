//! The test cards a cardholder can present, by name: what each is, and what happens when it is presented.
//!
//! Only the first six and the last four digits of a number are stored, so that no card number can leave the simulator.

/// How a card is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// Held to the contactless reader.
    Tapped,
    /// The chip was inserted.
    Inserted,
    /// The magnetic stripe was swiped.
    Swiped,
    /// The number was keyed in.
    Manual,
}

/// The result of reading a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The card is read.
    Good,
    /// No reader can read the card.
    Unreadable,
    /// The chip cannot be read; the magnetic stripe can.
    BrokenChip,
    /// The contactless reader asks for the chip instead.
    WantsContact,
    /// The chip reader asks for contactless instead.
    WantsContactless,
    /// Two cards are in the field.
    Two,
    /// The chip has no usable application; the magnetic stripe can be used.
    NoApplication,
    /// The chip has no usable application, and there is no stripe to fall back on.
    Useless,
}

/// The payment host's default decision for a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Approves.
    Good,
    /// Declines.
    Declined,
    /// Approves half the amount.
    Half,
}

/// A test card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// Its name in scenarios.
    pub name: &'static str,
    /// PAYMENT_MEDIA.
    pub media: &'static str,
    /// PAYMENT_TYPE.
    pub tender: &'static str,
    /// ACCT_NUM: the first six digits, asterisks, the last four digits.
    pub masked: &'static str,
    /// Whether it has a chip.
    pub chip: bool,
    /// Whether it requires a PIN.
    pub pin: bool,
    /// The result of reading it.
    pub reading: Reading,
    /// The host's default decision for it.
    pub standing: Standing,
}

const fn card(name: &'static str, media: &'static str, masked: &'static str) -> Card {
    Card {
        name,
        media,
        tender: "CREDIT",
        masked,
        chip: true,
        pin: false,
        reading: Reading::Good,
        standing: Standing::Good,
    }
}

const fn reads(name: &'static str, masked: &'static str, reading: Reading) -> Card {
    Card { reading, ..card(name, "VISA", masked) }
}

/// All test cards.
pub const CARDS: &[Card] = &[
    card("visa", "VISA", "400000******0002"),
    card("mastercard", "MASTERCARD", "555555******4444"),
    card("amex", "AMEX", "378282*****0005"),
    card("discover", "DISCOVER", "601111******1117"),
    Card { chip: false, ..card("stripe", "VISA", "401200******3333") },
    Card { tender: "DEBIT", pin: true, ..card("debit", "DEBIT", "491761******0000") },
    Card { pin: true, ..card("visa-pin", "VISA", "400000******0010") },
    Card { tender: "DEBIT", pin: true, ..card("visa-debit", "VISA", "400000******0119") },
    Card { tender: "DEBIT", pin: true, ..card("mastercard-debit", "MASTERCARD", "555555******4451") },
    Card { tender: "GIFT", chip: false, ..card("gift", "GIFT", "603628******1234") },
    Card { tender: "EBT", chip: false, pin: true, ..card("ebt", "EBT", "507680******5678") },
    Card { standing: Standing::Declined, ..card("declined", "VISA", "400000******0028") },
    Card { standing: Standing::Half, ..card("half", "VISA", "400000******0036") },
    reads("unreadable", "400000******0044", Reading::Unreadable),
    reads("broken-chip", "400000******0051", Reading::BrokenChip),
    reads("wants-contact", "400000******0069", Reading::WantsContact),
    reads("wants-contactless", "400000******0077", Reading::WantsContactless),
    reads("two-cards", "400000******0085", Reading::Two),
    reads("no-application", "400000******0093", Reading::NoApplication),
    reads("useless", "400000******0101", Reading::Useless),
];

impl Card {
    /// The card with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        CARDS.iter().find(|card| card.name == name)
    }

    /// The card with this masked number (ACCT_NUM).
    #[must_use]
    pub fn of_number(masked: &str) -> Option<&'static Self> {
        CARDS.iter().find(|card| card.masked == masked)
    }

    /// The value of CARD_TOKEN.
    #[must_use]
    pub fn token(&self) -> String {
        format!("TKN-{}", self.name.to_uppercase())
    }
}

impl Entry {
    /// The value of CARD_ENTRY_METHOD in a notice.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::Tapped => "TAPPED",
            Self::Inserted => "INSERTED",
            Self::Swiped => "SWIPED",
            Self::Manual => "MANUAL",
        }
    }

    /// The value of CARD_ENTRY_MODE: short, or in words with descriptiveentrymode. A fallback swipe follows a chip that
    /// failed.
    #[must_use]
    pub fn mode(self, chip: bool, fallback: bool, descriptive: bool) -> &'static str {
        match (self, descriptive) {
            (Self::Inserted, false) => "Chip Read",
            (Self::Inserted, true) => "Chip Read - Contact",
            (Self::Tapped, false) => "Contactless",
            (Self::Tapped, true) if chip => "Chip Read - Contactless",
            (Self::Tapped, true) => "Mag Stripe - Contactless",
            (Self::Manual, false) => "Keyed",
            (Self::Manual, true) => "Manual",
            (Self::Swiped, false) if fallback => "FSwipe",
            (Self::Swiped, true) if fallback => "Mag Stripe - Fallback",
            (Self::Swiped, false) => "Swiped",
            (Self::Swiped, true) => "Mag Stripe - Swipe",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_card_has_a_number_that_can_be_used() {
        for card in CARDS {
            let hidden = card.masked.chars().filter(|c| *c == '*').count();
            assert!(hidden >= 5, "{}", card.name);
            assert_eq!(Card::of_number(card.masked), Some(card), "{} shares its number", card.name);
        }
    }
}
