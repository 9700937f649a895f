//! Secret values in a text, recognised by their names, in any notation of names and values.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::names::{Kind, kind};

/// Removes the values of secrets of these kinds from a text: in elements, complete or not, in attributes, in JSON,
/// after `=` as in a line or a URL, and in HTTP headers. The last four digits of a card number stay.
///
/// ```
/// use sca_masking::secret::{Kind, without};
///
/// let text = "<R><cvv2>987</cvv2><x:PIN_CODE>4711</R> CVV=12 {\"pin\": 4711}";
/// assert_eq!(without(text, Kind::is_withheld), "<R><cvv2>*</cvv2><x:PIN_CODE>*</R> CVV=* {\"pin\": *}");
/// ```
#[must_use]
pub fn without(text: &str, which: impl Fn(Kind) -> bool) -> Cow<'_, str> {
    replaced(text, which, |kind, value, _| masked_value(Some(kind), value))
}

/// Replaces the values of secrets of these kinds by what `with` makes of the kind, the value and the text before it.
#[must_use]
pub fn replaced(text: &str, which: impl Fn(Kind) -> bool, with: impl Fn(Kind, &str, &str) -> String) -> Cow<'_, str> {
    let (mut out, mut from) = (String::new(), 0);
    let bytes = text.as_bytes();
    let (mut at, mut ahead) = (0, ScanCache::default());
    while at < bytes.len() {
        let place = match bytes[at] {
            b'<' => element(text, at, &mut ahead),
            b'=' => assignment(text, at),
            b':' => member(text, at).or_else(|| header(text, at)),
            _ => None,
        };
        // A value that is computed when a scenario is played is not in its text.
        let is_computed = |value: &str| value.starts_with("{{") && value.ends_with("}}");
        let place = place.filter(|(_, value)| !value.is_empty() && !is_computed(&text[value.clone()]));
        let found = place.and_then(|(name, value)| Some((kind(name).filter(|kind| which(*kind))?, value)));
        if let Some((kind, value)) = found {
            out.push_str(&text[from..value.start]);
            out.push_str(&with(kind, &text[value.clone()], &text[..value.start]));
            (from, at) = (value.end, value.end);
        } else {
            at += 1;
        }
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// The stars that are shown in place of a value.
#[must_use]
pub fn masked_value(kind: Option<Kind>, value: &str) -> String {
    let long = value.chars().count();
    match kind {
        Some(Kind::Number) if long > 8 => {
            value.chars().enumerate().map(|(at, c)| if at + 4 < long { '*' } else { c }).collect()
        }
        _ => "*".to_owned(),
    }
}

/// The name at the end of a text.
fn last_name(text: &str) -> &str {
    text.rsplit(|c| !is_of_name(c)).next().unwrap_or_default()
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.')
}

/// The element that begins here, and the range of its content: up to its end tag, or to the next tag if it has none.
fn element<'t>(text: &'t str, at: usize, ahead: &mut ScanCache<'t>) -> Option<(&'t str, Range<usize>)> {
    let rest = &text[at + 1..];
    let name = &rest[..rest.find(|c| !is_of_name(c)).unwrap_or(rest.len())];
    if rest.as_bytes().get(name.len()) == Some(&b'/') || kind(name).is_none() {
        return None;
    }
    let begin = ahead.sign(text, at)? + 1;
    let end = match ahead.end(text, name, begin) {
        Some(end) => Some(outermost(text, name, begin..end, ahead)),
        None => text[begin..].find('<').map(|place| begin + place),
    };
    Some((name, begin..end.unwrap_or(text.len())))
}

/// The most nested elements with the same name that are followed; with more, the content extends to the end of the
/// text.
const NESTED_MAX: usize = 16;

/// The end of an element's content, moved past the end tags of nested elements with the same name.
fn outermost<'t>(text: &'t str, name: &'t str, content: Range<usize>, ahead: &mut ScanCache<'t>) -> usize {
    let open = format!("<{name}");
    let (mut from, mut end, mut nested) = (content.start, content.end, 0);
    loop {
        nested += text[from..end].matches(&open).take(NESTED_MAX + 1).count();
        if nested == 0 {
            return end;
        }
        nested -= 1;
        from = end + open.len() + 1;
        match ahead.end(text, name, from.min(text.len())) {
            Some(next) if nested < NESTED_MAX => end = next,
            _ => return text.len(),
        }
    }
}

/// Positions found ahead while a text is read from its beginning, so that nothing is searched for twice.
#[derive(Default)]
struct ScanCache<'t> {
    /// The next `>`; the end of the text if there is none.
    sign: Option<usize>,
    /// The next end tag of each name; the end of the text if there is none.
    ends: BTreeMap<&'t str, usize>,
}

/// The most names whose end tags are searched for in one text; elements with other names end at the next tag.
const NAMES_MAX: usize = 64;

impl<'t> ScanCache<'t> {
    fn sign(&mut self, text: &str, from: usize) -> Option<usize> {
        let known = self.sign.filter(|place| *place >= from);
        let place = known.unwrap_or_else(|| text[from..].find('>').map_or(text.len(), |place| from + place));
        self.sign = Some(place);
        (place < text.len()).then_some(place)
    }

    fn end(&mut self, text: &str, name: &'t str, from: usize) -> Option<usize> {
        let known = self.ends.get(name).copied().filter(|place| *place >= from);
        if known.is_none() && self.ends.len() >= NAMES_MAX && !self.ends.contains_key(name) {
            return None;
        }
        let look = || text[from..].find(&format!("</{name}")).map_or(text.len(), |place| from + place);
        let place = known.unwrap_or_else(look);
        self.ends.insert(name, place);
        (place < text.len()).then_some(place)
    }
}

/// The name before this `=`, and the range of its value: within quotes, or up to the end of the word.
fn assignment(text: &str, at: usize) -> Option<(&str, Range<usize>)> {
    let before = text[..at].trim_end();
    let name = last_name(before);
    let rest = &text[at + 1..];
    let blanks = if before.len() == at { 0 } else { rest.len() - rest.trim_start_matches(' ').len() };
    value(text, at + 1 + blanks, |c| c.is_whitespace() || matches!(c, '&' | '<' | '>' | ',' | ';' | ')' | '\'' | '"'))
        .map(|value| (name, value))
}

/// The name of the JSON member before this `:`, and the range of its value.
fn member(text: &str, at: usize) -> Option<(&str, Range<usize>)> {
    let quoted = text[..at].trim_end().strip_suffix('"')?;
    let quoted = quoted.strip_suffix('\\').unwrap_or(quoted);
    let name = last_name(quoted);
    let rest = &text[at + 1..];
    let blanks = rest.len() - rest.trim_start().len();
    value(text, at + 1 + blanks, |c| c.is_whitespace() || matches!(c, ',' | '}' | ']')).map(|value| (name, value))
}

/// The name of the HTTP header that begins this line, and the range of its value.
fn header(text: &str, at: usize) -> Option<(&str, Range<usize>)> {
    // No known name is longer.
    let near = (at.saturating_sub(32)..=at).find(|from| text.is_char_boundary(*from))?;
    let name = text[near..at].rsplit('\n').next()?;
    if name.len() == at - near && near > 0 {
        return None;
    }
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !is_name || kind(name) != Some(Kind::Credential) {
        return None;
    }
    let rest = &text[at + 1..];
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let begin = at + 1 + blanks;
    let length = text[begin..].find(['\r', '\n']).unwrap_or(text.len() - begin);
    Some((name, begin..begin + length))
}

/// The range of the value that begins here: within quotes, or up to the end of the word.
fn value(text: &str, begin: usize, ends: impl Fn(char) -> bool) -> Option<Range<usize>> {
    let rest = &text[begin..];
    let opening = ["\\\"", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote));
    let (begin, length) = match opening {
        Some(quote) => {
            let inner = &rest[quote.len()..];
            (begin + quote.len(), inner.find(quote).unwrap_or(inner.len()))
        }
        None => (begin, rest.find(ends).unwrap_or(rest.len())),
    };
    Some(begin..begin + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_out_wherever_they_stand() {
        for (text, told) in [
            ("<R><CVV2>987</CVV2><CVV2>986</CVV2></R>", "<R><CVV2>*</CVV2><CVV2>*</CVV2></R>"),
            ("<R><MAC_KEY>topsecret", "<R><MAC_KEY>*"),
            ("<PIN><PIN>12</PIN>34</PIN>x", "<PIN>*</PIN>x"),
            ("<PIN><PIN>12</PIN>34", "<PIN>*"),
            ("<PIN><PIN_A>1</PIN_A>2</PIN>x", "<PIN>*</PIN>x"),
            ("<EMV_TAGS><T>5A08</T></EMV_TAGS>x", "<EMV_TAGS>*</EMV_TAGS>x"),
            ("<A CVV2=\"123\" b='4'/>", "<A CVV2=\"*\" b='4'/>"),
            ("<ACCT_NUM>4000000000000002</ACCT_NUM>", "<ACCT_NUM>************0002</ACCT_NUM>"),
            ("{\"PASSWORD\":\"a b\",\"n\":1}", "{\"PASSWORD\":\"*\",\"n\":1}"),
            (
                "GET /x?token=abc&n=1 HTTP/1.1\r\nAuthorization: Bearer x\r\nHost: y",
                "GET /x?token=*&n=1 HTTP/1.1\r\nAuthorization: *\r\nHost: y",
            ),
            ("PIN_CODE=4711 COMMAND=CAPTURE", "PIN_CODE=* COMMAND=CAPTURE"),
            ("PIN_CODE = \"47 11\"", "PIN_CODE = \"*\""),
            ("<PIN_CODE/><N>1</N> a=b 10:00:01 PIN: x", "<PIN_CODE/><N>1</N> a=b 10:00:01 PIN: x"),
        ] {
            assert_eq!(without(text, |_| true), told);
        }
        // Long texts of tags without an end take no long time. Below: any cut of a text, at any character.
        for piece in ["<PIN>", "<PIN ", "<PIN><CVV2>", "<a:PIN>1"] {
            drop(without(&piece.repeat(100_000), |_| true));
        }
        assert_eq!(without("é=1 ü\"=2 é\":3", |_| true), "é=1 ü\"=2 é\":3");
        let text = "<é CVV2=\"ü\"><PIN>ß</PIN>\"cvv\":\"é\"";
        for end in 0..=text.len() {
            if text.is_char_boundary(end) {
                drop(without(&text[..end], |_| true));
            }
        }
    }
}
