//! The flash of a device: files that survive power off, each old or new and never half.
//!
//! A file is written beside the old one and then takes its name. The power may fail in the middle of either; whatever is
//! left beside is taken away at the next start.

use std::collections::BTreeMap;

use crate::event::FlashOp;
use crate::work::{Deed, Work};

/// Where everything lies.
const ROOT: &str = "/home/usr1/flash";

/// The parameters of the device.
pub(crate) const CONFIG: &str = "/home/usr1/flash/config.usr1";
/// The registered POS with their counters.
pub(crate) const REGISTRATIONS: &str = "/home/usr1/flash/registrations";
/// The answer of the last payment.
pub(crate) const LAST_TRANSACTION: &str = "/home/usr1/flash/last_tran.xml";
/// What the last payments were, for the duplicate rule.
pub(crate) const HISTORY: &str = "/home/usr1/flash/history";
/// The payment that is with the host.
pub(crate) const IN_FLIGHT: &str = "/home/usr1/flash/in_flight.xml";
/// Payments that have to be taken back.
pub(crate) const REVERSALS: &str = "/home/usr1/flash/reversals";
/// Transactions that wait for the host.
pub(crate) const STORED: &str = "/home/usr1/flash/stored";
/// How many payments there have been.
pub(crate) const SEQUENCE: &str = "/home/usr1/flash/sequence";
/// The icon of a link that is down (ICON-01).
pub const ICON_DISCONNECTED: &str = "/home/usr1/flash/www/images/wbs_disconnected.png";
/// The icon of a link that is up (ICON-02).
pub const ICON_CONNECTED: &str = "/home/usr1/flash/www/images/wbs_connected.png";

/// The files of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flash {
    files: BTreeMap<String, Vec<u8>>,
    /// How many writes there have been.
    writes: u64,
}

impl Flash {
    /// A flash with these files, as a device is delivered or set up.
    #[must_use]
    pub fn new(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self { files, writes: 0 }
    }

    /// The bytes of a file.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// A file as lines of text.
    pub(crate) fn lines(&self, path: &str) -> impl Iterator<Item = &str> {
        self.read(path).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default().lines()
    }

    /// Takes away what a power cut has left beside the files.
    pub(crate) fn mend(&mut self, work: &mut Work<'_>) {
        let left: Vec<String> = self.files.keys().filter(|path| path.ends_with(BESIDE)).cloned().collect();
        for path in left {
            self.files.remove(&path);
            work.does(Deed::Flash(FlashOp::Remove { path }));
        }
    }

    /// Puts a file in the place of what was there.
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
        work.does(Deed::Flash(FlashOp::Write { path: beside.clone(), bytes: bytes.to_vec() }));
        if self.fails(work) {
            work.dark = true;
            return;
        }
        self.files.remove(&beside);
        self.files.insert(path.to_owned(), bytes.to_vec());
        work.does(Deed::Flash(FlashOp::Rename { from: beside, to: path.to_owned() }));
    }

    /// Takes a file away.
    pub(crate) fn remove(&mut self, work: &mut Work<'_>, path: &str) {
        if !self.files.contains_key(path) {
            return;
        }
        if self.fails(work) {
            work.dark = true;
            return;
        }
        self.files.remove(path);
        work.does(Deed::Flash(FlashOp::Remove { path: path.to_owned() }));
    }

    /// Writes lines, or takes the file away where there are none.
    pub(crate) fn write_lines(&mut self, work: &mut Work<'_>, path: &str, lines: &[String]) {
        if lines.is_empty() {
            self.remove(work, path);
        } else {
            self.write(work, path, (lines.join("\n") + "\n").as_bytes());
        }
    }

    /// Whether the power is gone, or fails with this write.
    fn fails(&mut self, work: &Work<'_>) -> bool {
        if !work.dark {
            self.writes += 1;
        }
        work.dark || self.writes == work.settings.power_cut_at_flash_write
    }

    /// Whether a name may stand for a file of the flash.
    #[must_use]
    pub fn holds(path: &str) -> bool {
        path.strip_prefix(ROOT).is_some_and(|rest| rest.starts_with('/') && !rest.contains("/../"))
    }
}

/// The ending of a file that is being written.
const BESIDE: &str = ".new";
