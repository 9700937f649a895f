//! The flash of a device: files that survive power off, with writes that are atomic.
//!
//! A file is written under a temporary name, then renamed over the old one. The power may fail in the middle of either
//! step; temporary files that remain are removed at the next start.

use std::collections::BTreeMap;

use crate::context::{Effect, Work};
use crate::event::FlashChange;

/// The root of all files on the flash.
const ROOT: &str = "/home/usr1/flash";

/// The parameters of the device.
pub(crate) const CONFIG: &str = "/home/usr1/flash/config.usr1";
/// The registered POS with their counters.
pub(crate) const REGISTRATIONS: &str = "/home/usr1/flash/registrations";
/// The answer of the last payment.
pub(crate) const LAST_TRANSACTION: &str = "/home/usr1/flash/last_tran.xml";
/// The most recent approved payments, for the duplicate rule.
pub(crate) const HISTORY: &str = "/home/usr1/flash/history";
/// The request of the payment that is with the host.
pub(crate) const IN_FLIGHT: &str = "/home/usr1/flash/in_flight.xml";
/// Sequence numbers of payments that still have to be reversed.
pub(crate) const REVERSALS: &str = "/home/usr1/flash/reversals";
/// Stored transactions that wait for the host.
pub(crate) const STORED: &str = "/home/usr1/flash/stored";
/// The sequence number of the last payment.
pub(crate) const SEQUENCE: &str = "/home/usr1/flash/sequence";
/// The icon of a link that is down (ICON-01).
pub const ICON_DISCONNECTED: &str = "/home/usr1/flash/www/images/wbs_disconnected.png";
/// The icon of a link that is up (ICON-02).
pub const ICON_CONNECTED: &str = "/home/usr1/flash/www/images/wbs_connected.png";

/// The files of a device's flash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flash {
    files: BTreeMap<String, Vec<u8>>,
    /// Number of writes, renames and removals so far.
    writes: u64,
}

impl Flash {
    /// A flash with these files, for a device as delivered or as set up.
    #[must_use]
    pub fn new(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self { files, writes: 0 }
    }

    /// The content of a file; `None` if it does not exist.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// The lines of a file; none if it does not exist or is not UTF-8.
    pub(crate) fn lines(&self, path: &str) -> impl Iterator<Item = &str> {
        self.read(path).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default().lines()
    }

    /// Removes the temporary files that a power cut has left behind.
    pub(crate) fn mend(&mut self, work: &mut Work<'_>) {
        let left: Vec<String> = self.files.keys().filter(|path| path.ends_with(BESIDE)).cloned().collect();
        for path in left {
            self.files.remove(&path);
            work.does(Effect::Flash(FlashChange::Remove { path }));
        }
    }

    /// Replaces a file atomically: if the power fails meanwhile, the old content stays.
    pub(crate) fn write(&mut self, work: &mut Work<'_>, path: &str, bytes: &[u8]) {
        let beside = format!("{path}{BESIDE}");
        if self.fails(work) {
            if !work.dark {
                self.files.insert(beside, bytes[..bytes.len() / 2].to_vec());
            }
            work.dark = true;
            return;
        }
        self.files.insert(beside.clone(), bytes.to_vec());
        work.does(Effect::Flash(FlashChange::Write { path: beside.clone(), bytes: bytes.to_vec() }));
        if self.fails(work) {
            work.dark = true;
            return;
        }
        self.files.remove(&beside);
        self.files.insert(path.to_owned(), bytes.to_vec());
        work.does(Effect::Flash(FlashChange::Rename { from: beside, to: path.to_owned() }));
    }

    /// Removes a file.
    pub(crate) fn remove(&mut self, work: &mut Work<'_>, path: &str) {
        if !self.files.contains_key(path) {
            return;
        }
        if self.fails(work) {
            work.dark = true;
            return;
        }
        self.files.remove(path);
        work.does(Effect::Flash(FlashChange::Remove { path: path.to_owned() }));
    }

    /// Writes lines to a file, or removes it if there are none.
    pub(crate) fn write_lines(&mut self, work: &mut Work<'_>, path: &str, lines: &[String]) {
        if lines.is_empty() {
            self.remove(work, path);
        } else {
            self.write(work, path, (lines.join("\n") + "\n").as_bytes());
        }
    }

    /// Whether the power is off or fails at this step.
    fn fails(&mut self, work: &Work<'_>) -> bool {
        if !work.dark {
            self.writes += 1;
        }
        work.dark || self.writes == work.settings.power_cut_at_flash_write
    }

    /// Whether a path is one of a file on the flash.
    #[must_use]
    pub fn holds(path: &str) -> bool {
        path.strip_prefix(ROOT).is_some_and(|rest| rest.starts_with('/') && !rest.contains("/../"))
    }
}

/// The suffix of temporary files.
const BESIDE: &str = ".new";
