//! A program under test: started in a group of its own, so that all that it starts ends with it, and heard, so that it can be
//! told why it failed.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use sca_protocol::pan;

use crate::files;

/// The groups that are running, for whoever has to end in the middle.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Bytes of a line that are kept.
const LINE_MAX: u64 = 64 << 10;

/// Ends every program that is running, as whoever is interrupted has to.
pub fn end_all() {
    for group in std::mem::take(&mut *RUNNING.lock().unwrap_or_else(PoisonError::into_inner)) {
        kill(group);
    }
    files::remove_kept();
}

fn kill(group: u32) {
    let to = format!("-{group}");
    let quiet = || Stdio::null();
    // A group that has ended cannot be ended again.
    drop(Command::new("kill").args(["-KILL", "--", &to]).stdin(quiet()).stdout(quiet()).stderr(quiet()).status());
}

/// Where what programs print is appended, without card numbers.
pub(super) struct Log(Option<PathBuf>);

impl Log {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self(path)
    }

    fn append(&self, line: &str) {
        if let Some(path) = &self.0 {
            // What cannot be written is no reason to end a run.
            drop(files::append_private(path).and_then(|mut file| file.write_all(line.as_bytes())));
        }
    }
}

/// A program that runs.
pub(super) struct Started {
    child: Child,
    /// The last line it has printed.
    last: Arc<Mutex<String>>,
}

impl Started {
    /// Starts a command of a shell.
    pub(super) fn new(command: &str, log: &Arc<Log>) -> io::Result<Self> {
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(format!("{{ {command}\n}} 2>&1"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()?;
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).insert(child.id());
        let last = Arc::new(Mutex::new(String::new()));
        if let Some(output) = child.stdout.take() {
            let (last, log) = (last.clone(), log.clone());
            std::thread::spawn(move || hear(output, &last, &log));
        }
        Ok(Self { child, last })
    }

    /// How it has ended, where it has ended badly by itself.
    pub(super) fn failed(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten().filter(|status| !status.success())?;
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let said = if last.is_empty() { String::new() } else { format!(": {}", last.trim_end()) };
        Some(format!("it ended with {status}{said}"))
    }

    /// How it has ended, once it has.
    pub(super) fn ended(&mut self) -> Option<bool> {
        self.child.try_wait().ok().flatten().map(|status| status.success())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        kill(self.child.id());
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.child.id());
        // It is dead; what is left is to be told so by the system.
        drop(self.child.wait());
    }
}

/// Keeps what a program prints, line by line.
fn hear(output: impl Read, last: &Mutex<String>, log: &Log) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        match (&mut output).take(LINE_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                let text = pan::masked(&text);
                log.append(&text);
                if !text.trim().is_empty() {
                    *last.lock().unwrap_or_else(PoisonError::into_inner) = text.into_owned();
                }
            }
        }
    }
}
