//! A program under test: started in a group of its own, so that all that it starts ends with it, and heard, so that it can be
//! told why it failed.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use sca_protocol::pan;

use crate::files;

/// The groups that are running, for whoever has to end in the middle.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Lines that are kept of what a program has printed last.
const LINES_KEPT: usize = 10;
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

/// How a program has ended by itself, and what it printed last.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// As the system says it: `exit status: 3`.
    pub(crate) how: String,
    /// Its last lines, without card numbers.
    pub(crate) last: Vec<String>,
    /// Whether it says that all went well.
    pub(super) well: bool,
}

impl Ended {
    /// In one line.
    pub(super) fn told(&self) -> String {
        let said = self.last.last().map_or_else(String::new, |last| format!(": {last}"));
        format!("it ended with {}{said}", self.how)
    }
}

/// A program that runs.
pub(super) struct Started {
    child: Child,
    /// The last lines it has printed.
    last: Arc<Mutex<VecDeque<String>>>,
}

impl Started {
    /// Starts a command of a shell, with these variables in its environment.
    pub(super) fn new(command: &str, given: &[(String, String)], log: &Arc<Log>) -> io::Result<Self> {
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(format!("{{ {command}\n}} 2>&1"))
            .envs(given.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()?;
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).insert(child.id());
        let last = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(output) = child.stdout.take() {
            let (last, log) = (last.clone(), log.clone());
            std::thread::spawn(move || hear(output, &last, &log));
        }
        Ok(Self { child, last })
    }

    /// How it has ended, once it has.
    pub(super) fn ended(&mut self) -> Option<Ended> {
        let status = self.child.try_wait().ok().flatten()?;
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Ended { how: status.to_string(), last: last.iter().cloned().collect(), well: status.success() })
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
fn hear(output: impl Read, last: &Mutex<VecDeque<String>>, log: &Log) {
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
                    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                    if last.len() == LINES_KEPT {
                        last.pop_front();
                    }
                    last.push_back(text.trim_end().to_owned());
                }
            }
        }
    }
}
