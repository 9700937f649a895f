//! The display of a terminal as pixels: the screen, and the status bar with the link icon.
//!
//! It draws what it is given and decides nothing: the same input for the same model gives the same pixels.

mod canvas;
mod font_sizes;
mod icons;
mod picture;
mod prompts;
mod screens;
mod theme;

use std::time::Duration;

use sca_core::Display;
use sca_protocol::models::{BAR_HEIGHT, Model};
use sca_protocol::screens::ScreenName;

use canvas::{Align, Canvas};
pub use picture::{Picture, PictureError, is_picture};
pub use png::EncodingError;
use screens::ScreenPainter;

/// Draws what a terminal of this model displays. `now` is the time since the start, used for countdowns.
///
/// ```
/// use sca_protocol::models::Model;
/// use sca_protocol::screens::ScreenName;
/// use sca_core::{Display, Screen};
///
/// let face = Display { screen: Screen::plain(ScreenName::Idle), connected: true, icon: None };
/// let model = Model::find("M400").expect("the source lists it");
/// let shown = sca_display::draw(&face, model, std::time::Duration::ZERO);
/// assert_eq!((shown.width, shown.height), (854, 480));
/// ```
#[must_use]
pub fn draw(face: &Display, model: &Model, now: Duration) -> Picture {
    let mut canvas = Canvas::new(model.width, model.height, theme::BLACK);
    if face.screen.name == ScreenName::Off {
        return canvas.shown();
    }
    let top = BAR_HEIGHT.cast_signed();
    bar(&mut canvas, face, model);
    ScreenPainter { canvas: &mut canvas, screen: &face.screen, model, top, now }.draw();
    canvas.shown()
}

/// The status bar: the model on the left, the link icon on the right.
fn bar(canvas: &mut Canvas, face: &Display, model: &Model) {
    let (width, height) = (canvas.width(), BAR_HEIGHT.cast_signed());
    canvas.fill((0, 0), (width, height), 0, theme::BLACK);
    canvas.text(&format!("SCA {}", model.name), (8, 14), 8, Align::Left, theme::NIGHT_FAINT);
    let at = (width - 26, 2);
    match face.icon.as_deref().and_then(|bytes| Picture::read(bytes).ok()) {
        Some(icon) => canvas.picture(&icon, at, BAR_HEIGHT - 4),
        None => icons::link(canvas, at, face.connected),
    }
}
