//! Conversion of positions and paths: editors count UTF-16 units and use URLs; this crate counts characters and uses
//! paths.

use std::path::PathBuf;

use lsp_types::{Position, Range, Uri};
use percent_encoding::percent_decode_str;
use sca_model::Span;

/// The path of a `file:` URL; none for other URLs.
pub(crate) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let path = uri.as_str().strip_prefix("file://")?;
    let path = path.strip_prefix("localhost").unwrap_or(path);
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    // On Windows, a drive follows the first slash.
    let drive = decoded.strip_prefix('/').filter(|rest| rest.as_bytes().get(1) == Some(&b':'));
    Some(PathBuf::from(drive.unwrap_or(&decoded)))
}

/// The range of a span, in UTF-16 units.
pub(crate) fn range_of(text: &str, span: Span) -> Range {
    let number = span.line.saturating_sub(1);
    let line = text.lines().nth(number as usize).unwrap_or_default();
    let units = |chars: u32| -> u32 {
        let before = line.chars().take(chars as usize);
        before.map(|c| u32::try_from(c.len_utf16()).unwrap_or(1)).sum()
    };
    let from = span.column.saturating_sub(1);
    let (start, end) = (units(from), units(from.saturating_add(span.length)));
    Range { start: Position::new(number, start), end: Position::new(number, end.max(start + 1)) }
}

/// The number of characters of a line before a position.
pub(crate) fn chars_before(line: &str, position: Position) -> usize {
    let mut units = 0;
    for (at, c) in line.chars().enumerate() {
        if units >= position.character {
            return at;
        }
        units += u32::try_from(c.len_utf16()).unwrap_or(1);
    }
    line.chars().count()
}

#[cfg(test)]
mod tests {
    use super::{chars_before, path_of, range_of};
    use lsp_types::{Position, Uri};
    use sca_model::Span;
    use std::path::Path;
    use std::str::FromStr;

    #[test]
    fn positions_count_in_units_of_utf16() {
        let text = "screen \"😀\"  as x\n";
        let range = range_of(text, Span { file: 0, line: 1, column: 13, length: 2 });
        assert_eq!((range.start, range.end), (Position::new(0, 13), Position::new(0, 15)));
        assert_eq!(chars_before("a😀b", Position::new(0, 3)), 2);
    }

    #[test]
    fn urls_name_paths() {
        let uri = Uri::from_str("file:///a%20b/%C3%BC%231.sca").expect("the url can be read");
        assert_eq!(path_of(&uri).as_deref(), Some(Path::new("/a b/ü#1.sca")));
        let drive = Uri::from_str("file:///c:/x.sca").expect("the url can be read");
        assert_eq!(path_of(&drive).as_deref(), Some(Path::new("c:/x.sca")));
        assert_eq!(path_of(&Uri::from_str("untitled:1").expect("the url can be read")), None);
    }
}
