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
];

impl fmt::Display for ScreenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = SCREENS.iter().find(|(name, _)| name == self).map_or("", |(_, word)| word);
        f.write_str(word)
    }
}
