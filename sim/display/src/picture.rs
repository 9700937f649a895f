//! PNG pictures, read and written, with a size limit.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Encoder, Transformations};

/// A picture: rows of RGBA pixels, from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Four bytes per pixel: red, green, blue, opacity.
    pub pixels: Vec<u8>,
}

/// Why a file is not a picture that a device can show.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// It is not a PNG.
    #[error("not a PNG: {0}")]
    Png(#[from] png::DecodingError),
    /// It is larger than 2,048 pixels on a side.
    #[error("{0} by {1} pixels, at most {SIDE_MAX} by {SIDE_MAX} are allowed")]
    TooLarge(u32, u32),
}

/// The longest accepted side of a picture, in pixels.
const SIDE_MAX: u32 = 2_048;

impl Picture {
    /// Reads a PNG.
    ///
    /// # Errors
    /// [`PictureError`], if it is not a PNG or is too large.
    pub fn read(bytes: &[u8]) -> Result<Self, PictureError> {
        let mut decoder = Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(Transformations::normalize_to_color8() | Transformations::ALPHA);
        let mut reader = decoder.read_info()?;
        let (width, height) = (reader.info().width, reader.info().height);
        if width > SIDE_MAX || height > SIDE_MAX {
            return Err(PictureError::TooLarge(width, height));
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

    /// Encodes the picture as a PNG.
    ///
    /// # Errors
    /// The error of the encoder.
    pub fn to_png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(ColorType::Rgba);
        encoder.set_depth(BitDepth::Eight);
        encoder.write_header()?.write_image_data(&self.pixels)?;
        Ok(bytes)
    }
}

/// Whether a file is a picture that a device can show.
#[must_use]
pub fn is_picture(bytes: &[u8]) -> bool {
    Picture::read(bytes).is_ok()
}
