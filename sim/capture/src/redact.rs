//! Redacts card data before anything is stored: by element name, and by pattern everywhere except in reference fields.
//!
//! It accepts any text, well-formed or not, and changes nothing but the redacted parts.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use regex::Regex;
use sca_masking::pan::{self, Found};
use sca_masking::secret::{self, Kind};
use sca_protocol::cards::CARDS;

use crate::fields::{self, REFERENCE, VARYING};

/// Maximum nesting depth of elements that are told apart; deeper ones count as part of the last.
const DEPTH_MAX: usize = 64;

/// Redacts card data in a text: each card number is replaced by the name of a test card of the same brand.
///
/// ```
/// use sca_capture::redacted;
///
/// let text = redacted("<TRANSACTION><ACCT_NUM>5555 5555 5555 4444</ACCT_NUM><CVV2>123</CVV2></TRANSACTION>");
/// assert_eq!(text, "<TRANSACTION><ACCT_NUM>mastercard</ACCT_NUM><CVV2>000</CVV2></TRANSACTION>");
/// assert_eq!(redacted("<INVOICE>4111111111111111</INVOICE>"), "<INVOICE>4111111111111111</INVOICE>");
/// ```
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    let (mut out, mut from) = (String::new(), 0);
    for Place { range, new, .. } in places(text) {
        out.push_str(&text[from..range.start]);
        out.push_str(&new);
        from = range.end;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// A part of a text that is replaced.
pub(crate) struct Place<'a> {
    /// The name of the enclosing element.
    pub(crate) name: Option<&'a str>,
    pub(crate) range: Range<usize>,
    pub(crate) new: String,
}

/// The parts of a text that are replaced, in order.
pub(crate) fn places(text: &str) -> Vec<Place<'_>> {
    let (parts, elements) = parts(text);
    let mut all = Vec::new();
    let mut at = 0;
    while at < parts.len() {
        // The texts of one element, which comments and CDATA sections may split.
        let mine = parts[at..].iter().take_while(|part| part.element == parts[at].element).count();
        let group = &parts[at..at + mine];
        at += mine;
        let name = group[0].element.map(|element| elements[element].name);
        all.extend(replaced(text, group, &elements).into_iter().map(|(range, new)| Place { name, range, new }));
    }
    all
}

/// The texts between tags, each with the name of its element.
pub(crate) fn texts(text: &str) -> Vec<(&str, Range<usize>)> {
    let (parts, elements) = parts(text);
    let texts = parts.into_iter().filter(|part| part.is_text);
    texts.filter_map(|part| Some((elements[part.element?].name, part.range))).collect()
}

/// The replacements in the texts and tags of one element.
fn replaced(text: &str, group: &[Part], elements: &[Element<'_>]) -> Vec<(Range<usize>, String)> {
    let texts = || group.iter().filter(|part| part.is_text).map(|part| &text[part.range.clone()]);
    let whole: String = texts().collect();
    // A number of an unknown issuer may be a card number, except in fields for other numbers.
    let is_open = group[0].element.is_some_and(|element| !elements[element].is_numbered);
    let find = |text: &str| if is_open { pan::find_possible(text.as_bytes()) } else { pan::find(text.as_bytes()) };
    let looks_at = |old: &str| redact_by_pattern(old, &find(old));
    let is_split = texts().count() > 1 && !find(&whole).is_empty() && texts().all(|text| find(text).is_empty());
    let secret = group[0].element.and_then(|element| elements[element].secret);
    let is_reference = group[0].element.is_some_and(|element| elements[element].is_reference);
    let mut nth = 0;
    let mut all = Vec::new();
    for part in group {
        let old = &text[part.range.clone()];
        let is_said = part.is_text && !old.trim().is_empty();
        nth += usize::from(is_said);
        let new = match (is_said, secret) {
            (true, Some(name)) => replacement_of(name, &whole, nth),
            (true, None) if is_reference && is_one_word(old) => continue,
            (true, None) if is_split => replacement_of("ACCT_NUM", &whole, nth),
            (false, _) if !part.is_text => looks_at(&without_secret_attributes(old)),
            _ => looks_at(old),
        };
        if is_said && secret.is_some() {
            // Surrounding whitespace belongs to the document.
            let begin = part.range.start + old.len() - old.trim_start().len();
            all.push((begin..part.range.start + old.trim_end().len(), new));
        } else if new != old {
            all.push((part.range.clone(), new));
        }
    }
    all
}

/// Replaces card numbers by test card names, and removes tracks, encoded card data and credentials.
fn redact_by_pattern(old: &str, found: &[Found]) -> String {
    // A track is removed as a whole: it contains more card data after the number.
    let tracks = TRACK.replace_all(old, "redacted");
    let told = match &tracks {
        Cow::Borrowed(_) => pan::replaced(old, found, |digits| named(digits).to_owned()),
        Cow::Owned(rest) => pan::replaced(rest, &pan::find(rest.as_bytes()), |digits| named(digits).to_owned()),
    };
    let told = unpacked(&told);
    let told = secret::without(&told, is_redacted_in_text);
    let told = PASSES.replace_all(&told, "$1 *");
    let told = USERS.replace_all(&told, "://*@");
    let told = NUMBERS.replace_all(&told, "$1$2*");
    ESCAPED.replace_all(&told, "$1*").into_owned()
}

/// Whether the value of a reference field is a plain reference: one word that does not look like a secret.
fn is_one_word(text: &str) -> bool {
    let mut all = text.trim().chars();
    all.all(|c| c.is_alphanumeric() || "-_./#".contains(c)) && !TRACK.is_match(text) && !PASSES.is_match(text)
}

/// Kinds of secrets that are redacted wherever their names occur in a text.
fn is_redacted_in_text(kind: Kind) -> bool {
    !matches!(kind, Kind::Number | Kind::Key | Kind::Mac | Kind::Pairing)
}

/// A card track: the number and what follows it.
static TRACK: LazyLock<Regex> =
    LazyLock::new(|| made(r"%?[Bb]?\d{12,19}\^[^\^?<]{2,26}\^[\d?]{4,}[^?<\s]*\??|;?\d{12,19}[=D]\d{4,}[\d=?]*"));
/// Credentials by their form: bearer and basic tokens, JWTs.
static PASSES: LazyLock<Regex> =
    LazyLock::new(|| made(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/-]{6,}=*|()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+"));
static USERS: LazyLock<Regex> = LazyLock::new(|| made(r"://[^/\s:@<]+:[^/\s@<]+@"));
/// PINs, security codes and passwords named in running text.
static NUMBERS: LazyLock<Regex> =
    LazyLock::new(|| made(r#"(?i)\b(pin|cvv2?|cvc2?|csc|password|passwd|pwd)(\s*[:=]\s*"?|\s+)(?:\d{3,12}\b)"#));
/// Secret elements with tags escaped as entities.
static ESCAPED: LazyLock<Regex> = LazyLock::new(|| {
    made(r"(?i)(&lt;[\w:.-]*(?:pin|cvv2?|cvc2?|csc|passw|track\d?|expiry|exp_date)[\w.-]*&gt;)[^&<]*")
});

fn made(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a built-in pattern is valid")
}

/// Redacts Base64 words that decode to a card number or a secret.
fn unpacked(text: &str) -> Cow<'_, str> {
    const SHORTEST: usize = 18;
    const KINDS: [GeneralPurpose; 2] =
        [GeneralPurpose::new(&alphabet::STANDARD, LENIENT), GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT)];
    let is_packed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_');
    let holds_card = |word: &str| {
        let bytes = KINDS.iter().find_map(|kind| kind.decode(word).ok());
        bytes.is_some_and(|bytes| {
            let is_secret = || {
                std::str::from_utf8(&bytes)
                    .is_ok_and(|text| matches!(secret::without(text, is_redacted_in_text), Cow::Owned(_)))
            };
            !pan::find(&bytes).is_empty() || is_secret()
        })
    };
    let words = text.split(|c| !is_packed(c)).filter(|word| word.len() >= SHORTEST && holds_card(word));
    let packed: Vec<&str> = words.collect();
    if packed.is_empty() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(packed.iter().fold(text.to_owned(), |text, word| text.replace(word, "redacted")))
}

/// Accepts missing padding and non-zero trailing bits.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// Redacts card data in bytes that are text in any common encoding.
pub(crate) fn redacted_bytes(bytes: &[u8]) -> Cow<'_, [u8]> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return match redacted(text) {
            Cow::Borrowed(_) => Cow::Borrowed(bytes),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
    }
    // Other encodings are read as one character per byte, which still finds tags and digits.
    let wide: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    match redacted(&wide) {
        Cow::Borrowed(_) => Cow::Borrowed(bytes),
        Cow::Owned(text) => Cow::Owned(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()),
    }
}

/// Whether the value of a field is redacted. MACs and keys are kept, as they are not secrets here and a POS needs to
/// know of them.
fn is_secret(name: &str) -> bool {
    secret::kind(name).is_some_and(|kind| !matches!(kind, Kind::Key | Kind::Mac))
}

/// A tag without the values of secret attributes.
fn without_secret_attributes(tag: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(tag);
    let mut from = 0;
    while let Some(found) = out[from..].find('=') {
        let equals = from + found;
        let name = out[..equals].trim_end().rsplit(|c: char| c.is_whitespace() || c == '<').next().unwrap_or_default();
        let is_secret = is_secret(name);
        let value = out[equals + 1..].trim_start();
        let begin = out.len() - value.len();
        from = equals + 1;
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        let Some(length) = value[1..].find(quote) else { break };
        if is_secret {
            out.to_mut().replace_range(begin + 1..begin + 1 + length, "*");
            from = begin + 3;
        } else {
            from = begin + length + 2;
        }
    }
    out
}

/// The replacement of a secret; empty for all but the first part of a split value.
fn replacement_of(name: &str, whole: &str, nth: usize) -> String {
    if nth > 1 {
        return String::new();
    }
    let name = name.to_ascii_uppercase();
    let digits: Vec<u8> = whole.bytes().filter(u8::is_ascii_digit).collect();
    match secret::kind(&name) {
        Some(Kind::Code) => "000".to_owned(),
        Some(Kind::Pin) if digits.len() < 7 => "0000".to_owned(),
        Some(Kind::Password) => "*".to_owned(),
        // Four digits, as the device expects.
        Some(Kind::Pairing) => "1234".to_owned(),
        Some(Kind::Expiry) if name.ends_with("MONTH") => "12".to_owned(),
        Some(Kind::Expiry) if name.ends_with("YEAR") => "30".to_owned(),
        Some(Kind::Expiry) => "1230".to_owned(),
        Some(Kind::Number) => {
            let card = named(&digits);
            let masked = CARDS.iter().find(|named| named.name == card && whole.contains('*')).map(|named| named.masked);
            masked.unwrap_or(card).to_owned()
        }
        _ => "redacted".to_owned(),
    }
}

/// The test card that replaces a card number, by its issuer.
fn named(digits: &[u8]) -> &'static str {
    match digits {
        [b'3', b'4' | b'7', ..] => "amex",
        [b'5' | b'2', ..] => "mastercard",
        [b'6', ..] => "discover",
        _ => "visa",
    }
}

/// A piece of text or markup.
struct Part {
    range: Range<usize>,
    /// The enclosing element; none at top level.
    element: Option<usize>,
    /// Whether it is text, and not a tag or a comment.
    is_text: bool,
}

/// An element of the text.
struct Element<'a> {
    name: &'a str,
    /// The name of the secret field that makes its content secret: its own, or that of an enclosing element.
    secret: Option<&'a str>,
    is_reference: bool,
    /// Whether other numbers are expected in it: references, times, values assigned by a host.
    is_numbered: bool,
}

/// Splits a text into tags and the texts between them. Anything that is not markup is text.
fn parts(text: &str) -> (Vec<Part>, Vec<Element<'_>>) {
    let mut parts: Vec<Part> = Vec::new();
    let mut elements: Vec<Element<'_>> = Vec::new();
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let element = open.last().map(|(_, element)| *element);
        if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            let end = inside.find("]]>").unwrap_or(inside.len());
            parts.push(Part { range: at + 9..at + 9 + end, element, is_text: true });
            at += (9 + end + 3).min(rest.len());
            continue;
        }
        let (length, is_text) = if rest.starts_with("<!--") {
            (rest.find("-->").map_or(rest.len(), |end| end + 3), false)
        } else if is_tag(rest) {
            (rest.find('>').map_or(rest.len(), |end| end + 1), false)
        } else {
            (rest.bytes().skip(1).position(|byte| byte == b'<').map_or(rest.len(), |next| next + 1), true)
        };
        let piece = &rest[..length];
        parts.push(Part { range: at..at + length, element, is_text });
        at += length;
        if is_text || piece.starts_with("<!") || piece.starts_with("<?") {
            continue;
        }
        let inner = piece.trim_start_matches(['<', '/']);
        let name = inner.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
        if piece.starts_with("</") {
            if let Some(place) = open.iter().rposition(|(open, _)| *open == name) {
                open.truncate(place);
            }
        } else if !piece.ends_with("/>") {
            let around = element.and_then(|element| elements[element].secret);
            let is_deep = open.len() >= DEPTH_MAX;
            // A field inherits secrecy from the enclosing one, and beyond the maximum depth nothing counts as a
            // reference.
            let secret = is_secret(name).then_some(name).or(around);
            let is_reference = !is_deep && fields::holds(REFERENCE, name);
            let is_numbered = is_reference || (!is_deep && fields::holds(VARYING, name));
            elements.push(Element { name, secret, is_reference, is_numbered });
            if is_deep {
                open.pop();
            }
            open.push((name, elements.len() - 1));
        }
    }
    (parts, elements)
}

fn is_tag(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next() == Some('<')
        && chars.next().is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '_' | '?' | '!'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_round_a_card_stays() {
        let cases = [
            ("<NOTE>charge 4111111111111111 now</NOTE>", "<NOTE>charge visa now</NOTE>"),
            ("<ACCT_NUM> 4111<!-- x -->111111111111 </ACCT_NUM>", "<ACCT_NUM> visa<!-- x --> </ACCT_NUM>"),
            ("<NOTE>4111<!-- x -->111111111111</NOTE>", "<NOTE>visa<!-- x --></NOTE>"),
            ("<A CVV2=\"123\" b='4111111111111111' c=d/>", "<A CVV2=\"*\" b='visa' c=d/>"),
            ("<cvv2>123</cvv2>", "<cvv2>000</cvv2>"),
            ("<EMV_TAGS><T>5A08</T></EMV_TAGS>", "<EMV_TAGS><T>redacted</T></EMV_TAGS>"),
            ("<ACCT_NUM>411111******1111</ACCT_NUM>", "<ACCT_NUM>400000******0002</ACCT_NUM>"),
            ("<INVOICE>4111111111111111</INVOICE", "<INVOICE>4111111111111111</INVOICE"),
            ("<INVOICE>4111 1111 1111 1111</INVOICE>", "<INVOICE>visa</INVOICE>"),
            ("<INVOICE>wss://till:hunter2@broker/</INVOICE>", "<INVOICE>wss://*@broker/</INVOICE>"),
        ];
        for (text, kept) in cases {
            assert_eq!(redacted(text), kept);
        }
        let bytes = [b"<CVV2>123</CVV2>\xe9 4111111111111111".as_slice(), &[0xff]].concat();
        assert_eq!(redacted_bytes(&bytes).as_ref(), [b"<CVV2>000</CVV2>\xe9 visa".as_slice(), &[0xff]].concat());
    }
}
