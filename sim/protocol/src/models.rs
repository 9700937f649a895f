//! The device models that the source lists for WebSocket, with the properties of their displays (DEV-01).

/// A device model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// Width of the area that the application draws on, in pixels.
    pub width: u32,
    /// Height of that area in pixels, including the status bar.
    pub height: u32,
    /// Whether it has a touch screen; otherwise it has keys beside the digits.
    pub touch: bool,
}

const fn model(name: &'static str, width: u32, height: u32, touch: bool) -> Model {
    Model { name, width, height, touch }
}

/// The models of the source. Sizes are those of the idle area with the bar off, from Media File Specifications.
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

/// Height of the status bar in pixels.
pub const BAR_HEIGHT: u32 = 20;

impl Model {
    /// The model with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        MODELS.iter().find(|model| model.name == name)
    }
}
