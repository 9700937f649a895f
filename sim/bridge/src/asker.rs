//! Questions to a process, one by one: what a core or a terminal in another process is asked, and what goes wrong.

use std::time::Duration;

use sca_core::Trouble;
use sca_judge::mask::told;
use sca_protocol::{Chance, Now};

use crate::convert::nanos;
use crate::cores::{Cores, Exchange};
use crate::lines::{Answer, CORE_PROTOCOL, DisplayLine, Init, InputLine, Introduction, OutputLine, Question};
use crate::pinned::Pinned;
use crate::process::{Process, ProcessError, shortened};
use crate::withheld::{without_bytes, without_keys};

/// Asks one process the questions of one world. Whatever goes wrong is its trouble; after that nothing is asked.
pub(crate) struct Asker {
    cores: Cores,
    /// None once there is trouble.
    process: Option<Process>,
    index: u64,
    introduction: Option<Introduction>,
    deadline: Option<Duration>,
    trouble: Option<Trouble>,
    /// Dropped last: a process is handed back on the processor that it runs on.
    _pinned: Pinned,
}

/// What was answered to an input.
pub(crate) struct Told {
    pub(crate) outputs: Vec<OutputLine>,
    pub(crate) display: Option<DisplayLine>,
    /// The question and the answer as lines.
    pub(crate) lines: (String, String),
}

impl Asker {
    /// Takes a process and begins a new world in it.
    pub(crate) fn new(cores: &Cores, init: Init) -> (Self, Option<DisplayLine>) {
        let mut asker = Self {
            cores: cores.clone(),
            process: None,
            index: init.index,
            introduction: None,
            deadline: None,
            trouble: None,
            _pinned: Pinned::new(),
        };
        match cores.process() {
            Ok(process) => asker.process = Some(process),
            Err(error) => asker.fails("init", "", &error.to_string()),
        }
        let mut shown = None;
        match asker.ask(&Question::Init { core_protocol: CORE_PROTOCOL, init: Box::new(init) }) {
            Some((_, _, Answer::Ok { ok, deadline, display })) if ok.level == cores.level() => {
                (asker.introduction, asker.deadline) = (Some(ok), deadline.map(Duration::from_nanos));
                shown = display;
            }
            Some((question, line, Answer::Ok { .. })) => asker.fails(&question, &line, "it plays another level"),
            Some((question, line, Answer::Outputs { .. })) => {
                asker.fails(&question, &line, "`init` is answered by `ok`");
            }
            Some((_, _, Answer::Unsupported { .. })) | None => {}
        }
        (asker, shown)
    }

    pub(crate) fn introduction(&self) -> Option<&Introduction> {
        self.introduction.as_ref()
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.trouble.clone()
    }

    /// Gives an input to the process; None if there is trouble.
    pub(crate) fn tell(&mut self, now: Now, input: InputLine) -> Option<Told> {
        let question = Question::Input { now: nanos(now.since_start), wall: now.wall.0, input };
        let (asked, line, answer) = self.ask(&question)?;
        let Answer::Outputs { outputs, deadline, display } = answer else {
            self.fails(&asked, &line, "an input is answered by `outputs`");
            return None;
        };
        self.deadline = deadline.map(Duration::from_nanos);
        Some(Told { outputs, display, lines: (asked, line) })
    }

    /// Asks a question; the question and the answer as lines, and the answer. None if there is trouble.
    fn ask(&mut self, question: &Question) -> Option<(String, String, Answer)> {
        let asked = serde_json::to_string(question).unwrap_or_default();
        let answered = self.process.as_mut()?.ask(&asked);
        if let Some(conversation) = self.cores.conversation() {
            let answer = answered.as_ref().map_or_else(|_| String::new(), Clone::clone);
            conversation.add(Exchange { index: self.index, question: asked.clone(), answer });
        }
        let line = match answered {
            Ok(line) => line,
            Err(ProcessError::Unasked(line)) => {
                self.fails(&asked, &line, "it wrote this line without being asked");
                return None;
            }
            Err(error) => {
                self.fails(&asked, "", &error.to_string());
                return None;
            }
        };
        match serde_json::from_str::<Answer>(&line) {
            Ok(Answer::Unsupported { unsupported }) => {
                self.trouble = Some(Trouble::Unsupported(unsupported));
                // The process is in order: the next world may ask for less.
                if let Some(process) = self.process.take() {
                    self.cores.is_idle(process);
                }
                None
            }
            Ok(answer) => Some((asked, line, answer)),
            Err(_) => {
                self.fails(&asked, &line, &what_is_wrong(&line));
                None
            }
        }
    }

    /// The process is of no more use: why, the question and the answer, and what it said of it.
    pub(crate) fn fails(&mut self, question: &str, answer: &str, why: &str) {
        let mut text = format!("the core `{}` failed: {why}\n  question: {}", self.cores.command(), said(question));
        if !answer.is_empty() {
            text.push_str(&format!("\n  answer: {}", said(answer)));
        }
        let last = self.process.as_mut().map(Process::last_lines).unwrap_or_default();
        for line in &last {
            text.push_str(&format!("\n  standard error: {}", shortened(line)));
        }
        // Documents travel in these lines.
        self.trouble.get_or_insert(Trouble::Failed(told(&without_keys(&text)).into_owned()));
        self.process = None;
        self.deadline = None;
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            self.cores.is_idle(process);
        }
    }
}

/// A line as a message shows it: without keys and bytes, and not too long.
fn said(line: &str) -> String {
    let withheld = serde_json::from_str(line).map(|mut value| {
        without_bytes(&mut value);
        value.to_string()
    });
    shortened(&withheld.unwrap_or_else(|_| line.to_owned()))
}

/// The seed of a core, in hexadecimal.
pub(crate) fn seed(chance: Chance, index: u64) -> String {
    let bytes: [u8; 16] = chance.stream("foreign core", &[index]).bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is wrong with a line that is no answer.
fn what_is_wrong(line: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(line) {
        Err(error) => format!("its answer is not JSON: {error}"),
        Ok(value) => {
            let outputs = value.get("outputs").and_then(serde_json::Value::as_array);
            let odd = outputs.into_iter().flatten().find_map(|output| {
                let read = serde_json::from_value::<crate::lines::OutputLine>(output.clone());
                read.err().map(|error| format!("the output {} cannot be read: {error}", shortened(&output.to_string())))
            });
            let is_whole = value.get("deadline").is_none_or(|at| at.is_null() || at.is_u64());
            odd.unwrap_or_else(|| match value.as_object() {
                None => "its answer is not an object".to_owned(),
                Some(_) if !is_whole => {
                    format!("`deadline` is {}; expected a whole number of nanoseconds, or null", value["deadline"])
                }
                Some(answer) if answer.contains_key("ok") => {
                    "`ok` needs a `name` and the `level` that was asked for".to_owned()
                }
                Some(answer) if answer.contains_key("outputs") => "`outputs` is not a list of objects".to_owned(),
                Some(answer) => {
                    let keys: Vec<&str> = answer.keys().map(String::as_str).collect();
                    format!("its answer has neither `outputs` nor `ok` nor `unsupported`, but {}", keys.join(", "))
                }
            })
        }
    }
}
