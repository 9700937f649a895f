//! What a person sees of a terminal, as structured state: one named screen with its fields, and the status bar's icon.

use std::sync::Arc;
use std::time::Duration;

use sca_protocol::screens::ScreenName;

/// One screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// Which.
    pub name: ScreenName,
    /// The sentence it shows, or nothing.
    pub text: String,
    /// Its fields in order. ATTEMPT counts attempts, NEXT is the instant of the next one in seconds since the start.
    pub fields: Vec<(&'static str, String)>,
}

/// Everything a person sees at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    /// The screen.
    pub screen: Screen,
    /// Whether the icon of the status bar says connected (BOOT-06, REC-02).
    pub connected: bool,
    /// The file on the flash that the icon is read from; nothing where there is none, and the device has its own
    /// (ICON-01 to ICON-03).
    pub icon: Option<Arc<[u8]>>,
}

impl Screen {
    /// A screen without text or fields.
    #[must_use]
    pub fn plain(name: ScreenName) -> Self {
        Self { name, text: String::new(), fields: Vec::new() }
    }

    /// The same screen with this sentence.
    #[must_use]
    pub fn saying(mut self, text: String) -> Self {
        self.text = text;
        self
    }

    /// The same screen with one more field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.fields.push((name, value));
        self
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    }
}

/// An instant since the start, as a screen's field shows it: seconds with three decimals.
pub(crate) fn instant(at: Duration) -> String {
    format!("{}.{:03}", at.as_secs(), at.subsec_millis())
}
