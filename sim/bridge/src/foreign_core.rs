//! A client core in another process.

use std::time::Duration;

use sca_core::{
    ClientCore, ConnectionId, CoreConfig, CoreInput, CoreOutput, CoreSettings, Layer, LinkEvent, LinkReport, Trouble,
};
use sca_protocol::{Now, UnixTime};

use crate::asker::{Asker, seed};
use crate::convert::{Origin, input, output, settings};
use crate::cores::Cores;
use crate::lines::{Init, InputLine, Introduction, Level, OutputLine};

/// A client core in another process. Whatever goes wrong with it is its [`trouble`](ClientCore::trouble); after that it
/// says nothing more.
pub struct ForeignCore {
    asker: Asker,
    config: CoreConfig,
    layer: Layer,
    /// The last time that it was told.
    now: Now,
    closes: u64,
    /// The connection of bytes that the core has still to end.
    unended: Option<ConnectionId>,
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
        Self { asker, config, layer, now, closes: 0, unended: None }
    }

    /// How the core introduced itself; none if it did not get that far.
    #[must_use]
    pub fn introduction(&self) -> Option<&Introduction> {
        self.asker.introduction()
    }

    fn tell(&mut self, line: InputLine) -> Vec<CoreOutput> {
        let Some(told) = self.asker.tell(self.now, line) else { return Vec::new() };
        let read = self.read(told.outputs).and_then(|outputs| {
            let in_order = self.layer != Layer::Bytes || outputs.iter().all(|one| self.ends_first(one));
            let why = "`end` or `reset` comes before the report that a connection failed or was lost";
            in_order.then_some(outputs).ok_or_else(|| why.to_owned())
        });
        read.unwrap_or_else(|why| {
            self.asker.fails(&told.lines.0, &told.lines.1, &why);
            Vec::new()
        })
    }

    /// The outputs of lines.
    fn read(&mut self, lines: Vec<OutputLine>) -> Result<Vec<CoreOutput>, String> {
        let origin = Origin { settings: &self.config.settings, layer: self.layer };
        let mut all = Vec::with_capacity(lines.len());
        for one in lines {
            self.closes += 1;
            let mask = self.config.chance.stream("foreign mask", &[self.config.index, self.closes]).bytes();
            all.push(output(one, &origin, mask)?);
        }
        Ok(all)
    }

    /// Follows who has ended a connection of bytes. Whether a report comes in its order.
    fn ends_first(&mut self, output: &CoreOutput) -> bool {
        match output {
            CoreOutput::Dial { connection, .. } => self.unended = Some(*connection),
            CoreOutput::End { connection } | CoreOutput::Reset { connection } if self.unended == Some(*connection) => {
                self.unended = None;
            }
            CoreOutput::Report(LinkReport::Fails(_) | LinkReport::Loses) => return self.unended.is_none(),
            _ => {}
        }
        true
    }
}

impl ClientCore for ForeignCore {
    fn handle(&mut self, now: Now, what: CoreInput) -> Vec<CoreOutput> {
        self.now = now;
        if let CoreInput::Link { connection, event: LinkEvent::Failed(_) | LinkEvent::Reset } = &what {
            self.unended.take_if(|one| one == connection);
        }
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
