//! The one font of the display, in all its sizes.

use u8g2_fonts::{FontRenderer, fonts};

macro_rules! sizes {
    ($(($height:literal, $font:ident)),* $(,)?) => {
        &[$(($height, FontRenderer::new::<fonts::$font>().with_ignore_unknown_chars(true))),*]
    };
}

/// The sizes of the font, each with the height of its capitals.
const SIZES: &[(i32, FontRenderer)] = sizes![
    (16, u8g2_font_logisoso16_tf),
    (18, u8g2_font_logisoso18_tf),
    (20, u8g2_font_logisoso20_tf),
    (22, u8g2_font_logisoso22_tf),
    (24, u8g2_font_logisoso24_tf),
    (26, u8g2_font_logisoso26_tf),
    (28, u8g2_font_logisoso28_tf),
    (30, u8g2_font_logisoso30_tf),
    (32, u8g2_font_logisoso32_tf),
    (34, u8g2_font_logisoso34_tf),
    (38, u8g2_font_logisoso38_tf),
    (42, u8g2_font_logisoso42_tf),
    (46, u8g2_font_logisoso46_tf),
    (50, u8g2_font_logisoso50_tf),
    (54, u8g2_font_logisoso54_tf),
    (58, u8g2_font_logisoso58_tf),
];

/// Larger sizes, which have digits and few other characters.
const NUMERALS: &[(i32, FontRenderer)] =
    sizes![(62, u8g2_font_logisoso62_tn), (78, u8g2_font_logisoso78_tn), (92, u8g2_font_logisoso92_tn)];

/// The largest font for numbers that is at most this high; a text font if every number font is higher.
pub(crate) fn of_numerals(height: i32) -> &'static FontRenderer {
    let fitting = NUMERALS.iter().rev().find(|(size, _)| *size <= height);
    fitting.map_or_else(|| of(height), |(_, font)| font)
}

/// The largest text font whose capitals are at most this high; the smallest one if all are higher.
pub(crate) fn of(height: i32) -> &'static FontRenderer {
    let fitting = SIZES.iter().rev().find(|(size, _)| *size <= height);
    &fitting.unwrap_or(&SIZES[0]).1
}
