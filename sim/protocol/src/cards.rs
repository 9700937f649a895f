//! The test cards a cardholder can present, by name: what each is, and what happens when it is presented.
//!
//! A number is kept as its first six and last four digits only, so that no card number can leave the simulator.

/// How a card is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// Held before the reader.
    Tapped,
    /// Its chip put into the reader.
    Inserted,
    /// Its stripe drawn through the reader.
    Swiped,
    /// Its number typed.
    Manual,
}

/// What becomes of a card in the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It is read.
    Good,
    /// It cannot be read, by any reader.
    Unreadable,
    /// Its chip cannot be read; its stripe can.
    BrokenChip,
    /// Contactless wants the chip instead.
    WantsContact,
    /// The chip wants contactless instead.
    WantsContactless,
    /// Two cards are in the field.
    Two,
    /// No application fits; the stripe does.
    NoApplication,
    /// No application fits, and there is nothing else.
    Useless,
}

/// What the payment host thinks of a card where nobody tells it otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Approves.
    Good,
    /// Declines.
    Declined,
    /// Approves half the amount.
    Half,
}

/// One test card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// Its name in scenarios.
    pub name: &'static str,
    /// PAYMENT_MEDIA.
    pub media: &'static str,
    /// PAYMENT_TYPE.
    pub tender: &'static str,
    /// ACCT_NUM: the first six digits, stars, the last four.
    pub masked: &'static str,
    /// Whether it has a chip.
    pub chip: bool,
    /// Whether it wants a PIN.
    pub pin: bool,
    /// What becomes of it in the reader.
    pub reading: Reading,
    /// What the host thinks of it.
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

/// Every test card.
pub const CARDS: &[Card] = &[
    card("visa", "VISA", "400000******0002"),
    card("mastercard", "MASTERCARD", "555555******4444"),
    card("amex", "AMEX", "378282*****0005"),
    card("discover", "DISCOVER", "601111******1117"),
    Card { chip: false, ..card("stripe", "VISA", "401200******3333") },
    Card { tender: "DEBIT", pin: true, ..card("debit", "DEBIT", "491761******0000") },
    Card { pin: true, ..card("visa-pin", "VISA", "400000******0010") },
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
    /// The card of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        CARDS.iter().find(|card| card.name == name)
    }

    /// The card whose ACCT_NUM this is.
    #[must_use]
    pub fn of_number(masked: &str) -> Option<&'static Self> {
        CARDS.iter().find(|card| card.masked == masked)
    }

    /// CARD_TOKEN.
    #[must_use]
    pub fn token(&self) -> String {
        format!("TKN-{}", self.name.to_uppercase())
    }
}

impl Entry {
    /// CARD_ENTRY_METHOD of the notice.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::Tapped => "TAPPED",
            Self::Inserted => "INSERTED",
            Self::Swiped => "SWIPED",
            Self::Manual => "MANUAL",
        }
    }

    /// CARD_ENTRY_MODE: short, or in words with descriptiveentrymode. A fallback swipe follows a chip that failed.
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
