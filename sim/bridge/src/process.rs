//! The process of a core: one line in, one line out, each with a limit of real time.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sca_environment::device::process::{Log, Started, kill_group};

/// Maximum size of a line of a core, in bytes.
const LINE_MAX: u64 = 16 << 20;

/// Why a core gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcessError {
    /// It cannot be started.
    #[error("it cannot be started: {0}")]
    Start(String),
    /// It gave no answer in time.
    #[error("it gave no answer within {} s{}", .0.as_secs_f64(), .1)]
    Late(Duration, &'static str),
    /// It has exited, or closed its standard output.
    #[error("{0}")]
    Gone(String),
    /// It wrote a line without being asked.
    #[error("it wrote a line without being asked: {0}")]
    Unasked(String),
}

/// A running core.
pub struct Process {
    started: Started,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    watch: Arc<Watch>,
    limit: Duration,
}

/// What the watchdog of a process looks at: an answer that is due is read without a limit of its own, so that it costs
/// no more than the reading; if the answer is late, the watchdog kills the process, and the reading ends.
#[derive(Default)]
struct Watch {
    /// Number of questions asked; odd while an answer is due.
    turns: AtomicU64,
    /// Whether the watchdog has killed the process.
    is_late: AtomicBool,
    /// Whether the process is over, and with it the watch.
    is_over: AtomicBool,
}

/// How often the watchdog looks within the limit of an answer.
const LOOKS: u32 = 10;
/// How many times the limit the first answer of a process may take.
const START: u32 = 6;

impl Watch {
    fn begin(self: &Arc<Self>, group: u32, limit: Duration) {
        let watch = self.clone();
        std::thread::spawn(move || {
            let (mut seen, mut looks) = (0, 0);
            while !watch.is_over.load(Ordering::Acquire) {
                std::thread::park_timeout(limit / LOOKS);
                let turns = watch.turns.load(Ordering::Acquire);
                looks = if turns == seen && turns % 2 == 1 { looks + 1 } else { 0 };
                seen = turns;
                // A process that has just been started answers later: a virtual machine has to come up.
                let most = if turns == 1 { LOOKS * START } else { LOOKS };
                if looks >= most {
                    watch.is_late.store(true, Ordering::Release);
                    return kill_group(group);
                }
            }
        });
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.watch.is_over.store(true, Ordering::Release);
    }
}

impl Process {
    /// Starts a core. `limit` is what each answer may take, in real time.
    ///
    /// # Errors
    /// [`ProcessError::Start`].
    pub fn start(command: &str, limit: Duration) -> Result<Self, ProcessError> {
        let started = Started::with_pipes(command, &Arc::new(Log::new(None)));
        let (started, input, output) = started.map_err(|error| ProcessError::Start(error.to_string()))?;
        let watch = Arc::new(Watch::default());
        watch.begin(started.group(), limit);
        Ok(Self { started, input, output: BufReader::with_capacity(64 << 10, output), watch, limit })
    }

    /// Asks a question and waits for the answer. The line has no line end.
    ///
    /// # Errors
    /// [`ProcessError`], after which the process is of no more use.
    pub fn ask(&mut self, question: &str) -> Result<String, ProcessError> {
        if let Some(line) = self.unasked() {
            return Err(ProcessError::Unasked(line));
        }
        let mut line = Vec::with_capacity(question.len() + 1);
        line.extend_from_slice(question.as_bytes());
        line.push(b'\n');
        self.watch.turns.fetch_add(1, Ordering::AcqRel);
        let written = self.input.write_all(&line).and_then(|()| self.input.flush());
        let answer = if written.is_ok() { read_line(&mut self.output) } else { None };
        self.watch.turns.fetch_add(1, Ordering::AcqRel);
        match answer {
            _ if self.watch.is_late.load(Ordering::Acquire) => {
                let is_first = self.watch.turns.load(Ordering::Acquire) == 2;
                let came = if answer.is_some() { ": what it wrote has no line end" } else { "" };
                Err(ProcessError::Late(if is_first { self.limit * START } else { self.limit }, came))
            }
            Some(Ok(line)) => Ok(line),
            Some(Err(why)) => Err(ProcessError::Gone(why)),
            None => Err(self.gone()),
        }
    }

    /// What the core has written although nothing was asked.
    fn unasked(&mut self) -> Option<String> {
        let is_there = !self.output.buffer().is_empty() || has_input(self.output.get_ref());
        let line = is_there.then(|| read_line(&mut self.output)).flatten()?;
        Some(shortened(&line.unwrap_or_else(|why| why)))
    }

    fn gone(&mut self) -> ProcessError {
        // Its output has ended; the exit follows at once if it follows at all.
        let how = (0..20).find_map(|_| {
            let ended = self.started.ended();
            if ended.is_none() {
                std::thread::park_timeout(Duration::from_millis(10));
            }
            ended
        });
        ProcessError::Gone(match how {
            Some(ended) => {
                // The shell shows a signal as an exit status over 128.
                let status = ended.how.strip_prefix("exit status: ").and_then(|status| status.parse::<i32>().ok());
                match status.filter(|status| *status > 128) {
                    Some(status) => format!("it was ended by signal {}", status - 128),
                    None => format!("it exited with {}", ended.how),
                }
            }
            None => "it closed its standard output".to_owned(),
        })
    }

    /// Ends the process; the last lines of its standard error, with card numbers masked.
    #[must_use]
    pub fn last_lines(&mut self) -> Vec<String> {
        self.started.last_lines()
    }
}

/// Whether there is something to read now.
fn has_input(output: &ChildStdout) -> bool {
    let mut polled = [PollFd::new(output, PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut polled, Some(&now)).is_ok_and(|ready| ready > 0) && polled[0].revents().contains(PollFlags::IN)
}

/// One line without its end; the error says that it is too long or no text.
fn read_line(output: &mut impl BufRead) -> Option<Result<String, String>> {
    let mut bytes = Vec::new();
    match output.take(LINE_MAX).read_until(b'\n', &mut bytes) {
        Ok(0) | Err(_) => None,
        Ok(size) if size as u64 == LINE_MAX => Some(Err(format!("its answer is longer than {LINE_MAX} bytes"))),
        Ok(_) => {
            while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                bytes.pop();
            }
            Some(String::from_utf8(bytes).map_err(|_| "its answer is not UTF-8".to_owned()))
        }
    }
}

/// A line as a message shows it.
pub(crate) fn shortened(line: &str) -> String {
    let short: String = line.chars().take(400).collect();
    if short.len() < line.len() { format!("{short}… ({} bytes)", line.len()) } else { short }
}
