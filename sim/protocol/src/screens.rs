//! The names of the screens: a word that terminal, scenario and transcript share.

use std::fmt;

/// The closed list of screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScreenName {
    /// Dark.
    Off,
    /// Starting up.
    Boot,
    /// An attempt is under way at boot (BOOT-02).
    Connecting,
    /// An attempt at boot failed; its reason and the instant of the next (BOOT-03, BOOT-05).
    Error,
    /// Connected, no session.
    Idle,
    /// A session is open.
    Session,
    /// Something is asked of the cardholder.
    Prompt,
    /// The link was lost and no session is open (REC-03).
    Reconnecting,
    /// The cardholder chooses how to pay.
    Tender,
    /// A card is waited for.
    CardEntry,
    /// The number of a card is typed.
    Keying,
    /// A PIN is waited for.
    Pin,
    /// The payment is on its way to the host, or with it.
    Authorising,
    /// The payment was approved.
    Approved,
    /// The payment was declined, or came to nothing.
    Declined,
    /// A card has to be taken out.
    RemoveCard,
    /// A POS wants to be registered.
    Pairing,
    /// The lane is closed.
    LaneClosed,
    /// An update is installed.
    Updating,
}

/// Every screen with its word in scenarios.
pub const SCREENS: &[(ScreenName, &str)] = &[
    (ScreenName::Off, "off"),
    (ScreenName::Boot, "boot"),
    (ScreenName::Connecting, "connecting"),
    (ScreenName::Error, "error"),
    (ScreenName::Idle, "idle"),
    (ScreenName::Session, "session"),
    (ScreenName::Prompt, "prompt"),
    (ScreenName::Reconnecting, "reconnecting"),
    (ScreenName::Tender, "tender"),
    (ScreenName::CardEntry, "card-entry"),
    (ScreenName::Keying, "keying"),
    (ScreenName::Pin, "pin"),
    (ScreenName::Authorising, "authorising"),
    (ScreenName::Approved, "approved"),
    (ScreenName::Declined, "declined"),
    (ScreenName::RemoveCard, "remove-card"),
    (ScreenName::Pairing, "pairing"),
    (ScreenName::LaneClosed, "lane-closed"),
    (ScreenName::Updating, "updating"),
];

impl fmt::Display for ScreenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = SCREENS.iter().find(|(name, _)| name == self).map_or("", |(_, word)| word);
        f.write_str(word)
    }
}
