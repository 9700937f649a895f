//! Decodes the text of a file: gzip, UTF-16, and invalid characters.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

/// Maximum size in bytes of a text.
pub(crate) const TEXT_MAX: usize = 512 << 20;

/// Decodes bytes to text: decompresses gzip, converts UTF-16. Invalid characters are replaced. Also returns why the
/// text is incomplete, if it is.
///
/// # Errors
/// If they are empty, compressed in another way, cannot be decompressed at all, or exceed [`TEXT_MAX`].
pub(crate) fn decoded(bytes: Vec<u8>) -> io::Result<(String, Option<String>)> {
    let wrong = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidData, what.to_owned()));
    let packed_otherwise: [&[u8]; 4] = [b"PK\x03\x04", b"\xfd7z", b"\x28\xb5\x2f\xfd", b"BZh"];
    if bytes.is_empty() {
        return wrong("it is empty");
    }
    if packed_otherwise.iter().any(|magic| bytes.starts_with(magic)) {
        return wrong("unsupported compression (only gzip); decompress it first");
    }
    let (bytes, damage) = if bytes.starts_with(&[0x1f, 0x8b]) { unpacked(&bytes)? } else { (bytes, None) };
    let text = match utf_16(&bytes) {
        Some(units) => char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
        None => String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    };
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    // Remove terminal colours.
    Ok((if text.contains('\u{1b}') { sca_import::without_escapes(&text) } else { text }, damage))
}

fn unpacked(bytes: &[u8]) -> io::Result<(Vec<u8>, Option<String>)> {
    let mut out = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(TEXT_MAX as u64 + 1).read_to_end(&mut out);
    match read {
        _ if out.len() > TEXT_MAX => Err(too_long()),
        Ok(_) => Ok((out, None)),
        Err(error) if out.is_empty() => Err(error),
        Err(error) => Ok((out, Some(format!("it cannot be decompressed from here on ({error})")))),
    }
}

/// The error for a text larger than [`TEXT_MAX`].
pub(crate) fn too_long() -> io::Error {
    let what = format!("it has more than {} MiB; split it where no request is open", TEXT_MAX >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, what)
}

/// The UTF-16 code units, if the bytes are UTF-16: by a byte order mark, or by the zero bytes of ASCII letters.
fn utf_16(bytes: &[u8]) -> Option<Vec<u16>> {
    let is_little = match bytes {
        [0xff, 0xfe, ..] => true,
        [0xfe, 0xff, ..] => false,
        _ => {
            let pairs = bytes.chunks_exact(2).take(64);
            let count = pairs.len();
            let zeros = |place: usize| pairs.clone().filter(|pair| pair[place] == 0 && pair[1 - place] != 0).count();
            let (low, high) = (zeros(1), zeros(0));
            if count < 8 || low.max(high) * 4 < count * 3 {
                return None;
            }
            low > high
        }
    };
    let unit = move |pair: &[u8]| {
        let pair = [pair[0], pair[1]];
        if is_little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
    };
    Some(bytes.chunks_exact(2).map(unit).collect())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_text_is_the_same_in_every_dress() {
        let text = "10:00:00 <TRANSACTION><A>Grüße</A></TRANSACTION>\n";
        let units = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).expect("memory takes it");
        let packed = packed.finish().expect("memory takes it");
        for bytes in [
            text.as_bytes().to_vec(),
            [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(),
            [vec![0xff, 0xfe], units(u16::to_le_bytes)].concat(),
            [vec![0xfe, 0xff], units(u16::to_be_bytes)].concat(),
            units(u16::to_le_bytes),
            units(u16::to_be_bytes),
            packed.clone(),
        ] {
            assert_eq!(decoded(bytes).expect("it is text"), (text.to_owned(), None));
        }
        let twice = decoded([packed.clone(), packed.clone()].concat()).expect("it is text");
        assert_eq!(twice, (text.repeat(2), None));
        let (whole, damage) = decoded(packed[..packed.len() - 4].to_vec()).expect("its text is whole");
        assert!(whole == text && damage.is_some());
        for bytes in [vec![], b"PK\x03\x04xxxx".to_vec(), packed[..12].to_vec()] {
            assert!(decoded(bytes).is_err());
        }
    }
}
