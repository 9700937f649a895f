//! Routing of answers: remembers which POS asked which request of a terminal, so that each answer reaches the POS
//! that asked.
//!
//! An answer is matched to its request by POS_RECON and COUNTER. If several POS use the same numbers, the result code
//! decides: a busy answer goes to the POS that asked last, a payment answer to the one that asked first. An answer
//! that matches no open request is passed to no POS.

use std::collections::BTreeMap;

use sca_peers::{Peer, request_in};
use sca_protocol::commands::{Behaviour, Command};
use sca_protocol::xml::Limits;
use sca_protocol::{Request, Response, codes};

/// Maximum number of requests remembered per POS.
const WAITING_MAX: usize = 64;
/// Maximum length of a COUNTER or POS_RECON value used for matching, in bytes.
const MARK_MAX: usize = 64;

/// A request that waits for its answer.
#[derive(Debug)]
struct Waiting {
    asker: Peer,
    /// The terminal's connection on which it was asked.
    on: Peer,
    is_request: bool,
    counter: Option<String>,
    recon: Option<String>,
    /// Whether it is a payment command, which takes a card and goes to the payment host.
    pays: bool,
}

/// The recipient of a terminal's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recipient {
    /// Every POS of the terminal, because the message is a notice.
    All,
    /// The POS that asked.
    One(Peer),
    /// No POS, because it answers no open request.
    Nobody,
}

/// Open requests by pinpad id, in the order they were asked.
#[derive(Debug, Default)]
pub(super) struct OpenRequests {
    waiting: BTreeMap<String, Vec<Waiting>>,
}

impl OpenRequests {
    /// Records a request of a POS to the terminal with this pinpad id, sent on the terminal's connection `on`.
    pub(super) fn asked(&mut self, pinpad_id: &str, asker: Peer, on: Peer, text: &str) {
        let waiting = self.waiting.entry(pinpad_id.to_owned()).or_default();
        let mine = |one: &Waiting| one.asker == asker;
        if waiting.iter().filter(|one| mine(one)).count() >= WAITING_MAX
            && let Some(oldest) = waiting.iter().position(mine)
        {
            waiting.remove(oldest);
        }
        let request = request_in(text);
        let mark = |name: &str| {
            let value = request.as_ref().and_then(|request: &Request| request.get(name))?;
            (!value.is_empty() && value.len() <= MARK_MAX).then(|| value.to_owned())
        };
        let row = request.as_ref().and_then(Command::find);
        waiting.push(Waiting {
            asker,
            on,
            is_request: asks(text),
            counter: mark("COUNTER"),
            recon: mark("POS_RECON"),
            pays: row.is_some_and(|row| matches!(row.behaviour, Behaviour::Pay(_))),
        });
    }

    /// The recipient of a message from the terminal with this pinpad id.
    pub(super) fn answered(&mut self, pinpad_id: &str, text: &str) -> Recipient {
        let response = Response::parse(text, Limits { bytes_max: usize::MAX, ..Limits::default() }).ok();
        let field = |name: &str| response.as_ref().and_then(|response| response.get(name));
        let (counter, recon) = (field("COUNTER"), field("POS_RECON"));
        let code = field("RESULT_CODE").unwrap_or_default();
        let said = (code, field("RESULT").unwrap_or_default(), field("RESPONSE_TEXT").unwrap_or_default());
        if counter.is_none() && recon.is_none() && codes::is_notice(said.0, said.1, said.2) {
            return Recipient::All;
        }
        let Some(waiting) = self.waiting.get_mut(pinpad_id) else { return Recipient::Nobody };
        let fits = |one: &Waiting| {
            // A text that is not a request gets the answer for an unreadable document, and no other answer.
            let is_of_kind = one.is_request || code == "-2" || response.is_none();
            let is_marked = match (recon, counter) {
                (Some(recon), _) if one.recon.is_some() => one.recon.as_deref() == Some(recon),
                // GET_COUNTER returns a COUNTER that its request did not contain.
                (_, Some(counter)) if one.counter.is_some() => one.counter.as_deref() == Some(counter),
                _ => true,
            };
            is_of_kind && is_marked
        };
        let all: Vec<usize> = (0..waiting.len()).filter(|place| fits(&waiting[*place])).collect();
        let named = |place: &usize| {
            let one: &Waiting = &waiting[*place];
            (counter.is_some() && one.counter.as_deref() == counter)
                || (recon.is_some() && one.recon.as_deref() == recon)
        };
        let named: Vec<usize> = all.iter().copied().filter(named).collect();
        let among = if named.is_empty() { all } else { named };
        let pays = |place: &&usize| waiting[**place].pays;
        let place = match code {
            // A busy answer: the device is occupied by an earlier request.
            "59002" | "59003" => among.last(),
            "-2" => among.iter().find(|place| !waiting[**place].is_request).or(among.first()),
            "-1" => among.iter().find(|place| !pays(place)).or(among.first()),
            _ if codes::find_code(code.parse().unwrap_or(0)).is_some() => among.iter().find(pays).or(among.first()),
            _ => among.first(),
        };
        let Some(place) = place.copied() else { return Recipient::Nobody };
        if said.2 == codes::EARLY_CARD {
            // The final answer is still to come.
            return Recipient::One(waiting[place].asker);
        }
        let asker = waiting.remove(place).asker;
        if waiting.is_empty() {
            self.waiting.remove(pinpad_id);
        }
        Recipient::One(asker)
    }

    /// Forgets the requests on a terminal's connection that has ended. Returns the asking POS, one entry for each
    /// request.
    pub(super) fn lost(&mut self, pinpad_id: &str, on: Peer) -> Vec<Peer> {
        let Some(waiting) = self.waiting.get_mut(pinpad_id) else { return Vec::new() };
        let lost = waiting.iter().filter(|one| one.on == on).map(|one| one.asker).collect();
        waiting.retain(|one| one.on != on);
        if waiting.is_empty() {
            self.waiting.remove(pinpad_id);
        }
        lost
    }
}

/// Whether a text is a request of a POS: a TRANSACTION or ETRANSACTION, after an optional byte order mark, XML
/// declaration and comments.
pub(super) fn asks(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    for (begin, end) in [("<?", "?>"), ("<!--", "-->"), ("<!--", "-->")] {
        if rest.starts_with(begin) {
            rest = rest.split_once(end).map_or("", |(_, behind)| behind).trim_start();
        }
    }
    rest.starts_with("<TRANSACTION") || rest.starts_with("<ETRANSACTION")
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn peer(connection: u32) -> Peer {
        Peer { terminal: 0, connection }
    }

    const TERMINAL: Peer = peer(1);
    const NOTICE: &str = "<RESPONSE><RESPONSE_TEXT>CARD ENTRY SCREEN</RESPONSE_TEXT><RESULT>OK</RESULT><RESULT_CODE>5</RESULT_CODE></RESPONSE>";

    fn asks(command: &str, counter: u32) -> String {
        let kind = if command == "CAPTURE" { "PAYMENT" } else { "DEVICE" };
        format!(
            "<TRANSACTION><FUNCTION_TYPE>{kind}</FUNCTION_TYPE><COMMAND>{command}</COMMAND><COUNTER>{counter}</COUNTER></TRANSACTION>"
        )
    }

    fn says(text: &str, code: &str, counter: &str) -> String {
        let counter = if counter.is_empty() { String::new() } else { format!("<COUNTER>{counter}</COUNTER>") };
        format!(
            "<RESPONSE><RESPONSE_TEXT>{text}</RESPONSE_TEXT><RESULT>OK</RESULT><RESULT_CODE>{code}</RESULT_CODE>{counter}</RESPONSE>"
        )
    }

    #[test]
    fn an_answer_finds_its_asker_whatever_the_order() {
        let mut askers = OpenRequests::default();
        askers.asked("1", peer(7), TERMINAL, &asks("VERSION", 1));
        askers.asked("1", peer(8), TERMINAL, &asks("VERSION", 2));
        askers.asked("2", peer(9), TERMINAL, &asks("VERSION", 1));
        assert_eq!(askers.answered("1", &says("in words of its own", "-1", "2")), Recipient::One(peer(8)));
        assert_eq!(askers.answered("1", NOTICE), Recipient::All);
        assert_eq!(askers.answered("1", &says("x", "-1", "3")), Recipient::Nobody);
        assert_eq!(askers.answered("1", &says("x", "-1", "1")), Recipient::One(peer(7)));
        assert_eq!(askers.answered("1", &says("x", "-1", "1")), Recipient::Nobody);
        assert_eq!((askers.lost("2", TERMINAL), askers.lost("2", TERMINAL)), (vec![peer(9)], Vec::new()));
    }

    #[test]
    fn two_that_use_the_same_number_each_get_their_own() {
        let mut askers = OpenRequests::default();
        askers.asked("1", peer(7), TERMINAL, &asks("CAPTURE", 1));
        askers.asked("1", peer(8), TERMINAL, &asks("CAPTURE", 1));
        askers.asked("1", peer(9), TERMINAL, &asks("VERSION", 1));
        assert_eq!(askers.answered("1", &says("DEVICE IS BUSY", "59002", "1")), Recipient::One(peer(9)));
        assert_eq!(askers.answered("1", &says("DEVICE IS BUSY", "59002", "1")), Recipient::One(peer(8)));
        askers.asked("1", peer(9), TERMINAL, &asks("VERSION", 1));
        assert_eq!(askers.answered("1", &says("Version Information Captured", "-1", "1")), Recipient::One(peer(9)));
        assert_eq!(askers.answered("1", &says("APPROVED", "4", "1")), Recipient::One(peer(7)));
    }

    #[test]
    fn what_is_no_request_takes_nobodys_answer() {
        let mut askers = OpenRequests::default();
        askers.asked("1", peer(7), TERMINAL, &asks("CAPTURE", 5));
        for _ in 0..10_000 {
            askers.asked("1", peer(8), TERMINAL, "x");
        }
        assert_eq!(askers.answered("1", &says("XML Format Incorrect", "-2", "")), Recipient::One(peer(8)));
        assert_eq!(askers.answered("1", &says("strange", "0", "")), Recipient::One(peer(7)));
        let left = askers.waiting.get("1").map_or(0, Vec::len);
        assert!(left <= WAITING_MAX, "{left}");
    }

    #[test]
    fn what_was_asked_on_a_connection_ends_with_it() {
        let mut askers = OpenRequests::default();
        askers.asked("1", peer(7), TERMINAL, &asks("VERSION", 1));
        askers.asked("1", peer(8), peer(2), &asks("VERSION", 1));
        assert_eq!(askers.lost("1", TERMINAL), [peer(7)]);
        assert_eq!(askers.answered("1", &says("x", "-1", "1")), Recipient::One(peer(8)));
    }
}
