//! A whole device in another process.

use std::time::Duration;

use sca_core::{
    ConnectionId, CoreSettings, Display, Input, Layer, Output, Screen, Target, Terminal, TerminalConfig, Trouble,
};
use sca_protocol::screens::ScreenName;
use sca_protocol::settings::TerminalSettings;
use sca_protocol::{Chance, Now, UnixTime};

use crate::asker::{Asker, seed};
use crate::convert::{report, settings};
use crate::cores::Cores;
use crate::device;
use crate::lines::{DisplayLine, Init, InputLine, Introduction, OutputLine};

/// A terminal in another process. Whatever goes wrong with it is its [`trouble`](Terminal::trouble); after that it says
/// nothing more, and its display stays as it is.
pub struct ForeignTerminal {
    asker: Asker,
    settings: TerminalSettings,
    target: Target,
    chance: Chance,
    index: u64,
    display: Display,
    /// The last time that it was told.
    now: Now,
    closes: u64,
}

impl ForeignTerminal {
    /// Takes a process and begins a new world in it.
    #[must_use]
    pub fn new(cores: &Cores, config: TerminalConfig) -> Self {
        let TerminalConfig { settings: chosen, target, chance, index, flash } = config;
        let init = Init {
            level: cores.level(),
            index,
            seed: seed(chance, index),
            settings: settings(&CoreSettings::of(&chosen, &target)),
            terminal: Some(Box::new(device::device(&chosen, &flash))),
        };
        let (asker, shown) = Asker::new(cores, init);
        let display = Display { screen: Screen::plain(ScreenName::Off), connected: false, icon: None };
        let now = Now { since_start: Duration::ZERO, wall: UnixTime(0) };
        let mut terminal = Self { asker, settings: chosen, target, chance, index, display, now, closes: 0 };
        if let Err(why) = terminal.shows(shown) {
            terminal.asker.fails("init", "", &why);
        }
        terminal
    }

    /// How the device introduced itself; none if it did not get that far.
    #[must_use]
    pub fn introduction(&self) -> Option<&Introduction> {
        self.asker.introduction()
    }

    /// Takes a display over, if there is one.
    fn shows(&mut self, shown: Option<DisplayLine>) -> Result<(), String> {
        if let Some(line) = shown {
            self.display = device::display_of(line)?;
        }
        Ok(())
    }

    fn tell(&mut self, line: InputLine) -> Vec<Output> {
        let Some(told) = self.asker.tell(self.now, line) else { return Vec::new() };
        let shown = self.shows(told.display);
        let read: Result<Vec<Output>, String> = told.outputs.into_iter().map(|one| self.output(one)).collect();
        match shown.and(read) {
            Ok(outputs) => outputs,
            Err(why) => {
                self.asker.fails(&told.lines.0, &told.lines.1, &why);
                Vec::new()
            }
        }
    }

    /// An output as a device says it.
    fn output(&mut self, line: OutputLine) -> Result<Output, String> {
        let connection = ConnectionId;
        Ok(match line {
            OutputLine::Report(one) => Output::LinkReport(report(&one, Layer::Documents)?),
            OutputLine::Dial { connection: number, host, port, secure, route } => {
                let (via, roots, keep_alive) = match route {
                    Some(route) => device::route_of(*route),
                    None => {
                        let usual = CoreSettings::of(&self.settings, &self.target);
                        (usual.via, usual.roots, usual.keep_alive)
                    }
                };
                let target = Target { host, port, secure };
                Output::Dial { connection: connection(number), target, via, keep_alive, roots, layer: Layer::Documents }
            }
            OutputLine::Request { connection: number, head } => {
                Output::Request { connection: connection(number), bytes: head.into_bytes() }
            }
            OutputLine::Open { connection: number } => Output::Open { connection: connection(number) },
            OutputLine::Text { connection: number, text } => Output::Text { connection: connection(number), text },
            OutputLine::Ping { connection: number, payload } => {
                let payload = payload.to_bytes().ok_or("the payload of `ping` is neither text nor base64")?;
                Output::Ping { connection: connection(number), payload }
            }
            OutputLine::Close { connection: number, code } => {
                self.closes += 1;
                let mask = self.chance.stream("foreign mask", &[self.index, self.closes]).bytes();
                Output::Close { connection: connection(number), code, mask }
            }
            OutputLine::Drop { connection: number } => Output::Drop { connection: connection(number) },
            OutputLine::Call { call, address } => Output::Call { call: device::call_of(&call)?, address },
            OutputLine::Say { call, text } => Output::Say { call: device::call_of(&call)?, text },
            OutputLine::HangUp { call } => Output::HangUp { call: device::call_of(&call)? },
            OutputLine::Listen { open } => Output::Listen(open),
            OutputLine::Flash(change) => Output::Flash(device::flash_change_of(change)?),
            OutputLine::Clock { wall } => Output::Clock(UnixTime(wall)),
            OutputLine::PowerLost {} => Output::PowerLost,
            OutputLine::Received { .. } | OutputLine::ReceivedBinary { .. } => {
                return Err("`received` is an output of a client core: a whole device keeps its documents".to_owned());
            }
            OutputLine::Bytes { .. } | OutputLine::End { .. } | OutputLine::Reset { .. } => {
                return Err("`bytes`, `end` and `reset` are outputs of the level `bytes`".to_owned());
            }
        })
    }
}

impl Terminal for ForeignTerminal {
    fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        self.now = now;
        self.tell(device::input(input))
    }

    fn deadline(&self) -> Option<Duration> {
        self.asker.deadline()
    }

    fn display(&self) -> Display {
        self.display.clone()
    }

    fn configure(&mut self, changed: TerminalSettings) {
        if self.trouble().is_some() || changed == self.settings {
            return;
        }
        self.settings = changed;
        let line = InputLine::Configure {
            settings: Box::new(settings(&CoreSettings::of(&self.settings, &self.target))),
            terminal: Some(device::settings_by_name(&self.settings)),
        };
        if !self.tell(line).is_empty() {
            self.asker.fails("configure", "", "a terminal says nothing when its settings change");
        }
    }

    fn trouble(&self) -> Option<Trouble> {
        self.asker.trouble()
    }
}
