//! The colours of the display. Text and its background have a contrast of at least 4.5 to 1.

use embedded_graphics::pixelcolor::Rgb888;

pub(crate) const GROUND: Rgb888 = Rgb888::new(0xF5, 0xF7, 0xFA);
pub(crate) const PAPER: Rgb888 = Rgb888::new(0xFF, 0xFF, 0xFF);
pub(crate) const INK: Rgb888 = Rgb888::new(0x12, 0x1B, 0x2A);
pub(crate) const FAINT: Rgb888 = Rgb888::new(0x51, 0x5E, 0x70);
pub(crate) const RULE: Rgb888 = Rgb888::new(0xD3, 0xDA, 0xE3);
pub(crate) const NIGHT: Rgb888 = Rgb888::new(0x0E, 0x16, 0x24);
pub(crate) const NIGHT_INK: Rgb888 = Rgb888::new(0xEE, 0xF2, 0xF8);
pub(crate) const NIGHT_FAINT: Rgb888 = Rgb888::new(0x9F, 0xAE, 0xC3);
pub(crate) const ACCENT: Rgb888 = Rgb888::new(0x14, 0x5D, 0xC4);
pub(crate) const GOOD: Rgb888 = Rgb888::new(0x12, 0x7A, 0x47);
pub(crate) const BAD: Rgb888 = Rgb888::new(0xB4, 0x23, 0x1F);
pub(crate) const WARN: Rgb888 = Rgb888::new(0x9A, 0x5B, 0x00);
pub(crate) const BLACK: Rgb888 = Rgb888::new(0, 0, 0);

/// Parses a colour of six hexadecimal digits.
pub(crate) fn read(text: &str) -> Option<Rgb888> {
    let part = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    Some(Rgb888::new(part(0)?, part(2)?, part(4)?))
}
