//! The display of a terminal as structured data: one named screen with its fields, and the icon of the status bar.

use std::borrow::Cow;
use std::sync::Arc;

use sca_protocol::screens::ScreenName;

/// A screen with its text and fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// The name of the screen.
    pub name: ScreenName,
    /// The sentence it shows; may be empty.
    pub text: String,
    /// Its fields in order. ATTEMPT counts attempts; NEXT is the time of the next attempt, in seconds since the start.
    pub fields: Vec<(Cow<'static, str>, String)>,
}

/// The whole display: screen and status bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Display {
    /// The screen.
    pub screen: Screen,
    /// Whether the status bar shows the icon for connected (BOOT-06, REC-02).
    pub connected: bool,
    /// The icon's file on the flash; `None` if it does not exist, and the device shows its built-in icon (ICON-01 to
    /// ICON-03).
    pub icon: Option<Arc<[u8]>>,
}

impl Screen {
    /// A screen without text or fields.
    #[must_use]
    pub fn plain(name: ScreenName) -> Self {
        Self { name, text: String::new(), fields: Vec::new() }
    }

    /// The same screen with this text.
    #[must_use]
    pub fn saying(mut self, text: String) -> Self {
        self.text = text;
        self
    }

    /// The same screen with one more field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.fields.push((Cow::Borrowed(name), value));
        self
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    }
}
