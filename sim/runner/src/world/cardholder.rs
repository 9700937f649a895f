//! What a cardholder does at a terminal, and the card that stays in its slot.

use std::rc::Rc;

use sca_protocol::cards::Entry as Way;
use sca_protocol::screens::ScreenName;
use sca_scenario::Span;
use sca_scenario::model::{CardholderAct, Step};
use sca_terminal::{Cardholder, Input};

use super::{Stop, World};
use crate::core::Core;
use crate::record::Entry;
use crate::script::asks;
use crate::verdict::Failure;

impl<C: Core> World<'_, C> {
    /// A cardholder does something, where there is something to do it to.
    pub(super) fn cardholder(&mut self, step: &Rc<Step>, who: usize, act: &CardholderAct) -> Result<(), Stop> {
        if self.is_done_by_person(step) {
            self.note(step);
            return Ok(());
        }
        let screen = self.lanes[who].face.what.screen.name;
        if let Some(failure) = self.cannot(step.span, who, act, screen) {
            return if self.script.is_eased() { Ok(()) } else { Err(Stop::Failed(Box::new(failure))) };
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
        // What moves the card in the slot does something, whatever the terminal makes of it.
        let moved = match &act {
            Cardholder::Removes => Some(None),
            Cardholder::Presents(card, Way::Inserted) => Some(Some(card.name)),
            _ => None,
        };
        let is_ahead = matches!(moved, Some(Some(_))) && !asks(screen);
        self.actors[who].in_slot = moved.unwrap_or(self.actors[who].in_slot);
        let before = (self.orders, self.lanes[who].face.sequence, self.actors[who].core.deadline());
        self.tell(who, Input::Cardholder(act))?;
        let is_same = before == (self.orders, self.lanes[who].face.sequence, self.actors[who].core.deadline());
        let is_idle = is_same && !is_ahead && moved != Some(None);
        let now = self.now();
        let comment = match () {
            () if is_ahead => Some("the card waits in the slot"),
            () if is_idle => Some("nothing comes of what the cardholder did"),
            () => None,
        };
        if let Some(comment) = comment {
            self.record.push(now, Entry::Comment(comment.to_owned()));
        }
        self.script.idle_act = is_idle.then_some((now, said));
        Ok(())
    }

    /// Why a cardholder cannot do something now, if they cannot.
    fn cannot(&self, span: Span, who: usize, act: &CardholderAct, screen: ScreenName) -> Option<Failure> {
        let no = |what: &str, how: &str| Some(Failure::at(span, what).label("nothing to do this to").note(how));
        match (act, self.actors[who].in_slot) {
            (CardholderAct::Removes, None) => {
                return no("no card is in the slot", "only a card that was inserted can be removed");
            }
            (CardholderAct::Presents(_, Way::Inserted), Some(card)) => {
                return no(&format!("the slot holds {card} already"), "`cardholder removes` takes it out first");
            }
            // A card can be put in before it is asked for, and taken out at any time.
            (CardholderAct::Removes, Some(_)) => return None,
            (CardholderAct::Presents(_, Way::Inserted), None) if screen != ScreenName::Off => return None,
            _ if asks(screen) => return None,
            _ => {}
        }
        let failure = Failure::at(span, "nothing is asked of the cardholder").label("nothing to do this to");
        let whose = if self.actors.len() > 1 { format!(" of {}", self.actors[who].name) } else { String::new() };
        let failure = failure.note(format!("the screen{whose} is {screen}"));
        let failure = match self.lanes.iter().find(|lanes| asks(lanes.face.what.screen.name)) {
            Some(other) => failure.note(format!("{} asks: `{0}: cardholder …` does it there", other.name)),
            None => failure,
        };
        let how = "a cardholder acts at once: a line above has to wait until something is asked, for example `screen card-entry`";
        Some(failure.note(how))
    }
}
