//! Captures from files, and scenarios to files: which kind of capture a file is, its bytes tell.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sca_runner::files;

use crate::Lift;
use crate::import::log::Shape;
use crate::import::packets::{self, PacketsError};
use crate::import::{Imported, har, log};
use crate::session::Session;

/// Bytes of a text that is read.
const TEXT_MAX: u64 = 512 << 20;

/// How a capture is to be read.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// A TLS key log, for packets.
    pub keys: Option<PathBuf>,
    /// How a log is written.
    pub shape: Shape,
}

/// Why a capture cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{0}")]
    File(#[from] io::Error),
    /// Packets cannot be read.
    #[error("{0}")]
    Packets(#[from] PacketsError),
}

/// Kinds of files of packets, by how they begin: pcap in both orders and both precisions, pcapng.
const PACKETS: &[[u8; 4]] = &[
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x0a, 0x0d, 0x0d, 0x0a],
];

/// Reads a capture: packets, an HTTP archive, or a log.
///
/// # Errors
/// [`LoadError`], if nothing of it can be read. What is damaged within it is told by what comes back.
pub fn load(path: &Path, how: &How) -> Result<Imported, LoadError> {
    let mut begin = Vec::new();
    files::open(path)?.take(4).read_to_end(&mut begin)?;
    if PACKETS.iter().any(|magic| begin == magic) {
        return Ok(packets::read(path, how.keys.as_deref())?);
    }
    let file = files::open(path)?;
    let is_too_long = |length: u64| {
        let what = format!("it has more than {} MiB; split it where nothing is under way", TEXT_MAX >> 20);
        if length > TEXT_MAX { Err(io::Error::new(io::ErrorKind::FileTooLarge, what)) } else { Ok(()) }
    };
    is_too_long(file.metadata()?.len())?;
    let mut bytes = Vec::new();
    file.take(TEXT_MAX + 1).read_to_end(&mut bytes)?;
    is_too_long(bytes.len() as u64)?;
    if let Some(why) = unreadable(path, &bytes) {
        return Err(LoadError::File(io::Error::new(io::ErrorKind::InvalidData, why)));
    }
    let text = String::from_utf8_lossy(&bytes);
    let is_archive = text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
        && text.get(..4_096.min(text.len())).or(Some(&text)).is_some_and(|begin| begin.contains("\"log\""));
    Ok(if is_archive { har::read(text.trim_start_matches('\u{feff}')) } else { log::read(&text, &how.shape) })
}

/// Why a file is none that can be read here, where its bytes or its name say so.
fn unreadable(path: &Path, bytes: &[u8]) -> Option<&'static str> {
    let is = |wanted: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted));
    match bytes {
        [] => Some("it is empty"),
        [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] => Some("it is compressed; unpack it first"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("it is UTF-16; write it as UTF-8 first"),
        _ if is("pcap") || is("pcapng") => Some("it is no file of packets, whatever its name says"),
        [begin, ..] if is("har") && !matches!(begin, b'{' | 0xef | b' ' | b'\n') => {
            Some("it is no HTTP archive, whatever its name says")
        }
        _ => None,
    }
}

/// The scenario that a session is, or the scenarios. Their title names the capture.
#[must_use]
pub fn scenarios(session: &Session, from: &str) -> Vec<String> {
    Lift::whole(&title(&session.name, from), session)
}

/// The title of a scenario made of what was caught.
#[must_use]
pub(crate) fn title(name: &str, from: &str) -> String {
    let told: String = format!("Terminal {name}, from {from}").chars().filter(|c| !c.is_control()).take(200).collect();
    crate::redacted(&told).into_owned()
}

/// The name of a file for a terminal: what a file name can hold of its own.
#[must_use]
pub fn file_name(name: &str) -> String {
    let kept = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' });
    let kept: String = kept.take(64).collect();
    format!("terminal-{}", crate::redacted(&kept))
}

/// Writes a new file, and its folder where there is none.
///
/// # Errors
/// What the system says; a file that is there already stays as it is.
pub fn write_new(path: &Path, text: &str, replace: bool) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if replace { files::replace_private(path, text) } else { files::create_private(path, text) }
}
