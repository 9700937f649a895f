//! The devices: those the source lists for WebSocket, with what their displays are (DEV-01).

/// One model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// Pixels across, of what the application draws on.
    pub width: u32,
    /// Pixels down, the status bar included.
    pub height: u32,
    /// Whether its display can be touched; otherwise it has keys beside the digits.
    pub touch: bool,
}

const fn model(name: &'static str, width: u32, height: u32, touch: bool) -> Model {
    Model { name, width, height, touch }
}

/// The models of the source. Sizes: Media File Specifications, idle area with the bar off.
pub const MODELS: &[Model] = &[
    model("e280", 320, 480, true),
    model("e285", 240, 320, false),
    model("M400", 854, 480, true),
    model("M440", 976, 587, true),
    model("P200", 240, 320, false),
    model("P400", 320, 480, true),
    model("V200", 240, 320, false),
    model("V400c", 320, 480, true),
    model("V400m", 320, 480, true),
];

/// Pixels of the status bar.
pub const BAR_HEIGHT: u32 = 20;

impl Model {
    /// The model of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        MODELS.iter().find(|model| model.name == name)
    }
}
