//! XML as SCA uses it, limited in size, without DTDs and with no entities but the five predefined ones.
//!
//! Elements and text are kept. Attributes, comments and processing instructions mean nothing in this protocol and are
//! skipped. A DOCTYPE is refused, because a message has no use for one and an attacker has.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

/// An element with its text and its child elements.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// The tag, as written.
    pub name: String,
    /// The text directly inside, with entities resolved and surrounding white space removed.
    pub text: String,
    /// The elements inside, in order.
    pub children: Vec<Element>,
}

/// The limits of a document; one that exceeds them is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The size of the document, in bytes.
    pub bytes_max: usize,
    /// The nesting depth of elements, including the root.
    pub depth_max: usize,
    /// The number of elements in all.
    pub elements_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes_max: 64 * 1024, depth_max: 16, elements_max: 2_000 }
    }
}

/// Why a text is not an acceptable document, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {at}")]
pub struct XmlError {
    /// The kind of error.
    pub kind: XmlErrorKind,
    /// The position, in bytes from the start of the text.
    pub at: usize,
}

/// The kind of error in a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlErrorKind {
    /// The text is longer than the limit.
    #[error("document of {got} bytes, {limit} are allowed")]
    TooLong {
        /// Bytes of the text.
        got: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Elements nest deeper than the limit.
    #[error("more than {0} elements inside each other")]
    TooDeep(usize),
    /// There are more elements than the limit.
    #[error("more than {0} elements")]
    TooMany(usize),
    /// A DOCTYPE.
    #[error("a DOCTYPE is not accepted")]
    Doctype,
    /// An entity other than the five of XML, or a reference to an invalid character.
    #[error("entity &{0}; is not one of the five")]
    Entity(String),
    /// A character that XML does not allow.
    #[error("the character U+{0:04X} is not allowed in XML")]
    Character(u32),
    /// Text outside the root element.
    #[error("text outside the root element")]
    OutsideRoot,
    /// A second root element.
    #[error("a second document follows the first")]
    SecondRoot,
    /// No element at all.
    #[error("there is no element")]
    Empty,
    /// An element that is never closed.
    #[error("<{0}> is not closed")]
    Open(String),
    /// Any other error of the parser.
    #[error("not well-formed: {0}")]
    Malformed(String),
}

/// Parses a document.
///
/// # Errors
/// [`XmlError`] with the kind of error and its position.
///
/// ```
/// use sca_protocol::xml::{parse, Limits};
/// let root = parse("<A><B>x &amp; y</B></A>", Limits::default()).unwrap();
/// assert_eq!(root.children[0].text, "x & y");
/// ```
pub fn parse(text: &str, limits: Limits) -> Result<Element, XmlError> {
    if text.len() > limits.bytes_max {
        let kind = XmlErrorKind::TooLong { got: text.len(), limit: limits.bytes_max };
        return Err(XmlError { kind, at: limits.bytes_max });
    }
    let mut reader = Reader::from_str(text);
    let mut builder = Builder { limits, ..Builder::default() };
    loop {
        let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let fail = |kind| XmlError { kind, at: before };
        match reader.read_event() {
            Ok(Event::Eof) => return builder.finish().map_err(fail),
            Ok(event) => builder.take(event).map_err(fail)?,
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                return Err(XmlError { kind: XmlErrorKind::Malformed(error.to_string()), at });
            }
        }
    }
}

/// The state of the first document in a text that is still growing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// A complete document of this many bytes, including its root's end tag.
    Whole(usize),
    /// An incomplete document.
    Open,
    /// Not the beginning of any document.
    Broken,
}

/// Finds the end of the first document in a text. Comments and CDATA are skipped.
///
/// ```
/// use sca_protocol::xml::{Split, split};
/// assert_eq!(split("<A><!-- </A> --></A> <B/>"), Split::Whole(20));
/// assert_eq!(split("<A><B>"), Split::Open);
/// assert_eq!(split("<A></B>"), Split::Broken);
/// assert_eq!(split("\u{feff}\u{feff}<A/>"), Split::Whole(10));
/// ```
#[must_use]
pub fn split(text: &str) -> Split {
    // The reader does not count a byte order mark; there may be several.
    let unmarked = text.trim_start_matches('\u{feff}');
    let mark = text.len() - unmarked.len();
    let mut reader = Reader::from_str(unmarked);
    let mut depth = 0_usize;
    loop {
        let done = match reader.read_event() {
            Ok(Event::Start(_)) => {
                depth += 1;
                false
            }
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                depth == 0
            }
            Ok(Event::Empty(_)) => depth == 0,
            Ok(Event::Eof) => return Split::Open,
            Ok(Event::Text(text)) if depth == 0 && !text.trim_matches(BLANK).is_empty() => return Split::Broken,
            Ok(_) => false,
            // A tag, a comment or the like that is not closed yet.
            Err(quick_xml::Error::Syntax(_)) => return Split::Open,
            Err(_) => return Split::Broken,
        };
        if done {
            return usize::try_from(reader.buffer_position()).map_or(Split::Broken, |end| Split::Whole(mark + end));
        }
    }
}

/// Characters that are allowed around a document.
const BLANK: [char; 5] = ['\u{feff}', ' ', '\t', '\r', '\n'];

#[derive(Default)]
struct Builder {
    limits: Limits,
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), XmlErrorKind> {
        match event {
            Event::Start(tag) => self.open(tag.name().0)?,
            Event::Empty(tag) => {
                self.open(tag.name().0)?;
                self.close();
            }
            Event::End(_) => self.close(),
            Event::Text(text) => self.text(&text)?,
            Event::CData(text) => self.text(&text)?,
            Event::GeneralRef(name) => {
                let resolved = resolve(&name)?;
                self.text(&resolved)?;
            }
            Event::DocType(_) => return Err(XmlErrorKind::Doctype),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn open(&mut self, name: &str) -> Result<(), XmlErrorKind> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(XmlErrorKind::SecondRoot);
        }
        self.elements += 1;
        if self.elements > self.limits.elements_max {
            return Err(XmlErrorKind::TooMany(self.limits.elements_max));
        }
        if self.open.len() == self.limits.depth_max {
            return Err(XmlErrorKind::TooDeep(self.limits.depth_max));
        }
        self.open.push(Element { name: name.to_owned(), ..Element::default() });
        Ok(())
    }

    fn close(&mut self) {
        // The reader has already checked that the end tag matches the open one.
        let Some(mut done) = self.open.pop() else { return };
        let trimmed = done.text.trim();
        if trimmed.len() != done.text.len() {
            done.text = trimmed.to_owned();
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), XmlErrorKind> {
        if let Some(bad) = text.chars().find(|c| !is_char(*c)) {
            return Err(XmlErrorKind::Character(u32::from(bad)));
        }
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim_matches(BLANK).is_empty() => {}
            None => return Err(XmlErrorKind::OutsideRoot),
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Element, XmlErrorKind> {
        if let Some(open) = self.open.last() {
            return Err(XmlErrorKind::Open(open.name.clone()));
        }
        self.root.take().ok_or(XmlErrorKind::Empty)
    }
}

/// Whether XML 1.0 allows a character in a document.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

fn resolve(name: &str) -> Result<Cow<'static, str>, XmlErrorKind> {
    let unknown = || XmlErrorKind::Entity(name.chars().take(32).collect());
    let text = match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => {
            let number = name.strip_prefix('#').ok_or_else(unknown)?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            let character = code.ok().and_then(char::from_u32).filter(|c| *c != '\0').ok_or_else(unknown)?;
            return Ok(Cow::Owned(character.to_string()));
        }
    };
    Ok(Cow::Borrowed(text))
}

/// Appends `text` with the characters that XML reserves escaped. A carriage return is written as a character
/// reference, since a parser would turn a bare one into a line feed.
pub fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
}
