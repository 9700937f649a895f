//! Lines for the cardholder's reactions to prompts, inferred from the terminal's responses.

use std::time::Duration;

use sca_model::CardholderAct;
use sca_protocol::Response;
use sca_protocol::commands::Prompt;
use sca_protocol::screens::ScreenName;

use super::lines::safe_text;
use super::pay::card_of;
use super::state::{Asked, ScenarioGenerator};

/// The RESULT_CODE of a command that was cancelled or timed out.
const CANCELLED: &str = "59001";

/// The cause of the early end of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndedBy {
    Cardholder,
    /// The POS, usually by a CANCEL.
    Pos,
    /// A timeout.
    Time,
    /// The host, or something not visible in the capture.
    Other,
}

impl ScenarioGenerator {
    /// The cause of the early end of a command, if its response reports one.
    pub(super) fn ended_by(&self, asked: &Asked, response: &Response) -> Option<EndedBy> {
        if response.get("RESULT_CODE") != Some(CANCELLED) {
            return None;
        }
        let said = response.get("RESPONSE_TEXT").unwrap_or_default().to_ascii_uppercase();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        Some(if asked.is_cancelled || says(&["BY POS", "BY ECR", "BY CASHIER"]) {
            EndedBy::Pos
        } else if says(&["TIMEOUT", "TIME OUT", "TIME-OUT", "TIMED OUT"]) {
            EndedBy::Time
        } else if says(&["HOST", "SERVER", "COMM", "BY DEVICE", "BY TERMINAL"]) {
            EndedBy::Other
        } else {
            EndedBy::Cardholder
        })
    }

    /// Makes the command end the same way in the scenario. `limit` is the setting of its timeout.
    pub(super) fn is_ended(
        &mut self,
        by: EndedBy,
        (asked, at): (&Asked, Duration),
        limit: &'static str,
        screen: ScreenName,
    ) {
        match by {
            EndedBy::Cardholder => {
                self.screen(screen);
                self.cardholder(CardholderAct::Presses("cancel".to_owned()));
            }
            EndedBy::Time => {
                let waited = (at.saturating_sub(asked.at) + Duration::from_millis(500)).as_secs().clamp(1, 3_600);
                self.set_terminal(limit, format!("{waited}s"));
            }
            // The CANCEL of the POS already has its own line.
            EndedBy::Pos if asked.is_cancelled => {}
            EndedBy::Pos => self.comment("the POS ended this by a message that is not in the capture"),
            EndedBy::Other => self.comment("something that is not in the capture ended this"),
        }
    }

    /// Adds the cardholder's actions before a prompt was answered.
    pub(super) fn before_the_prompt(&mut self, prompt: Prompt, response: &Response, (asked, at): (&Asked, Duration)) {
        if let Some(by) = self.ended_by(asked, response) {
            return self.is_ended(by, (asked, at), "prompt-timeout", ScreenName::Prompt);
        }
        if response.get("TERMINATION_STATUS") != Some("SUCCESS") {
            return;
        }
        let field = |name: &str| response.get(name).map(safe_text).filter(|value| !value.is_empty());
        let request = asked.request.as_ref();
        let acts = match prompt {
            Prompt::Button => {
                let label = request.and_then(|request| request.get("BUTTON_LABEL"));
                let usual = match request.map(sca_protocol::Request::command) {
                    Some("DISPLAY_QRCODE") => "Done",
                    _ => "OK",
                };
                let is_shown = request.and_then(|request| request.get("BUTTON_DISPLAY"));
                let is_shown = is_shown.and_then(sca_protocol::commands::flag).unwrap_or(true);
                let waits = ["TIMEOUT_DATA", "DISPLAY_TIMEOUT"];
                let has_limit = waits.iter().any(|name| request.is_some_and(|request| request.get(name).is_some()));
                if !is_shown || has_limit {
                    return;
                }
                vec![CardholderAct::Presses(label.unwrap_or(usual).to_owned())]
            }
            // Personal data is not kept; a value of the same kind replaces it.
            Prompt::Email(name) if field(name).is_some() => {
                vec![CardholderAct::Enters("someone@example.com".to_owned())]
            }
            Prompt::Loyalty(name) if field(name).is_some() => {
                vec![CardholderAct::Enters("5555550100".to_owned())]
            }
            Prompt::Choice(name, _) => field(name).map(CardholderAct::Presses).into_iter().collect(),
            Prompt::Boxes(name) => {
                let ticked = field(name).unwrap_or_default();
                let ticked = ticked.split('|').filter(|label| !label.is_empty()).map(str::to_owned);
                ticked.chain(["OK".to_owned()]).map(CardholderAct::Presses).collect()
            }
            Prompt::Scan(name) => field(name).map(CardholderAct::Enters).into_iter().collect(),
            Prompt::Signature(_) => vec![CardholderAct::Signs],
            Prompt::Card => {
                let (card, entry) = card_of(response, None);
                vec![CardholderAct::Presents(card, entry)]
            }
            Prompt::Email(_) | Prompt::Loyalty(_) => Vec::new(),
        };
        if !acts.is_empty() {
            self.screen(ScreenName::Prompt);
        }
        acts.into_iter().for_each(|act| self.cardholder(act));
    }
}
