//! The JSON Lines report while a run is in progress, so that an interrupted run leaves the results so far. At the end
//! the complete report, in the order of the files, replaces it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sca_report::{Document, Kind, RunInfo};
use sca_suite::FileResult;

/// The open JSON Lines reports.
pub(super) struct Stream {
    about: RunInfo,
    files: Mutex<Vec<File>>,
}

impl Stream {
    /// Opens every JSON Lines report that goes to a file. One that cannot be opened is reported when the complete
    /// report is written.
    pub(super) fn begin(reports: &[(Kind, PathBuf)], about: RunInfo) -> Self {
        let lines = reports.iter().filter(|(kind, path)| *kind == Kind::JsonLines && path != Path::new("-"));
        let opened = lines.filter_map(|(_, path)| {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            folder.map_or(Ok(()), std::fs::create_dir_all).ok()?;
            OpenOptions::new().create(true).append(true).open(path).ok()
        });
        let mut files: Vec<File> = opened.filter(|file| file.metadata().is_ok_and(|meta| meta.is_file())).collect();
        if !files.is_empty() {
            let begin = sca_report::json_lines_begin(&Document::new(&[], about.clone(), |_| String::new()));
            files.retain_mut(|file| file.write_all(begin.as_bytes()).is_ok());
        }
        Self { about, files: Mutex::new(files) }
    }

    /// Appends the result of one scenario file.
    pub(super) fn one(&self, result: &FileResult, replay: impl Fn(&FileResult) -> String) {
        let Ok(mut files) = self.files.lock() else { return };
        if files.is_empty() {
            return;
        }
        let document = Document::new(&[result], self.about.clone(), replay);
        let lines: String = document.files.iter().map(sca_report::json_lines_of).collect();
        files.retain_mut(|file| file.write_all(lines.as_bytes()).is_ok());
    }
}
