//! The flash of a device: files that survive power off, with writes that are atomic.
//!
//! A file is written under a temporary name, then renamed over the old one. The power may fail in the middle of either
//! step; temporary files that remain are removed at the next start.

use std::collections::BTreeMap;

/// The root of all files on the flash.
const ROOT: &str = "/home/usr1/flash";

/// The icon of a link that is down (ICON-01).
pub const ICON_DISCONNECTED: &str = "/home/usr1/flash/www/images/wbs_disconnected.png";
/// The icon of a link that is up (ICON-02).
pub const ICON_CONNECTED: &str = "/home/usr1/flash/www/images/wbs_connected.png";

/// A change of the flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlashChange {
    /// A file has been written, replacing its old content.
    Write {
        /// The path.
        path: String,
        /// The whole content.
        bytes: Vec<u8>,
    },
    /// A file has been renamed, replacing any file of that name.
    Rename {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A file has been removed.
    Remove {
        /// The path.
        path: String,
    },
}

/// What happens beside a write to the flash: who is told of the change, and whether the power fails.
pub trait FlashLog {
    /// The number of the write, from 1, at which the power fails; 0 if it never does.
    fn power_cut_at_write(&self) -> u64;
    /// Whether the power has failed; nothing is written any more.
    fn is_dark(&self) -> bool;
    /// The power fails now.
    fn goes_dark(&mut self);
    /// A change has been made.
    fn changed(&mut self, change: FlashChange);
}

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

    /// Every file with its content, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// The content of a file; `None` if it does not exist.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// The lines of a file; none if it does not exist or is not UTF-8.
    pub fn lines(&self, path: &str) -> impl Iterator<Item = &str> {
        self.read(path).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default().lines()
    }

    /// Removes the temporary files that a power cut has left behind.
    pub fn mend(&mut self, log: &mut dyn FlashLog) {
        let left: Vec<String> = self.files.keys().filter(|path| path.ends_with(BESIDE)).cloned().collect();
        for path in left {
            self.files.remove(&path);
            log.changed(FlashChange::Remove { path });
        }
    }

    /// Replaces a file atomically: if the power fails meanwhile, the old content stays.
    pub fn write(&mut self, log: &mut dyn FlashLog, path: &str, bytes: &[u8]) {
        let beside = format!("{path}{BESIDE}");
        if self.fails(log) {
            if !log.is_dark() {
                self.files.insert(beside, bytes[..bytes.len() / 2].to_vec());
            }
            log.goes_dark();
            return;
        }
        self.files.insert(beside.clone(), bytes.to_vec());
        log.changed(FlashChange::Write { path: beside.clone(), bytes: bytes.to_vec() });
        if self.fails(log) {
            log.goes_dark();
            return;
        }
        self.files.remove(&beside);
        self.files.insert(path.to_owned(), bytes.to_vec());
        log.changed(FlashChange::Rename { from: beside, to: path.to_owned() });
    }

    /// Removes a file.
    pub fn remove(&mut self, log: &mut dyn FlashLog, path: &str) {
        if !self.files.contains_key(path) {
            return;
        }
        if self.fails(log) {
            log.goes_dark();
            return;
        }
        self.files.remove(path);
        log.changed(FlashChange::Remove { path: path.to_owned() });
    }

    /// Writes lines to a file, or removes it if there are none.
    pub fn write_lines(&mut self, log: &mut dyn FlashLog, path: &str, lines: &[String]) {
        if lines.is_empty() {
            self.remove(log, path);
        } else {
            self.write(log, path, (lines.join("\n") + "\n").as_bytes());
        }
    }

    /// Whether the power is off or fails at this step.
    fn fails(&mut self, log: &dyn FlashLog) -> bool {
        if !log.is_dark() {
            self.writes += 1;
        }
        log.is_dark() || self.writes == log.power_cut_at_write()
    }

    /// Whether a path is one of a file on the flash.
    #[must_use]
    pub fn holds(path: &str) -> bool {
        path.strip_prefix(ROOT).is_some_and(|rest| rest.starts_with('/') && !rest.contains("/../"))
    }
}

/// The suffix of temporary files.
const BESIDE: &str = ".new";
