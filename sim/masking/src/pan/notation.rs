//! The notations of a digit and of a separator between digits: any script, and the escapes of XML, JSON, URLs and
//! mails.

/// The class of the character at a position in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CharacterClass {
    /// A digit, as ASCII, and its length in bytes.
    Digit(u8, usize),
    /// A possible separator between two digits of a number, and its length in bytes.
    Gap(usize),
    /// Anything else, and its length in bytes.
    Other(usize),
}

/// The digit zero of each script in which the other nine digits follow it.
const ZEROS: &[u32] = &[
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1b50, 0xa620, 0xa8d0, 0xff10, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec,
    0x1d7f6,
];

/// Digits outside of any script's ten: superscripts, subscripts, and numbers in circles.
const SCATTERED: &[(u32, &str)] = &[
    (0, "⁰₀⓪⓿"),
    (1, "¹₁①❶➀➊⓵"),
    (2, "²₂②❷➁➋⓶"),
    (3, "³₃③❸➂➌⓷"),
    (4, "⁴₄④❹➃➍⓸"),
    (5, "⁵₅⑤❺➄➎⓹"),
    (6, "⁶₆⑥❻➅➏⓺"),
    (7, "⁷₇⑦❼➆➐⓻"),
    (8, "⁸₈⑧❽➇➑⓼"),
    (9, "⁹₉⑨❾➈➒⓽"),
];

/// The longest escape that is read, in bytes.
const LONGEST: usize = 24;

/// Classifies the character at the start of these bytes. `after_mail` says that the digit before it was
/// quoted-printable.
pub(super) fn sign(rest: &[u8], after_mail: bool) -> CharacterClass {
    let Some(first) = rest.first() else { return CharacterClass::Other(1) };
    match first {
        b'0'..=b'9' => CharacterClass::Digit(*first, 1),
        b'&' => escape(rest, reference),
        b'%' => escape(rest, percent),
        b'\\' => escape(rest, backslash),
        // A track has `=` between number and date. In a mail, the next or the previous digit is quoted-printable too.
        b'=' => match quoted_printable(rest) {
            Some(digit) if after_mail || quoted_printable(&rest[3..]).is_some() => CharacterClass::Digit(digit, 3),
            _ => CharacterClass::Gap(1),
        },
        b'<' | b'>' => CharacterClass::Other(1),
        0..0x80 => {
            if first.is_ascii_alphanumeric() {
                CharacterClass::Other(1)
            } else {
                CharacterClass::Gap(1)
            }
        }
        _ => {
            let Some(c) = character(rest) else { return CharacterClass::Other(1) };
            of(c, c.len_utf8())
        }
    }
}

/// Classifies a character that takes this many bytes.
fn of(c: char, length: usize) -> CharacterClass {
    let code = u32::from(c);
    let in_order = || ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|digit| *digit < 10));
    let scattered = || SCATTERED.iter().find(|(_, signs)| signs.contains(c)).map(|(digit, _)| *digit);
    let digit = in_order().or_else(|| if code < 0x80 { None } else { scattered() });
    match digit.and_then(|digit| u8::try_from(digit).ok()) {
        Some(digit) => CharacterClass::Digit(b'0' + digit, length),
        None if c.is_alphanumeric() || matches!(c, '<' | '>') => CharacterClass::Other(length),
        None => CharacterClass::Gap(length),
    }
}

/// The UTF-8 character at the start of these bytes.
fn character(rest: &[u8]) -> Option<char> {
    let few = &rest[..rest.len().min(4)];
    let valid = match std::str::from_utf8(few) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&few[..error.valid_up_to()]).ok()?,
    };
    valid.chars().next()
}

/// Classifies an escaped character; a sign that begins no escape is a separator.
fn escape(rest: &[u8], read: fn(&[u8]) -> Option<(char, usize)>) -> CharacterClass {
    read(rest).map_or(CharacterClass::Gap(1), |(c, length)| of(c, length))
}

/// An XML character reference, with leading zeros allowed.
fn reference(rest: &[u8]) -> Option<(char, usize)> {
    if rest.starts_with(b"&nbsp;") {
        return Some(('\u{a0}', 6));
    }
    let end = rest.iter().take(LONGEST).position(|b| *b == b';')?;
    let number = std::str::from_utf8(rest[..end].strip_prefix(b"&#")?).ok()?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    Some((char::from_u32(code)?, end + 1))
}

/// Percent-encoded UTF-8, encoded once or twice.
fn percent(rest: &[u8]) -> Option<(char, usize)> {
    let mut bytes = [0; 4];
    let (mut count, mut at) = (0, 0);
    while count < 4 && rest.get(at) == Some(&b'%') {
        let twice = rest[at..].starts_with(b"%25");
        let from = at + if twice { 3 } else { 1 };
        let Some(byte) = rest.get(from..from + 2).and_then(hex) else { break };
        (bytes[count], count, at) = (byte, count + 1, from + 2);
        if let Ok(text) = std::str::from_utf8(&bytes[..count]) {
            return text.chars().next().map(|c| (c, at));
        }
    }
    None
}

/// A backslash escape of JSON or a programming language.
fn backslash(rest: &[u8]) -> Option<(char, usize)> {
    let code = |from: usize, length: usize| {
        let digits = std::str::from_utf8(rest.get(from..from + length)?).ok()?;
        Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, from + length))
    };
    match rest.get(1)? {
        b'u' => code(2, 4),
        b'x' => code(2, 2),
        b'n' | b'r' | b't' => Some((' ', 2)),
        _ => None,
    }
}

/// A digit in quoted-printable, as in mails.
fn quoted_printable(rest: &[u8]) -> Option<u8> {
    let digit = *rest.strip_prefix(b"=3")?.first()?;
    digit.is_ascii_digit().then_some(digit)
}

fn hex(two: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok()
}
