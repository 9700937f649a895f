//! Pictures as files: PNG in and out, bounded.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Encoder, Transformations};

/// Pixels in rows from the top, each red, green, blue and how opaque it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Four bytes for each pixel.
    pub pixels: Vec<u8>,
}

/// Why a file is no picture that a device shows.
#[derive(Debug, thiserror::Error)]
pub enum NotAPicture {
    /// It is no PNG.
    #[error("no PNG: {0}")]
    Png(#[from] png::DecodingError),
    /// It is too large.
    #[error("{0} by {1} pixels, {SIDE_MAX} by {SIDE_MAX} are allowed")]
    TooLarge(u32, u32),
}

/// The longest side of a picture that is looked at.
const SIDE_MAX: u32 = 2_048;

impl Picture {
    /// Reads a PNG.
    ///
    /// # Errors
    /// [`NotAPicture`] says what it is instead.
    pub fn read(bytes: &[u8]) -> Result<Self, NotAPicture> {
        let mut decoder = Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(Transformations::normalize_to_color8() | Transformations::ALPHA);
        let mut reader = decoder.read_info()?;
        let (width, height) = (reader.info().width, reader.info().height);
        if width > SIDE_MAX || height > SIDE_MAX {
            return Err(NotAPicture::TooLarge(width, height));
        }
        let mut bytes = vec![0; reader.output_buffer_size().unwrap_or(0)];
        let frame = reader.next_frame(&mut bytes)?;
        bytes.truncate(frame.buffer_size());
        let pixels = match frame.color_type {
            ColorType::GrayscaleAlpha => bytes.chunks_exact(2).flat_map(|p| [p[0], p[0], p[0], p[1]]).collect(),
            _ => bytes,
        };
        Ok(Self { width, height, pixels })
    }

    /// The picture as a PNG.
    ///
    /// # Errors
    /// What the encoder says.
    pub fn to_png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(ColorType::Rgba);
        encoder.set_depth(BitDepth::Eight);
        encoder.write_header()?.write_image_data(&self.pixels)?;
        Ok(bytes)
    }
}

/// Whether a file is a picture that a device shows.
#[must_use]
pub fn is_picture(bytes: &[u8]) -> bool {
    Picture::read(bytes).is_ok()
}
