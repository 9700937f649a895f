//! A client core in another process.

use std::time::Duration;

use sca_core::{ClientCore, CoreConfig, CoreInput, CoreOutput, CoreSettings, Layer, Trouble};
use sca_judge::mask::told;
use sca_protocol::{Chance, Now};

use crate::convert::{Origin, input, nanos, output, settings};
use crate::cores::{Cores, Exchange};
use crate::lines::{Answer, CORE_PROTOCOL, Init, InputLine, Introduction, Level, Question};
use crate::pinned::Pinned;
use crate::process::{Process, ProcessError, shortened};
use crate::withheld::{without_bytes, without_keys};

/// A client core in another process. Whatever goes wrong with it is its [`trouble`](ClientCore::trouble); after that it
/// says nothing more.
pub struct ForeignCore {
    cores: Cores,
    /// None once it is in trouble.
    process: Option<Process>,
    config: CoreConfig,
    introduction: Option<Introduction>,
    deadline: Option<Duration>,
    trouble: Option<Trouble>,
    /// The last time that it was told.
    now: Now,
    closes: u64,
    /// Dropped last: a process is handed back on the processor that it runs on.
    _pinned: Pinned,
}

impl ForeignCore {
    /// Takes a process and begins a new world in it.
    #[must_use]
    pub fn new(cores: &Cores, config: CoreConfig) -> Self {
        let now = Now { since_start: Duration::ZERO, wall: sca_protocol::UnixTime(0) };
        let mut core = Self {
            cores: cores.clone(),
            process: None,
            introduction: None,
            deadline: None,
            trouble: None,
            now,
            closes: 0,
            config,
            _pinned: Pinned::new(),
        };
        match cores.process() {
            Ok(process) => core.process = Some(process),
            Err(error) => core.fails("init", "", &error.to_string()),
        }
        let init = Init {
            level: cores.level(),
            index: core.config.index,
            seed: seed(core.config.chance, core.config.index),
            settings: settings(&core.config.settings),
        };
        match core.ask(&Question::Init { core_protocol: CORE_PROTOCOL, init: Box::new(init) }) {
            Some((_, _, Answer::Ok { ok, deadline })) if ok.level == cores.level() => {
                (core.introduction, core.deadline) = (Some(ok), deadline.map(Duration::from_nanos));
            }
            Some((question, line, Answer::Ok { .. })) => core.fails(&question, &line, "it plays another level"),
            Some((question, line, Answer::Outputs { .. })) => {
                core.fails(&question, &line, "`init` is answered by `ok`");
            }
            Some((_, _, Answer::Unsupported { .. })) | None => {}
        }
        core
    }

    /// How the core introduced itself; none if it did not get that far.
    #[must_use]
    pub fn introduction(&self) -> Option<&Introduction> {
        self.introduction.as_ref()
    }

    /// Asks a question; the question and the answer as lines, and the answer. None if there is trouble.
    fn ask(&mut self, question: &Question) -> Option<(String, String, Answer)> {
        let asked = serde_json::to_string(question).unwrap_or_default();
        let answered = self.process.as_mut()?.ask(&asked);
        if let Some(conversation) = self.cores.conversation() {
            let answer = answered.as_ref().map_or_else(|_| String::new(), Clone::clone);
            conversation.add(Exchange { index: self.config.index, question: asked.clone(), answer });
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

    /// The core is of no more use: why, the question and the answer, and what it said of it.
    fn fails(&mut self, question: &str, answer: &str, why: &str) {
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

    fn tell(&mut self, line: InputLine) -> Vec<CoreOutput> {
        let question = Question::Input { now: nanos(self.now.since_start), wall: self.now.wall.0, input: line };
        let Some((asked, line, answer)) = self.ask(&question) else { return Vec::new() };
        let Answer::Outputs { outputs, deadline } = answer else {
            self.fails(&asked, &line, "an input is answered by `outputs`");
            return Vec::new();
        };
        self.deadline = deadline.map(Duration::from_nanos);
        let layer = match self.cores.level() {
            Level::Documents => Layer::Documents,
            Level::Bytes => Layer::Bytes,
        };
        let settings = self.config.settings.clone();
        let origin = Origin { settings: &settings, layer };
        let mut all = Vec::with_capacity(outputs.len());
        for one in outputs {
            self.closes += 1;
            let mask = self.config.chance.stream("foreign mask", &[self.config.index, self.closes]).bytes();
            match output(one, &origin, mask) {
                Ok(one) => all.push(one),
                Err(why) => {
                    self.fails(&asked, &line, &why);
                    return Vec::new();
                }
            }
        }
        all
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
fn seed(chance: Chance, index: u64) -> String {
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

impl ClientCore for ForeignCore {
    fn handle(&mut self, now: Now, what: CoreInput) -> Vec<CoreOutput> {
        self.now = now;
        if self.trouble.is_some() {
            return Vec::new();
        }
        self.tell(input(what))
    }

    fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    fn configure(&mut self, changed: CoreSettings) {
        if self.trouble.is_some() || changed == self.config.settings {
            return;
        }
        self.config.settings = changed;
        let line = InputLine::Configure { settings: Box::new(settings(&self.config.settings)) };
        let outputs = self.tell(line);
        if !outputs.is_empty() {
            self.fails("configure", "", "a core says nothing when its settings change");
        }
    }

    fn trouble(&self) -> Option<Trouble> {
        self.trouble.clone()
    }
}

impl Drop for ForeignCore {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            self.cores.is_idle(process);
        }
    }
}
