//! A client core in another process.

use std::time::Duration;

use sca_core::{ClientCore, CoreConfig, CoreInput, CoreOutput, CoreSettings, Layer, Trouble};
use sca_protocol::{Now, UnixTime};

use crate::asker::{Asker, seed};
use crate::convert::{Origin, input, output, settings};
use crate::cores::Cores;
use crate::lines::{Init, InputLine, Introduction, Level};

/// A client core in another process. Whatever goes wrong with it is its [`trouble`](ClientCore::trouble); after that it
/// says nothing more.
pub struct ForeignCore {
    asker: Asker,
    config: CoreConfig,
    layer: Layer,
    /// The last time that it was told.
    now: Now,
    closes: u64,
}

impl ForeignCore {
    /// Takes a process and begins a new world in it.
    #[must_use]
    pub fn new(cores: &Cores, config: CoreConfig) -> Self {
        let init = Init {
            level: cores.level(),
            index: config.index,
            seed: seed(config.chance, config.index),
            settings: settings(&config.settings),
            terminal: None,
        };
        let (asker, _) = Asker::new(cores, init);
        let layer = if cores.level() == Level::Bytes { Layer::Bytes } else { Layer::Documents };
        let now = Now { since_start: Duration::ZERO, wall: UnixTime(0) };
        Self { asker, config, layer, now, closes: 0 }
    }

    /// How the core introduced itself; none if it did not get that far.
    #[must_use]
    pub fn introduction(&self) -> Option<&Introduction> {
        self.asker.introduction()
    }

    fn tell(&mut self, line: InputLine) -> Vec<CoreOutput> {
        let Some(told) = self.asker.tell(self.now, line) else { return Vec::new() };
        let origin = Origin { settings: &self.config.settings, layer: self.layer };
        let mut all = Vec::with_capacity(told.outputs.len());
        for one in told.outputs {
            self.closes += 1;
            let mask = self.config.chance.stream("foreign mask", &[self.config.index, self.closes]).bytes();
            match output(one, &origin, mask) {
                Ok(one) => all.push(one),
                Err(why) => {
                    self.asker.fails(&told.lines.0, &told.lines.1, &why);
                    return Vec::new();
                }
            }
        }
        all
    }
}

impl ClientCore for ForeignCore {
    fn handle(&mut self, now: Now, what: CoreInput) -> Vec<CoreOutput> {
        self.now = now;
        self.tell(input(what))
    }

    fn deadline(&self) -> Option<Duration> {
        self.asker.deadline()
    }

    fn configure(&mut self, changed: CoreSettings) {
        if self.trouble().is_some() || changed == self.config.settings {
            return;
        }
        self.config.settings = changed;
        let line = InputLine::Configure { settings: Box::new(settings(&self.config.settings)), terminal: None };
        if !self.tell(line).is_empty() {
            self.asker.fails("configure", "", "a core says nothing when its settings change");
        }
    }

    fn trouble(&self) -> Option<Trouble> {
        self.asker.trouble()
    }
}
