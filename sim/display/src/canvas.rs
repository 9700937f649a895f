//! A framebuffer that is drawn at twice its size and averaged on output, so that edges and text are smooth.

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, Point, RgbColor, Size};
use embedded_graphics::primitives::{
    Arc, Circle, CornerRadii, Line, Primitive, PrimitiveStyle, PrimitiveStyleBuilder, Rectangle, RoundedRectangle,
};
use embedded_graphics::{Drawable, Pixel};
use u8g2_fonts::types::{FontColor, HorizontalAlignment, VerticalPosition};

use crate::font_sizes;
use crate::picture::Picture;

/// Drawn pixels per display pixel, along one side.
const SCALE: u32 = 2;

/// The most characters that are laid out per line.
const LINE_MAX: usize = 160;

/// Horizontal alignment of a line of text to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

/// The image of a display while it is being drawn. All lengths are in display pixels.
pub(crate) struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<Rgb888>,
}

impl Canvas {
    pub(crate) fn new(width: u32, height: u32, ground: Rgb888) -> Self {
        let count = (width * SCALE * height * SCALE) as usize;
        Self { width, height, pixels: vec![ground; count] }
    }

    pub(crate) fn width(&self) -> i32 {
        self.width.cast_signed()
    }

    pub(crate) fn height(&self) -> i32 {
        self.height.cast_signed()
    }

    fn point(x: i32, y: i32) -> Point {
        Point::new(x * SCALE.cast_signed(), y * SCALE.cast_signed())
    }

    fn size(width: i32, height: i32) -> Size {
        Size::new(width.max(0).cast_unsigned() * SCALE, height.max(0).cast_unsigned() * SCALE)
    }

    fn draw(&mut self, what: &impl Drawable<Color = Rgb888>) {
        // Drawing into memory cannot fail.
        let Ok(_) = what.draw(self);
    }

    /// A filled box with round corners.
    pub(crate) fn fill(&mut self, (x, y): (i32, i32), (width, height): (i32, i32), radius: i32, colour: Rgb888) {
        let area = Rectangle::new(Self::point(x, y), Self::size(width, height));
        let corners = CornerRadii::new(Self::size(radius, radius));
        self.draw(&RoundedRectangle::new(area, corners).into_styled(PrimitiveStyle::with_fill(colour)));
    }

    /// The outline of a box with round corners.
    pub(crate) fn outline(&mut self, (x, y): (i32, i32), (width, height): (i32, i32), radius: i32, colour: Rgb888) {
        let area = Rectangle::new(Self::point(x, y), Self::size(width, height));
        let corners = CornerRadii::new(Self::size(radius, radius));
        let style = PrimitiveStyleBuilder::new().stroke_color(colour).stroke_width(2 * SCALE).build();
        self.draw(&RoundedRectangle::new(area, corners).into_styled(style));
    }

    /// A filled circle.
    pub(crate) fn disc(&mut self, (x, y): (i32, i32), radius: i32, colour: Rgb888) {
        let circle = Circle::with_center(Self::point(x, y), 2 * radius.max(0).cast_unsigned() * SCALE);
        self.draw(&circle.into_styled(PrimitiveStyle::with_fill(colour)));
    }

    /// An arc of a circle, in degrees clockwise from the right.
    pub(crate) fn arc(&mut self, (x, y): (i32, i32), radius: i32, (from, sweep): (f32, f32), stroke: (i32, Rgb888)) {
        use embedded_graphics::geometry::AngleUnit;
        let diameter = 2 * radius.max(0).cast_unsigned() * SCALE;
        let arc = Arc::with_center(Self::point(x, y), diameter, from.deg(), sweep.deg());
        self.draw(&arc.into_styled(Self::stroke(stroke)));
    }

    /// A line.
    pub(crate) fn line(&mut self, (x, y): (i32, i32), (to_x, to_y): (i32, i32), stroke: (i32, Rgb888)) {
        let line = Line::new(Self::point(x, y), Self::point(to_x, to_y));
        self.draw(&line.into_styled(Self::stroke(stroke)));
        // Round ends, so that lines that meet have no notch.
        if stroke.0 > 2 {
            self.disc((x, y), stroke.0 / 2, stroke.1);
            self.disc((to_x, to_y), stroke.0 / 2, stroke.1);
        }
    }

    fn stroke((width, colour): (i32, Rgb888)) -> PrimitiveStyle<Rgb888> {
        PrimitiveStyle::with_stroke(colour, width.max(1).cast_unsigned() * SCALE)
    }

    /// Draws a line of text on the baseline `y`, with capitals about `size` high.
    pub(crate) fn text(&mut self, text: &str, (x, y): (i32, i32), size: i32, align: Align, colour: Rgb888) {
        let height = size * SCALE.cast_signed();
        let is_number = text.chars().all(|c| c.is_ascii_digit() || ".,-:".contains(c));
        let font = if is_number { font_sizes::of_numerals(height) } else { font_sizes::of(height) };
        let align = match align {
            Align::Left => HorizontalAlignment::Left,
            Align::Centre => HorizontalAlignment::Center,
            Align::Right => HorizontalAlignment::Right,
        };
        let at = Self::point(x, y);
        // A character that the font lacks is left out.
        drop(font.render_aligned(text, at, VerticalPosition::Baseline, align, FontColor::Transparent(colour), self));
    }

    /// The width of a line of text.
    pub(crate) fn width_of(text: &str, size: i32) -> i32 {
        let font = font_sizes::of(size * SCALE.cast_signed());
        let dimensions = font.get_rendered_dimensions(text, Point::zero(), VerticalPosition::Baseline);
        dimensions.map_or(0, |d| d.advance.x / SCALE.cast_signed())
    }

    /// Wraps a text into at most `lines_max` lines no wider than `width`; the last one ends in `...` if text was left
    /// out.
    pub(crate) fn wrapped(text: &str, size: i32, width: i32, lines_max: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let text: String = text.chars().take(LINE_MAX * lines_max).collect();
        for part in text.split('\n') {
            let mut line = String::new();
            for word in part.split_whitespace() {
                let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
                if Self::width_of(&longer, size) <= width || line.is_empty() {
                    line = longer;
                } else {
                    lines.push(std::mem::replace(&mut line, word.to_owned()));
                }
                if lines.len() > lines_max {
                    break;
                }
            }
            lines.push(line);
        }
        if lines.len() > lines_max {
            lines.truncate(lines_max);
            if let Some(last) = lines.last_mut() {
                last.push_str("...");
            }
        }
        lines.iter().map(|line| Self::clipped(line, size, width)).collect()
    }

    /// A line of text, cut to fit a width.
    pub(crate) fn clipped(line: &str, size: i32, width: i32) -> String {
        let mut line: String = line.chars().take(LINE_MAX).collect();
        while Self::width_of(&line, size) > width && line.pop().is_some() {}
        line
    }

    /// Draws a picture at its own size over what is already there, cropped to `side_max` pixels per side.
    pub(crate) fn picture(&mut self, picture: &Picture, (x, y): (i32, i32), side_max: u32) {
        let (width, height) = (picture.width.min(side_max), picture.height.min(side_max));
        for row in 0..height {
            for column in 0..width {
                let at = ((row * picture.width + column) * 4) as usize;
                let Some(&[r, g, b, a]) = picture.pixels.get(at..at + 4).and_then(|p| p.first_chunk()) else { return };
                let (px, py) = (x + column.cast_signed(), y + row.cast_signed());
                self.blend((px, py), Rgb888::new(r, g, b), a);
            }
        }
    }

    fn blend(&mut self, (x, y): (i32, i32), colour: Rgb888, opacity: u8) {
        let (x, y) = (x * SCALE.cast_signed(), y * SCALE.cast_signed());
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            if let Some(at) = self.index(Point::new(x + dx, y + dy)) {
                let under = self.pixels[at];
                let mix = |over: u8, under: u8| {
                    let (over, under, a) = (u32::from(over), u32::from(under), u32::from(opacity));
                    u8::try_from((over * a + under * (255 - a)) / 255).unwrap_or(255)
                };
                self.pixels[at] =
                    Rgb888::new(mix(colour.r(), under.r()), mix(colour.g(), under.g()), mix(colour.b(), under.b()));
            }
        }
    }

    fn index(&self, point: Point) -> Option<usize> {
        let (x, y) = (u32::try_from(point.x).ok()?, u32::try_from(point.y).ok()?);
        (x < self.width * SCALE && y < self.height * SCALE).then_some((y * self.width * SCALE + x) as usize)
    }

    /// The finished image, in display pixels.
    pub(crate) fn shown(&self) -> Picture {
        let mut pixels = Vec::with_capacity((self.width * self.height * 4) as usize);
        for y in 0..self.height {
            for x in 0..self.width {
                let mut sum = [0_u32; 3];
                for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    let at = ((y * SCALE + dy) * self.width * SCALE + x * SCALE + dx) as usize;
                    let pixel = self.pixels[at];
                    sum = [sum[0] + u32::from(pixel.r()), sum[1] + u32::from(pixel.g()), sum[2] + u32::from(pixel.b())];
                }
                pixels.extend(sum.map(|s| u8::try_from(s / (SCALE * SCALE)).unwrap_or(255)));
                pixels.push(255);
            }
        }
        Picture { width: self.width, height: self.height, pixels }
    }
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.width * SCALE, self.height * SCALE)
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = std::convert::Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Self::Error> {
        for Pixel(point, colour) in pixels {
            if let Some(at) = self.index(point) {
                self.pixels[at] = colour;
            }
        }
        Ok(())
    }
}
