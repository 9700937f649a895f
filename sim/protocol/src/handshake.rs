//! The WebSocket upgrade: the request with exactly the sample's header lines, and the validation of the response.
//!
//! It works on bytes and HTTP heads, never on a connection. Source: the sample exchange, clauses WS-04, WS-05 and HS-01
//! to HS-09.

use crate::failure::HandshakeFailure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::reason::Reason;

/// The largest HTTP head that is read, in bytes.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The subprotocol of the sample.
pub const SUBPROTOCOL: &str = "sci";

/// An upgrade request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// The path; terminals request `/`.
    pub path: String,
    /// The value of Host and, after `http://` or `https://`, of Origin.
    pub host: String,
    /// Whether the connection uses TLS, which decides the scheme of Origin.
    pub secure: bool,
    /// Sec-WebSocket-Key.
    pub key: String,
    /// x-vfi-pinpad-id.
    pub pinpad_id: String,
    /// Whether a space precedes the last header's colon, as in the printed sample.
    pub space_before_colon: bool,
}

impl Upgrade {
    /// Encodes the request, in the order and spelling of the sample (HS-01 to HS-09).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let scheme = if self.secure { "https" } else { "http" };
        let space = if self.space_before_colon { " " } else { "" };
        format!(
            "GET {path} HTTP/1.1\r\n\
             Pragma: no-cache\r\n\
             Cache-Control: no-cache\r\n\
             Host: {host}\r\n\
             Origin: {scheme}://{host}\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\n\
             Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\
             Sec-WebSocket-Version: 13\r\n\
             x-vfi-pinpad-id{space}: {id}\r\n\r\n",
            path = self.path,
            host = self.host,
            key = self.key,
            id = self.pinpad_id,
        )
        .into_bytes()
    }
}

/// An HTTP proxy through which the broker is reached by CONNECT (WS-03).
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The host of the proxy.
    pub host: String,
    /// The port of the proxy.
    pub port: u16,
    /// User and password, if the proxy requires them (A-69).
    pub credentials: Option<(String, String)>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proxy {{ {}:{}, credentials withheld }}", self.host, self.port)
    }
}

impl Proxy {
    /// The CONNECT request for a broker (RFC 9110, section 9.3.6), with basic credentials if there are any (RFC 7617).
    #[must_use]
    pub fn request(&self, host: &str, port: u16) -> String {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let credentials = self.credentials.as_ref().map(|(user, password)| {
            format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(format!("{user}:{password}")))
        });
        let credentials = credentials.unwrap_or_default();
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{credentials}\r\n")
    }
}

/// The Sec-WebSocket-Key for these sixteen bytes (HS-04).
#[must_use]
pub fn key(bytes: [u8; 16]) -> String {
    STANDARD.encode(bytes)
}

/// Whether a text is a valid Sec-WebSocket-Key: sixteen bytes in base64 (RFC 6455, section 4.1).
#[must_use]
pub fn is_key(text: &str) -> bool {
    STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == 16)
}

/// The Sec-WebSocket-Accept for a key (RFC 6455, section 4.2.2).
///
/// ```
/// let accept = sca_protocol::handshake::accept("CujtCKpQPzowD1oV4qp+hQ==");
/// assert_eq!(accept, "Y2nXMyfwdnd360ikQgJzX7r3Gak="); // the sample's own pair
/// ```
#[must_use]
pub fn accept(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(GUID);
    STANDARD.encode(hash.finalize())
}

/// The head of an HTTP message: its first line and its headers, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The first line, as sent.
    pub line: String,
    /// The minor version of HTTP/1.
    pub version: u8,
    /// The status of a response; 0 for a request.
    pub status: u16,
    /// Names as written, with trimmed values.
    pub headers: Vec<(String, String)>,
}

/// Why an HTTP head cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Not HTTP.
    #[error("not an HTTP head")]
    Garbage,
    /// Neither HTTP/1.0 nor HTTP/1.1.
    #[error("not HTTP/1")]
    Version,
    /// Longer than [`HEAD_BYTES_MAX`], or with too many headers.
    #[error("HTTP head too long")]
    TooLong,
}

impl From<HeadError> for Reason {
    fn from(error: HeadError) -> Self {
        Self::Handshake(match error {
            HeadError::Garbage => HandshakeFailure::Garbage,
            HeadError::Version => HandshakeFailure::Version,
            HeadError::TooLong => HandshakeFailure::Oversized,
        })
    }
}

impl From<httparse::Error> for HeadError {
    fn from(error: httparse::Error) -> Self {
        match error {
            httparse::Error::TooManyHeaders => Self::TooLong,
            httparse::Error::Version => Self::Version,
            _ => Self::Garbage,
        }
    }
}

impl Head {
    /// Parses the head of a response; returns it with its size in bytes, or `None` while it is incomplete.
    ///
    /// # Errors
    /// [`HeadError`], as soon as more bytes cannot make it valid.
    pub fn parse_response(bytes: &[u8]) -> Result<Option<(Self, usize)>, HeadError> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut answer = httparse::Response::new(&mut headers);
        let parsed = answer.parse(bytes).map_err(|error| match HeadError::from(error) {
            HeadError::Version if !bytes.starts_with(b"HTTP/") => HeadError::Garbage,
            error => error,
        });
        match parsed? {
            httparse::Status::Complete(size) if size <= HEAD_BYTES_MAX => {
                let (status, version) = (answer.code.unwrap_or_default(), answer.version.unwrap_or_default());
                let head = Self { line: first_line(bytes), version, status, headers: owned(answer.headers) };
                Ok(Some((head, size)))
            }
            httparse::Status::Complete(_) => Err(HeadError::TooLong),
            httparse::Status::Partial if bytes.len() > HEAD_BYTES_MAX => Err(HeadError::TooLong),
            httparse::Status::Partial => Ok(None),
        }
    }

    /// Parses the head of a request. A space before a header's colon is accepted, since the printed sample has one.
    ///
    /// # Errors
    /// [`HeadError`], as soon as more bytes cannot make it valid.
    pub fn parse_request(bytes: &[u8]) -> Result<Option<(Self, usize)>, HeadError> {
        let Some(size) = bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4) else {
            return if bytes.len() > HEAD_BYTES_MAX { Err(HeadError::TooLong) } else { Ok(None) };
        };
        if size > HEAD_BYTES_MAX {
            return Err(HeadError::TooLong);
        }
        let mended = without_space_before_colon(&bytes[..size]);
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        if request.parse(&mended)?.is_partial() {
            return Err(HeadError::Garbage);
        }
        let version = request.version.unwrap_or_default();
        Ok(Some((Self { line: first_line(bytes), version, status: 0, headers: owned(request.headers) }, size)))
    }

    /// The value of the first header with this name, ignoring case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The values of all headers with this name, ignoring case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The method of a request.
    #[must_use]
    pub fn method(&self) -> &str {
        self.line.split(' ').next().unwrap_or_default()
    }

    /// Whether it is an interim response, to be followed by the final one (1xx except 101; RFC 9110, section 15.2).
    #[must_use]
    pub fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }

    /// The path of a request.
    #[must_use]
    pub fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    fn lists(&self, name: &str, token: &str) -> bool {
        self.all(name).flat_map(|value| value.split(',')).any(|t| t.trim().eq_ignore_ascii_case(token))
    }
}

fn first_line(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == b'\r' || b == b'\n').unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn owned(headers: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).trim().to_owned();
    headers.iter().map(|h| (h.name.to_owned(), text(h.value))).collect()
}

fn without_space_before_colon(head: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(head.len());
    for line in head.split_inclusive(|&b| b == b'\n') {
        match line.iter().position(|&b| b == b':') {
            Some(colon) if !out.is_empty() => {
                let name = line[..colon].trim_ascii_end();
                out.extend_from_slice(name);
                out.extend_from_slice(&line[colon..]);
            }
            _ => out.extend_from_slice(line),
        }
    }
    out
}

/// Validates the response to an upgrade request (WS-05, HS-08).
///
/// # Errors
/// The [`Reason`] for which the attempt failed.
pub fn judge(answer: &Head, key: &str, subprotocol_required: bool) -> Result<(), Reason> {
    if answer.status != 101 {
        return Err(Reason::Http(answer.status));
    }
    let refuse = |failure| Err(Reason::Handshake(failure));
    if answer.version != 1 {
        return refuse(HandshakeFailure::Version);
    }
    if !answer.lists("Upgrade", "websocket") {
        return refuse(HandshakeFailure::Upgrade);
    }
    if !answer.lists("Connection", "Upgrade") {
        return refuse(HandshakeFailure::Connection);
    }
    let mut accepts = answer.all("Sec-WebSocket-Accept");
    if accepts.next() != Some(&accept(key)) || accepts.next().is_some() {
        return refuse(HandshakeFailure::Accept);
    }
    if answer.get("Sec-WebSocket-Extensions").is_some() {
        return refuse(HandshakeFailure::Extension);
    }
    let mut protocols = answer.all("Sec-WebSocket-Protocol");
    match (protocols.next(), protocols.next()) {
        (None, _) if subprotocol_required => refuse(HandshakeFailure::NoSubprotocol),
        (None, _) | (Some(SUBPROTOCOL), None) => Ok(()),
        (Some(_), _) => refuse(HandshakeFailure::Subprotocol),
    }
}

/// The delay that a Retry-After asks for, in seconds: its number, or the time from `now` to its date. A number that is
/// too large becomes the largest possible one.
#[must_use]
pub fn retry_after(answer: &Head, now: crate::UnixTime) -> Option<u64> {
    let value = answer.get("Retry-After")?;
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(value.parse().unwrap_or(u64::MAX));
    }
    u64::try_from(http_date(value, now)?.saturating_sub(now.0)).ok()
}

/// Parses an HTTP date in any of the three forms that a recipient must accept (RFC 9110, section 5.6.7), into seconds
/// since 1970.
fn http_date(value: &str, now: crate::UnixTime) -> Option<i64> {
    let fixed = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let asctime = time::macros::format_description!(
        "[weekday repr:short] [month repr:short] [day padding:space] [hour]:[minute]:[second] [year]"
    );
    let rfc850 = time::macros::format_description!(
        "[weekday repr:long], [day]-[month repr:short]-[year] [hour]:[minute]:[second] GMT"
    );
    let read = |text: &str, format| time::PrimitiveDateTime::parse(text, format).ok();
    let date = read(value, fixed).or_else(|| read(value, asctime)).or_else(|| read(&full_year(value, now)?, rfc850))?;
    Some(date.assume_utc().unix_timestamp())
}

/// Completes the two-digit year of `Thursday, 15-Jan-26 09:00:31 GMT`: one more than 50 years ahead counts as past.
fn full_year(value: &str, now: crate::UnixTime) -> Option<String> {
    let (before, rest) = value.split_at_checked(value.rfind('-')? + 1)?;
    let (digits, rest) = rest.split_at_checked(2)?;
    let this_year = time::OffsetDateTime::from_unix_timestamp(now.0).ok()?.year();
    let in_century = this_year - this_year.rem_euclid(100) + digits.parse::<i32>().ok()?;
    let year = if in_century > this_year + 50 { in_century - 100 } else { in_century };
    Some(format!("{before}{year}{rest}"))
}
