//! The two documents of SCA: a request (`TRANSACTION`) and a response (`RESPONSE`), each a list of fields.

use crate::xml::{self, Element, Limits, XmlError};

/// The layout of a document on the wire. The sample indents by two spaces; parsers accept either layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// One field per line, indented by two spaces, as in the sample.
    #[default]
    Indented,
    /// Everything on one line.
    Compact,
}

/// A request of a POS to a terminal: one `TRANSACTION` document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    fields: Vec<Element>,
}

/// A response of a terminal: one `RESPONSE` document, with its fields in sending order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    fields: Vec<Element>,
}

/// Why a text is not a request, or not a response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// It is not an XML document.
    #[error("{0}")]
    Xml(#[from] XmlError),
    /// Its root element is not the expected one.
    #[error("root element <{got}>, expected <{expected}>")]
    Root {
        /// The root expected.
        expected: &'static str,
        /// The root found.
        got: String,
    },
    /// A field occurs twice.
    #[error("field {0} stands twice")]
    Duplicate(String),
    /// A field that routes the request is missing or empty.
    #[error("field {0} is missing")]
    Missing(&'static str),
}

/// The treatment of several fields with the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateFields {
    /// The request is refused.
    Refused,
    /// The first one counts.
    First,
    /// The last one counts.
    Last,
}

const REQUEST_ROOT: &str = "TRANSACTION";
const RESPONSE_ROOT: &str = "RESPONSE";

impl Request {
    /// A request made of these fields, in this order.
    #[must_use]
    pub fn new(fields: Vec<(String, String)>) -> Self {
        Self { fields: elements(fields) }
    }

    /// Parses a request; both routing fields must be present and no top-level field may occur twice.
    ///
    /// # Errors
    /// [`MessageError`] names the reason.
    pub fn parse(text: &str, limits: Limits) -> Result<Self, MessageError> {
        Self::read(text, limits, DuplicateFields::Refused)
    }

    /// Parses a request, with a rule for duplicate fields.
    ///
    /// # Errors
    /// [`MessageError`] names the reason.
    pub fn read(text: &str, limits: Limits, duplicates: DuplicateFields) -> Result<Self, MessageError> {
        let request = Self::read_unrouted(text, limits, duplicates)?;
        request.missing_route().map_or(Ok(()), |name| Err(MessageError::Missing(name)))?;
        Ok(request)
    }

    /// The first routing field that is missing or empty; none if the request can be routed.
    fn missing_route(&self) -> Option<&'static str> {
        ["FUNCTION_TYPE", "COMMAND"].into_iter().find(|name| self.get(name).is_none_or(str::is_empty))
    }

    /// Whether both routing fields are there.
    #[must_use]
    pub fn is_routed(&self) -> bool {
        self.missing_route().is_none()
    }

    /// Parses a request whose routing fields may be missing. A terminal refuses such a request, but reads it: its
    /// COUNTER counts as that of other refused requests.
    ///
    /// # Errors
    /// [`MessageError`] names the reason, which is never [`MessageError::Missing`].
    pub fn read_unrouted(text: &str, limits: Limits, duplicates: DuplicateFields) -> Result<Self, MessageError> {
        let mut root = document(text, limits, REQUEST_ROOT)?;
        match duplicates {
            DuplicateFields::Refused => {}
            DuplicateFields::First => keep_first_of_each_name(&mut root.children),
            DuplicateFields::Last => {
                root.children.reverse();
                keep_first_of_each_name(&mut root.children);
                root.children.reverse();
            }
        }
        let mut names: Vec<&str> = root.children.iter().map(|c| c.name.as_str()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(MessageError::Duplicate(pair[0].chars().take(40).collect()));
        }
        Ok(Self { fields: root.children })
    }

    /// Removes the fields that `stays` rejects.
    pub fn retain(&mut self, stays: impl FnMut(&Element) -> bool) {
        self.fields.retain(stays);
    }

    /// The text of a field, if present.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        get(&self.fields, name)
    }

    /// A field with everything in it, if present.
    #[must_use]
    pub fn element(&self, name: &str) -> Option<&Element> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// FUNCTION_TYPE, or an empty text.
    #[must_use]
    pub fn function_type(&self) -> &str {
        self.get("FUNCTION_TYPE").unwrap_or_default()
    }

    /// COMMAND, or an empty text.
    #[must_use]
    pub fn command(&self) -> &str {
        self.get("COMMAND").unwrap_or_default()
    }

    /// The fields, nested ones within their groups.
    #[must_use]
    pub fn fields(&self) -> &[Element] {
        &self.fields
    }

    /// Writes the document.
    #[must_use]
    pub fn to_xml(&self, layout: Layout) -> String {
        write(REQUEST_ROOT, &self.fields, layout)
    }
}

impl Response {
    /// A response made of these fields, in this order.
    #[must_use]
    pub fn new(fields: Vec<(String, String)>) -> Self {
        Self { fields: elements(fields) }
    }

    /// Parses a response, which may have any fields.
    ///
    /// # Errors
    /// [`MessageError`] names the reason.
    pub fn parse(text: &str, limits: Limits) -> Result<Self, MessageError> {
        Ok(Self { fields: document(text, limits, RESPONSE_ROOT)?.children })
    }

    /// Appends a field that has nested fields.
    #[must_use]
    pub fn with_group(mut self, group: Element) -> Self {
        self.fields.push(group);
        self
    }

    /// Appends a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push(Element { name: name.to_owned(), text: value.into(), children: Vec::new() });
        self
    }

    /// The text of a field, if present.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        get(&self.fields, name)
    }

    /// The fields, nested ones within their groups.
    #[must_use]
    pub fn fields(&self) -> &[Element] {
        &self.fields
    }

    /// Writes the document.
    #[must_use]
    pub fn to_xml(&self, layout: Layout) -> String {
        write(RESPONSE_ROOT, &self.fields, layout)
    }
}

/// Removes all but the first of several fields with the same name.
fn keep_first_of_each_name(fields: &mut Vec<Element>) {
    let mut seen = std::collections::BTreeSet::new();
    fields.retain(|field| seen.insert(field.name.clone()));
}

fn elements(fields: Vec<(String, String)>) -> Vec<Element> {
    fields.into_iter().map(|(name, text)| Element { name, text, children: Vec::new() }).collect()
}

fn get<'a>(fields: &'a [Element], name: &str) -> Option<&'a str> {
    fields.iter().find(|f| f.name == name).map(|f| f.text.as_str())
}

fn document(text: &str, limits: Limits, expected: &'static str) -> Result<Element, MessageError> {
    let root = xml::parse(text, limits)?;
    if root.name == expected {
        Ok(root)
    } else {
        Err(MessageError::Root { expected, got: root.name.chars().take(40).collect() })
    }
}

fn write(root: &str, fields: &[Element], layout: Layout) -> String {
    let mut out = String::with_capacity(64 + fields.len() * 48);
    element_into(&mut out, root, "", fields, layout, 0);
    out
}

fn element_into(out: &mut String, name: &str, text: &str, children: &[Element], layout: Layout, depth: usize) {
    let line = |out: &mut String, depth: usize| {
        if layout == Layout::Indented {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth));
        }
    };
    if text.is_empty() && children.is_empty() && depth > 0 {
        out.extend(["<", name, " />"]);
        return;
    }
    out.extend(["<", name, ">"]);
    xml::escape_into(out, text);
    for child in children {
        line(out, depth + 1);
        element_into(out, &child.name, &child.text, &child.children, layout, depth + 1);
    }
    if !children.is_empty() {
        line(out, depth);
    }
    out.extend(["</", name, ">"]);
}
