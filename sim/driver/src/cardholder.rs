//! The cardholder's actions at a terminal, and the card that stays in its reader.

use std::rc::Rc;

use sca_core::{Cardholder, Input, Terminal};
use sca_judge::record::Entry;
use sca_judge::script::asks;
use sca_judge::verdict::Failure;
use sca_model::Span;
use sca_model::{CardholderAct, Step};
use sca_protocol::cards::Entry as Direction;
use sca_protocol::screens::ScreenName;

use crate::state::World;
use crate::stop::Stop;

impl<C: Terminal> World<'_, C> {
    /// Performs a cardholder's action; the step fails if the terminal is not in a state that allows it.
    pub(super) fn cardholder(&mut self, step: &Rc<Step>, who: usize, act: &CardholderAct) -> Result<(), Stop> {
        if self.is_done_by_person(step) {
            self.note(step);
            return Ok(());
        }
        let screen = self.parties.lanes[who].face.what.screen.name;
        if let Some(failure) = self.cannot(step.span, who, act, screen) {
            return if self.script.is_relaxed() { Ok(()) } else { Err(Stop::Failed(Box::new(failure))) };
        }
        self.note(step);
        let said = self.said(step);
        let act = match act {
            CardholderAct::Presses(key) => Cardholder::Presses(key.clone()),
            CardholderAct::Enters(text) => Cardholder::Enters(text.clone()),
            CardholderAct::Presents(card, entry) => Cardholder::Presents(card, *entry),
            CardholderAct::Removes => Cardholder::Removes,
            CardholderAct::Signs => Cardholder::Signs,
        };
        // Inserting or removing a card always has an effect, even if the terminal shows no reaction.
        let moved = match &act {
            Cardholder::Removes => Some(None),
            Cardholder::Presents(card, Direction::Inserted) => Some(Some(card.name)),
            _ => None,
        };
        let is_ahead = matches!(moved, Some(Some(_))) && !asks(screen);
        self.parties.terminals[who].device.in_slot = moved.unwrap_or(self.parties.terminals[who].device.in_slot);
        let before = (
            self.connections.orders,
            self.parties.lanes[who].face.sequence,
            self.parties.terminals[who].terminal.deadline(),
        );
        self.tell(who, Input::Cardholder(act))?;
        let is_same = before
            == (
                self.connections.orders,
                self.parties.lanes[who].face.sequence,
                self.parties.terminals[who].terminal.deadline(),
            );
        let is_idle = is_same && !is_ahead && moved != Some(None);
        let now = self.now();
        let comment = match () {
            () if is_ahead => Some("the card is in the slot, before it is asked for"),
            () if is_idle => Some("the terminal ignored the cardholder's action"),
            () => None,
        };
        if let Some(comment) = comment {
            self.book.record.push(now, Entry::Comment(comment.to_owned()));
        }
        self.script.idle_act = is_idle.then_some((now, said));
        Ok(())
    }

    /// Why the cardholder cannot perform this action now; `None` if they can.
    fn cannot(&self, span: Span, who: usize, act: &CardholderAct, screen: ScreenName) -> Option<Failure> {
        let no = |what: &str, how: &str| Some(Failure::at(span, what).label("not possible now").note(how));
        match (act, self.parties.terminals[who].device.in_slot) {
            (CardholderAct::Removes, None) => {
                return no("no card is in the slot", "only a card that was inserted can be removed");
            }
            (CardholderAct::Presents(_, Direction::Inserted), Some(card)) => {
                return no(&format!("{card} is already in the slot"), "`cardholder removes` removes it first");
            }
            // A card can be inserted before the terminal asks for it, and removed at any time.
            (CardholderAct::Removes, Some(_)) => return None,
            (CardholderAct::Presents(_, Direction::Inserted), None) if screen != ScreenName::Off => return None,
            _ if asks(screen) => return None,
            _ => {}
        }
        let failure = Failure::at(span, "the terminal does not ask for a cardholder action").label("not possible now");
        let whose = if self.parties.terminals.len() > 1 {
            format!(" of {}", self.parties.terminals[who].name)
        } else {
            String::new()
        };
        let failure = failure.note(format!("the screen{whose} is {screen}"));
        let failure = match self.parties.lanes.iter().find(|lanes| asks(lanes.face.what.screen.name)) {
            Some(other) => failure.note(format!("{} does ask: write `{0}: cardholder …` to act there", other.name)),
            None => failure,
        };
        let how = "a cardholder acts at once: first wait until the terminal asks, for example with `screen card-entry`";
        Some(failure.note(how))
    }
}
