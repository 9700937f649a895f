//! Bans and demands that stand for a while: `throughout` and `without`.

use sca_core::{Display, LinkReport};
use sca_model::Span;
use sca_model::{Message, Pattern, Show, Source, Suffix};
use sca_protocol::{Line, Request};

use crate::lanes::{Control, Data, Lanes};
use crate::matching;
use crate::matching::Names;
use crate::observation::Observation;
use crate::verdict::Failure;

/// A ban or a demand that stands for a while.
#[derive(Debug)]
pub enum Guard {
    Throughout(usize, Show, Span),
    Without(Source, Pattern, Span),
    /// One that an injected fault has excused.
    Excused,
}

/// All that stand now, and what lines above have named.
pub struct Guarded<'a> {
    pub guards: &'a [Guard],
    pub names: &'a Names,
}

impl Guarded<'_> {
    /// Holds an observation against the rules: every `throughout` of a display, every `without` of the rest.
    ///
    /// # Errors
    /// The failure of the first rule that it breaks.
    pub fn check(&self, who: usize, observation: &Observation) -> Result<(), Box<Failure>> {
        match observation {
            Observation::Display(display) => self.face(who, display),
            Observation::Data(data) => self.data(who, data),
            Observation::Link(report) => self.link(who, *report),
            Observation::Control(control, _) => self.control(who, control),
            Observation::Http { text, .. } => self.http(who, text),
            Observation::ToHost(line, request) => self.to_host(who, *line, request),
            // The language has no rule that names the proxy.
            Observation::Proxied(_) => Ok(()),
        }
    }

    /// Says of a new face whether every `throughout` still holds.
    fn face(&self, who: usize, face: &Display) -> Result<(), Box<Failure>> {
        for guard in self.guards {
            if let Guard::Throughout(of, show, span) = guard
                && *of == who
                && let Err(mismatch) = matching::shows(show, face, self.names)
            {
                return Err(Box::new(Failure::at(*span, "this did not hold throughout").label(mismatch.label)));
            }
        }
        Ok(())
    }

    /// The same of what all terminals show.
    pub fn all_displays(&self, lanes: &[Lanes]) -> Result<(), Box<Failure>> {
        lanes.iter().enumerate().try_for_each(|(who, lanes)| self.face(who, &lanes.face.what))
    }

    /// Says of a message whether a `without` forbids it.
    fn data(&self, who: usize, data: &Data) -> Result<(), Box<Failure>> {
        self.watch(|source, pattern| {
            *source == Source::ToPos(who)
                && pattern
                    .0
                    .as_ref()
                    .is_none_or(|message| matching::data(message, &Suffix::default(), data, who, self.names).is_ok())
        })
    }

    /// Says of a control frame whether a `without` forbids it.
    fn control(&self, who: usize, got: &Control) -> Result<(), Box<Failure>> {
        self.watch(|source, pattern| {
            *source == Source::ToBroker(who) && pattern.0.as_ref().is_none_or(|message| matching::control(message, got))
        })
    }

    /// Says of a request for the upgrade whether a `without` forbids it.
    fn http(&self, who: usize, text: &str) -> Result<(), Box<Failure>> {
        self.watch(|source, pattern| {
            *source == Source::ToBroker(who)
                && pattern.0.as_ref().is_none_or(|message| match message {
                    Message::Http(lines) => matching::http::http(lines, false, text, self.names).is_ok(),
                    _ => false,
                })
        })
    }

    /// Says of a document to a host whether a `without` forbids it.
    fn to_host(&self, who: usize, line: Line, request: &Request) -> Result<(), Box<Failure>> {
        self.watch(|source, pattern| {
            *source == Source::ToHost(who, line)
                && pattern.0.as_ref().is_none_or(|m| matching::to_host(m, request, self.names).is_ok())
        })
    }

    /// Says of what the link did whether a `without` forbids it.
    fn link(&self, who: usize, seen: LinkReport) -> Result<(), Box<Failure>> {
        self.watch(|source, _| matches!(source, Source::Link(of, wanted) if *of == who && matching::link(wanted, seen)))
    }

    fn watch(&self, forbidden: impl Fn(&Source, &Pattern) -> bool) -> Result<(), Box<Failure>> {
        for guard in self.guards {
            if let Guard::Without(source, pattern, span) = guard
                && forbidden(source, pattern)
            {
                return Err(Box::new(Failure::at(*span, "this was seen all the same").label("forbidden here")));
            }
        }
        Ok(())
    }
}
