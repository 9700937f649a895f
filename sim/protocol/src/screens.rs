//! The names of the screens, which terminals, scenarios and transcripts share.

use std::fmt;

/// The name of a screen; the list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScreenName {
    /// The display is off.
    Off,
    /// Starting up.
    Boot,
    /// A connection attempt at boot is in progress (BOOT-02).
    Connecting,
    /// An attempt at boot failed; shows the reason and the time of the next one (BOOT-03, BOOT-05).
    Error,
    /// Connected, no session.
    Idle,
    /// A session is open.
    Session,
    /// A prompt for the cardholder.
    Prompt,
    /// The link was lost and no session is open (REC-03).
    Reconnecting,
    /// The cardholder chooses how to pay.
    Tender,
    /// The terminal waits for a card.
    CardEntry,
    /// A card number is being keyed in.
    Keying,
    /// The terminal waits for a PIN.
    Pin,
    /// The payment is being sent to the host, or is with it.
    Authorising,
    /// The payment was approved.
    Approved,
    /// The payment was declined or failed.
    Declined,
    /// The card must be removed.
    RemoveCard,
    /// A POS is being registered.
    Pairing,
    /// The lane is closed.
    LaneClosed,
    /// An update is being installed.
    Updating,
}

/// All screens, each with its word in scenarios.
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
