//! Reads captures from files, whose kind it detects by content, and writes scenarios.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::ScenarioGenerator;
use crate::generate::MESSAGE_MAX;
use crate::text::{TEXT_MAX, decoded, too_long};
use sca_import::log::Shape;
use sca_import::packets::{self, PacketsError};
use sca_import::{Event, Session};
use sca_import::{Format, Imported, har, log, looks};

/// Options for reading a capture.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The TLS key log, for packets.
    pub keys: Option<PathBuf>,
    /// The format of a log.
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

/// Magic numbers of packet captures: pcap in both byte orders and precisions, pcapng.
const PACKETS: &[[u8; 4]] = &[
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x0a, 0x0d, 0x0d, 0x0a],
];

/// Reads a capture: packets, an HTTP archive, or a log, possibly in several files.
///
/// # Errors
/// [`LoadError`], if nothing can be read. Partial damage is reported in the result.
pub fn load(paths: &[PathBuf], how: &LoadOptions) -> Result<Imported, LoadError> {
    if let [path] = paths
        && is_packets(path)?
    {
        return Ok(packets::read(path, how.keys.as_deref())?);
    }
    let (mut texts, mut damaged) = (Vec::new(), Vec::new());
    let mut left = TEXT_MAX;
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let wrong = |error: io::Error| match paths.len() {
            1 => LoadError::File(error),
            _ => LoadError::File(io::Error::new(error.kind(), format!("{name}: {error}"))),
        };
        if is_packets(path).map_err(wrong)? {
            return Err(LoadError::File(invalid(&format!("{name}: packets must be in a single file"))));
        }
        let (text, damage) = text(path, how.shape.format).map_err(wrong)?;
        left = left.checked_sub(text.len()).ok_or_else(|| LoadError::File(too_long()))?;
        damaged.extend(damage.map(|why| (name.clone(), why)));
        texts.push((name, text));
    }
    let is_archive = |text: &str| match how.shape.format {
        Format::Auto => looks(text) == Format::Har,
        format => format == Format::Har,
    };
    let mut imported = match texts.as_slice() {
        [(_, text)] if is_archive(text) => har::read(text),
        several => match several.iter().find(|(_, text)| is_archive(text)) {
            Some((name, _)) => {
                return Err(LoadError::File(invalid(&format!("{name}: an HTTP archive must be a single file"))));
            }
            None => log::read(&texts, &how.shape),
        },
    };
    for (place, why) in too_long_for_a_scenario(&imported) {
        imported.unread(place, why);
    }
    for (name, why) in damaged {
        imported.unread(format!("the end of {name}"), why);
    }
    Ok(imported)
}

/// Messages that are too long for a scenario.
fn too_long_for_a_scenario(imported: &Imported) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for session in &imported.sessions {
        for (at, event) in &session.events {
            if let Event::Frame(_, frame) = event
                && frame.payload.len() > MESSAGE_MAX
            {
                let place = format!("terminal {}, {:.3} s", session.name, at.as_secs_f64());
                all.push((
                    place,
                    format!("message of {} bytes, limit of a scenario is {MESSAGE_MAX}", frame.payload.len()),
                ));
            }
        }
    }
    all
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

fn is_packets(path: &Path) -> io::Result<bool> {
    let mut begin = Vec::new();
    sca_files::open(path)?.take(4).read_to_end(&mut begin)?;
    Ok(PACKETS.iter().any(|magic| begin == magic))
}

/// The text of a file, and why it is incomplete, if it is.
fn text(path: &Path, format: Format) -> io::Result<(String, Option<String>)> {
    let file = sca_files::open(path)?;
    let mut bytes = Vec::new();
    file.take(TEXT_MAX as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > TEXT_MAX {
        return Err(too_long());
    }
    let is = |wanted: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted));
    if !bytes.is_empty() && (format == Format::Pcap || is("pcap") || is("pcapng")) {
        return Err(invalid("not a packet capture, despite its name"));
    }
    let (text, damage) = decoded(bytes)?;
    let wants_archive = format == Format::Har || (format == Format::Auto && is("har"));
    if wants_archive && !text.trim_start().starts_with('{') {
        return Err(invalid("not an HTTP archive, despite its name"));
    }
    Ok((text, damage))
}

/// Converts a session to one scenario, or to several. Their titles name the capture.
#[must_use]
pub fn scenarios(session: &Session, from: &str) -> Vec<String> {
    ScenarioGenerator::whole(&title(&session.name, from), session)
}

/// The title of a scenario made of a capture.
#[must_use]
pub(crate) fn title(name: &str, from: &str) -> String {
    let told: String = format!("Terminal {name}, from {from}").chars().filter(|c| !c.is_control()).take(200).collect();
    crate::redacted(&told).into_owned()
}

/// The file name for a terminal, without extension: unsupported characters become `-`.
#[must_use]
pub fn file_name(name: &str) -> String {
    let kept = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' });
    let kept: String = kept.take(64).collect();
    format!("terminal-{}", crate::redacted(&kept))
}

/// Writes a new file, and creates its folder if missing.
///
/// # Errors
/// An I/O error; without `replace` also if the file exists.
pub fn write_new(path: &Path, text: &str, replace: bool) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if replace { sca_files::replace_private(path, text) } else { sca_files::create_private(path, text) }
}
