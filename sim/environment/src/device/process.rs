//! A program under test: started in its own process group, so that its children end with it, and with its output
//! captured, so that a failure can be explained.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use sca_masking::pan;

/// The interval at which the harness checks whether a program has exited.
pub const LOOKS: Duration = Duration::from_millis(50);

/// The process groups that are running, to be killed on an interrupt.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Number of last output lines that are kept.
const LINES_KEPT: usize = 30;
/// Maximum number of bytes kept of a line.
const LINE_MAX: u64 = 64 << 10;

/// Kills every running program and removes the temporary files; called on an interrupt.
pub fn end_all() {
    for group in std::mem::take(&mut *RUNNING.lock().unwrap_or_else(PoisonError::into_inner)) {
        kill_group(group);
    }
    sca_files::remove_run_folders();
}

/// Kills a process group.
pub fn kill_group(group: u32) {
    let to = format!("-{group}");
    let quiet = || Stdio::null();
    // Errors are ignored: the group may have ended already.
    drop(Command::new("kill").args(["-KILL", "--", &to]).stdin(quiet()).stdout(quiet()).stderr(quiet()).status());
}

/// The file that collects the programs' output, with card numbers masked.
pub struct Log(Option<PathBuf>);

impl Log {
    /// A log that is written to a file, or nowhere.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self(path)
    }

    fn append(&self, line: &str) {
        if let Some(path) = &self.0 {
            // A log that cannot be written does not end the run.
            drop(sca_files::append_private(path).and_then(|mut file| file.write_all(line.as_bytes())));
        }
    }
}

/// How a program exited by itself, and its last output.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The exit status as the system words it: `exit status: 3`.
    pub how: String,
    /// Its last output lines, with card numbers masked.
    pub last: Vec<String>,
    /// Whether the exit status reports success.
    pub well: bool,
}

impl Ended {
    /// The same in one line.
    pub fn told(&self) -> String {
        let said = self.last.last().map_or_else(String::new, |last| format!(": {last}"));
        format!("it exited with {}{said}", self.how)
    }
}

/// A running program.
pub struct Started {
    child: Child,
    /// Who reads its output.
    reader: Option<JoinHandle<()>>,
    /// Its last output lines.
    last: Arc<Mutex<VecDeque<String>>>,
}

impl Started {
    /// Runs a shell command with these additional environment variables.
    pub fn new(command: &str, given: &[(String, String)], log: &Arc<Log>) -> io::Result<Self> {
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
        let reader = child.stdout.take().map(|output| {
            let (last, log) = (last.clone(), log.clone());
            std::thread::spawn(move || hear(output, &last, &log))
        });
        Ok(Self { child, reader, last })
    }

    /// Runs a shell command whose standard input and output are for the caller; its standard error is kept and logged.
    ///
    /// # Errors
    /// What the system says.
    pub fn with_pipes(command: &str, log: &Arc<Log>) -> io::Result<(Self, ChildStdin, ChildStdout)> {
        let mut child = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).insert(child.id());
        let last = Arc::new(Mutex::new(VecDeque::new()));
        let reader = child.stderr.take().map(|errors| {
            let (last, log) = (last.clone(), log.clone());
            std::thread::spawn(move || hear(errors, &last, &log))
        });
        let pipes = child.stdin.take().zip(child.stdout.take());
        let started = Self { child, reader, last };
        let (input, output) = pipes.ok_or_else(|| io::Error::other("it has no standard input or output"))?;
        Ok((started, input, output))
    }

    /// The number of its process group.
    pub fn group(&self) -> u32 {
        self.child.id()
    }

    /// Ends the program. Its last lines of output, or of standard error if the output is for the caller.
    pub fn last_lines(&mut self) -> Vec<String> {
        kill_group(self.child.id());
        // Its output has ended with it.
        if let Some(reader) = self.reader.take() {
            drop(reader.join());
        }
        self.last.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// How the program exited; `None` while it is running.
    pub fn ended(&mut self) -> Option<Ended> {
        let status = self.child.try_wait().ok().flatten()?;
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Ended { how: status.to_string(), last: last.iter().cloned().collect(), well: status.success() })
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        kill_group(self.child.id());
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.child.id());
        // The process has been killed; this collects its exit status.
        drop(self.child.wait());
    }
}

/// Keeps a program's output, line by line.
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
