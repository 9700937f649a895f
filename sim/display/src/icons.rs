//! The drawn signs of a display: the two link icons of the status bar, and the icons of the screens.

use embedded_graphics::pixelcolor::Rgb888;

use crate::canvas::Canvas;
use crate::theme;

/// The device's own link icon in a box of 16 pixels: radio waves when connected, crossed-out waves otherwise.
pub(crate) fn link(canvas: &mut Canvas, (x, y): (i32, i32), connected: bool) {
    let colour = if connected { Rgb888::new(0x4C, 0xD9, 0x8A) } else { Rgb888::new(0xFF, 0x8A, 0x80) };
    let stroke = (2, colour);
    if connected {
        for (radius, sweep) in [(3, 90.0), (6, 90.0), (9, 90.0)] {
            canvas.arc((x + 8, y + 12), radius, (225.0, sweep), stroke);
        }
        canvas.disc((x + 8, y + 13), 2, colour);
    } else {
        for (radius, sweep) in [(6, 90.0), (9, 90.0)] {
            canvas.arc((x + 8, y + 12), radius, (225.0, sweep), (2, theme::NIGHT_FAINT));
        }
        canvas.line((x + 2, y + 2), (x + 14, y + 14), stroke);
        canvas.line((x + 14, y + 2), (x + 2, y + 14), stroke);
    }
}

/// A tick mark in a disc.
pub(crate) fn tick(canvas: &mut Canvas, (x, y): (i32, i32), radius: i32, disc: Rgb888, sign: Rgb888) {
    canvas.disc((x, y), radius, disc);
    let stroke = ((radius / 6).max(3), sign);
    canvas.line((x - radius * 45 / 100, y + radius * 2 / 100), (x - radius * 12 / 100, y + radius * 35 / 100), stroke);
    canvas.line((x - radius * 12 / 100, y + radius * 35 / 100), (x + radius * 48 / 100, y - radius * 34 / 100), stroke);
}

/// A cross in a disc.
pub(crate) fn cross(canvas: &mut Canvas, (x, y): (i32, i32), radius: i32, disc: Rgb888, sign: Rgb888) {
    canvas.disc((x, y), radius, disc);
    let (arm, stroke) = (radius * 38 / 100, ((radius / 6).max(3), sign));
    canvas.line((x - arm, y - arm), (x + arm, y + arm), stroke);
    canvas.line((x - arm, y + arm), (x + arm, y - arm), stroke);
}

/// An exclamation mark in a disc.
pub(crate) fn alert(canvas: &mut Canvas, (x, y): (i32, i32), radius: i32, disc: Rgb888, sign: Rgb888) {
    canvas.disc((x, y), radius, disc);
    let stroke = ((radius / 5).max(3), sign);
    canvas.line((x, y - radius / 2), (x, y + radius / 10), stroke);
    canvas.disc((x, y + radius * 45 / 100), (radius / 8).max(2), sign);
}

/// A busy indicator: a ring with a highlighted arc.
pub(crate) fn busy(canvas: &mut Canvas, at: (i32, i32), radius: i32, track: Rgb888, sign: Rgb888) {
    let width = (radius / 5).max(3);
    canvas.arc(at, radius, (0.0, 360.0), (width, track));
    canvas.arc(at, radius, (-90.0, 110.0), (width, sign));
}

/// The movement of a card at the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardMovement {
    Tap,
    Insert,
    Swipe,
    Remove,
}

/// A card of this width, with a sign for its movement.
pub(crate) fn card(canvas: &mut Canvas, (x, y): (i32, i32), width: i32, way: CardMovement) {
    let (w, h) = (width, width * 62 / 100);
    let (cx, cy) = (x + w / 2, y + h / 2);
    canvas.fill((x, y), (w, h), w / 12, theme::ACCENT);
    let light = theme::PAPER;
    let stroke = ((w / 24).max(2), light);
    match way {
        CardMovement::Tap => {
            for step in 1..=3 {
                canvas.arc((cx - w / 8, cy), w * step / 14, (-45.0, 90.0), stroke);
            }
        }
        CardMovement::Insert | CardMovement::Remove => {
            canvas.fill((x + w / 8, cy - h / 8), (w / 5, h / 4), w / 40, light);
            let (from, to) =
                if way == CardMovement::Insert { (cy - h / 4, cy + h / 4) } else { (cy + h / 4, cy - h / 4) };
            let ax = x + w * 68 / 100;
            canvas.line((ax, from), (ax, to), stroke);
            let back = if to > from { -h / 7 } else { h / 7 };
            canvas.line((ax - w / 10, to + back), (ax, to), stroke);
            canvas.line((ax + w / 10, to + back), (ax, to), stroke);
        }
        CardMovement::Swipe => {
            canvas.fill((x, y + h / 6), (w, h / 5), 0, theme::NIGHT);
            let ay = y + h * 70 / 100;
            canvas.line((x + w / 4, ay), (x + w * 3 / 4, ay), stroke);
            canvas.line((x + w * 3 / 4 - w / 10, ay - h / 8), (x + w * 3 / 4, ay), stroke);
            canvas.line((x + w * 3 / 4 - w / 10, ay + h / 8), (x + w * 3 / 4, ay), stroke);
        }
    }
}
