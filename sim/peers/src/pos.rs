//! The POS: remembers what it asked, tells of each message which request it answers, and keeps the keys it was given.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sca_protocol::codes;
use sca_protocol::commands::{Behaviour, Command, Tell};
use sca_protocol::keys::{Key, Packet};
use sca_protocol::message::Duplicates;
use sca_protocol::rsa::PosKey;
use sca_protocol::xml::{self, Limits};
use sca_protocol::{Chance, Request, Response};

/// One request of the POS, in the order of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// What a message from the terminal is to the POS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The message as a response, if it is one.
    pub response: Option<Response>,
    /// The request it answers; none for a notice.
    pub answers: Option<RequestId>,
    /// The name of that request's row in the table of commands.
    pub request: Option<(String, String)>,
    /// Whether it came encrypted.
    pub encrypted: bool,
    /// Whether it says of itself that it answers nothing.
    pub notice: bool,
    /// Whether its request had been given up: its connection was over.
    pub late: bool,
    /// The request that has been answered by the same text before, where this answers it again.
    pub repeats: Option<RequestId>,
}

impl Heard {
    /// A message that answers nothing.
    fn nothing(response: Option<Response>) -> Self {
        Self { response, answers: None, request: None, encrypted: false, notice: false, late: false, repeats: None }
    }
}

/// Requests that are remembered after they were given up, and answers after they came.
const REMEMBERED_MAX: usize = 64;

/// Characters of a POS_RECON that a terminal takes.
const RECON_MAX: usize = 30;

#[derive(Debug)]
struct Pending {
    id: RequestId,
    routing: Option<(String, String)>,
    text_when_done: Option<&'static str>,
    known: bool,
    /// Whether its command holds the device.
    holds: bool,
    cancels: bool,
    counter: Option<String>,
    recon: Option<String>,
}

/// The POS.
#[derive(Debug, Default)]
pub struct Pos {
    pending: Vec<Pending>,
    /// Requests that are held on their way: nothing answers them yet.
    held: Vec<Pending>,
    /// Requests that were given up, oldest first: a late answer may still name them.
    given_up: Vec<Pending>,
    /// The answers that came last, with the request of each.
    answered: Vec<(RequestId, String)>,
    sent: u32,
    /// Whether what no command can give is still taken for an answer, in its turn: real devices have words of their own.
    pub lenient: bool,
    /// The key of each label.
    keys: BTreeMap<String, Key>,
}

/// The key pair of every simulated POS: one for all, so that no run has to wait for another.
///
/// # Panics
/// If no key can be made, which chance decided when this seed was chosen.
#[must_use]
pub fn key() -> &'static PosKey {
    static KEY: LazyLock<PosKey> =
        LazyLock::new(|| PosKey::generate(&mut Chance::new(1).stream("pos-key", &[])).expect("this seed makes a key"));
    &KEY
}

/// The request that a text is, if it is one.
#[must_use]
pub fn request_in(text: &str) -> Option<Request> {
    // A terminal may take one in which a field stands twice.
    Request::read(text, Limits { bytes_max: usize::MAX, ..Limits::default() }, Duplicates::First).ok()
}

impl Pos {
    /// Takes note of a text that is being sent, well-formed or not.
    pub fn sent(&mut self, text: &str) -> RequestId {
        self.asked(request_in(text).as_ref())
    }

    /// Takes note of a request that is being sent; nothing for a text that is none.
    pub fn asked(&mut self, request: Option<&Request>) -> RequestId {
        self.sent += 1;
        let id = RequestId(self.sent);
        let row = request.and_then(Command::find);
        let field = |name| request.and_then(|r| r.get(name)).map(str::to_owned);
        self.pending.push(Pending {
            id,
            routing: row.map(Command::name),
            text_when_done: row.map(|row| row.text),
            known: row.is_some(),
            holds: row.is_some_and(|row| row.screen),
            cancels: row.is_some_and(|row| row.behaviour == Behaviour::Cancel),
            // GET COUNTER answers the last one, and never its own (CNT-05).
            counter: field("COUNTER")
                .filter(|_| !row.is_some_and(|row| row.behaviour == Behaviour::Tell(Tell::Counter))),
            // One without a value may count as none.
            recon: field("POS_RECON").filter(|recon| !recon.trim().is_empty()),
        });
        id
    }

    /// A request went nowhere: nothing can answer it.
    pub fn never_sent(&mut self, id: RequestId) {
        self.pending.retain(|p| p.id != id);
    }

    /// A request is held on its way: until it goes on, nothing answers it.
    pub fn is_held(&mut self, id: RequestId) {
        let (held, rest) = std::mem::take(&mut self.pending).into_iter().partition(|p| p.id == id);
        self.pending = rest;
        self.held.extend::<Vec<Pending>>(held);
    }

    /// A request that was held goes on, behind all that have overtaken it.
    pub fn goes_on(&mut self, id: RequestId) {
        let (free, rest) = std::mem::take(&mut self.held).into_iter().partition(|p| p.id == id);
        self.held = rest;
        self.pending.extend::<Vec<Pending>>(free);
    }

    /// MAC of a request, by its label and COUNTER; nothing where the POS has no key for that.
    #[must_use]
    pub fn mac(&self, request: &Request) -> Option<String> {
        let counter = request.get("COUNTER").and_then(sca_protocol::counter::parse)?;
        Some(self.keys.get(request.get("MAC_LABEL")?)?.mac(counter))
    }

    /// A document as an encrypted packet of its label; the document itself where the POS has no key for that.
    #[must_use]
    pub fn encrypt(&self, request: &Request, text: &str, iv: [u8; 16]) -> String {
        let label = request.get("MAC_LABEL").unwrap_or_default();
        let Some(key) = self.keys.get(label) else { return text.to_owned() };
        let Packet { iv, payload } = key.close(text, iv);
        format!("<ETRANSACTION><MAC_LABEL>{label}</MAC_LABEL><IV>{iv}</IV><PAYLOAD>{payload}</PAYLOAD></ETRANSACTION>")
    }

    /// The plain document of an encrypted one, if one of the keys opens it.
    #[must_use]
    pub fn decrypt(&self, text: &str) -> Option<String> {
        if !text.starts_with("<ERESPONSE>") {
            return None;
        }
        let root = xml::parse(text, Limits::default()).ok()?;
        let part = |name: &str| root.children.iter().find(|c| c.name == name).map(|c| c.text.clone());
        let packet = Packet { iv: part("IV")?, payload: part("PAYLOAD")? };
        self.keys.values().find_map(|key| key.open(&packet).ok())
    }

    /// What a message is: the answer to the request whose COUNTER or POS_RECON it repeats, else to the oldest
    /// unanswered one whose command can give it, else a notice. Keys that it brings are kept.
    pub fn heard(&mut self, text: &str) -> Heard {
        let Some((response, position, encrypted)) = self.place(text) else { return Heard::nothing(None) };
        let sealed = response.get("MAC_KEY").or_else(|| response.get("TERMINAL_KEY"));
        if let (Some(sealed), Some(label)) = (sealed, response.get("MAC_LABEL")) {
            self.keys.extend(key().open_key(sealed).map(|key| (label.to_owned(), key)));
        }
        let repeats = position.and_then(|i| self.repeated(text, &response, &self.pending[i]));
        let position = position.filter(|_| repeats.is_none());
        let gone = self.given_up_for(&response, position.map(|i| &self.pending[i]));
        let late = gone.is_some();
        let answered = match (gone, position) {
            (Some(gone), _) => Some(self.given_up.remove(gone)),
            (None, position) => position.map(|i| self.pending.remove(i)),
        };
        let (answers, request) = (answered.as_ref().map(|p| p.id), answered.and_then(|p| p.routing));
        if let Some(id) = answers {
            self.answered.push((id, text.to_owned()));
            let over = self.answered.len().saturating_sub(REMEMBERED_MAX);
            self.answered.drain(..over);
        }
        // A scan is the answer of SCAN, or arrives unasked after BARCODEASYNC_START.
        let is_scan = response.get("BARCODE_DATA").is_some();
        let notice = is_notice(&response) || (answers.is_none() && is_scan);
        Heard { response: Some(response), answers, request, encrypted, notice, late, repeats }
    }

    /// The place of the request that was given up and is named by this answer, rather than the next in turn.
    fn given_up_for(&self, response: &Response, next: Option<&Pending>) -> Option<usize> {
        let by_recon = !next.is_some_and(|p| p.echoes_recon(response));
        // What has no COUNTER of its own may be told the last one: GET COUNTER is.
        let by_counter = next.is_none_or(|p| p.counter.is_some() && !p.echoes_counter(response));
        self.given_up.iter().position(|p| {
            let is_named = (by_recon && p.echoes_recon(response)) || (by_counter && p.echoes_counter(response));
            is_named && p.can_give(response)
        })
    }

    /// The request that an answer which could be on its way when its connection ended belongs to, in its turn.
    pub fn late(&mut self, response: &Response) -> Option<RequestId> {
        let at = self.given_up.iter().position(|p| p.can_give(response) && !p.is_named_otherwise(response))?;
        Some(self.given_up.remove(at).id)
    }

    /// The request that this same text has answered before, where the next in turn has a COUNTER or POS_RECON of its own
    /// that this does not repeat.
    fn repeated(&self, text: &str, response: &Response, next: &Pending) -> Option<RequestId> {
        let other = |name, own: &Option<String>| {
            own.as_deref().is_some_and(|own| response.get(name).is_some_and(|got| got != own))
        };
        let is_for_other = other("COUNTER", &next.counter) || other("POS_RECON", &next.recon);
        if !is_for_other {
            return None;
        }
        self.answered.iter().rev().find(|(_, before)| before == text).map(|(id, _)| *id)
    }

    /// What a message is that has been heard once already: it answers nothing any more.
    #[must_use]
    pub fn heard_again(&self, text: &str) -> Heard {
        let response = self.place(text).map(|(response, _, _)| response);
        Heard { notice: true, ..Heard::nothing(response) }
    }

    /// Which request a message would answer, without taking note of it.
    #[must_use]
    pub fn would_answer(&self, text: &str) -> Option<RequestId> {
        let (_, position, _) = self.place(text)?;
        position.map(|i| self.pending[i].id)
    }

    /// Which request a message would answer once these have been heard that are on their way before it.
    #[must_use]
    pub fn would_answer_after<'a>(
        &self,
        before: impl IntoIterator<Item = &'a String>,
        text: &str,
    ) -> Option<RequestId> {
        let mut taken = Vec::new();
        for earlier in before {
            let position = self.place_beside(earlier, &taken).and_then(|(_, position, _)| position);
            taken.extend(position);
        }
        let (_, position, _) = self.place_beside(text, &taken)?;
        position.map(|i| self.pending[i].id)
    }

    /// The message as a response, the place of the request it answers, and whether it came encrypted.
    fn place(&self, text: &str) -> Option<(Response, Option<usize>, bool)> {
        self.place_beside(text, &[])
    }

    /// [`Self::place`], where the requests at these places have their answers already.
    fn place_beside(&self, text: &str, taken: &[usize]) -> Option<(Response, Option<usize>, bool)> {
        let plain = self.decrypt(text);
        let limits = Limits { bytes_max: 1 << 24, ..Limits::default() };
        let response = Response::parse(plain.as_deref().unwrap_or(text), limits).ok()?;
        if is_notice(&response) {
            return Some((response, None, plain.is_some()));
        }
        let echoes = |p: &Pending| p.echoes_recon(&response) || p.echoes_counter(&response);
        // POS_RECON comes back with every answer, so what lacks it answers another request.
        let has_recon = response.get("POS_RECON").is_some();
        let fits = |p: &Pending| p.can_give(&response) && (has_recon || !p.wants_recon_back(&response));
        let free = |i: &usize| !taken.contains(i) && fits(&self.pending[*i]);
        let able: Vec<usize> = (0..self.pending.len()).filter(free).collect();
        // Busy is said at once, to whoever asked first behind the one that holds the device; everything else has waited
        // its turn.
        let is_busy = response.get("RESULT_CODE") == Some("59002");
        // A command that no table has is told so; that is hardly the answer to one that a table has.
        let is_unknown = response.get("RESULT_CODE") == Some("0") && response.get("RESULT") == Some("ERROR");
        let unknown = able.iter().find(|&&i| is_unknown && !self.pending[i].known);
        let holder = self.pending.iter().position(|p| p.holds);
        let behind = able.iter().find(|&&i| holder.is_some_and(|holder| i > holder)).or(able.last());
        let in_turn = unknown.or(if is_busy { behind } else { able.first() });
        let position = able.iter().copied().find(|&i| echoes(&self.pending[i])).or(in_turn.copied());
        let in_turn = || self.pending.iter().position(echoes).or((!self.pending.is_empty()).then_some(0));
        let position = position.or_else(|| self.lenient.then(in_turn).flatten());
        Some((response, position, plain.is_some()))
    }

    /// The requests without an answer, oldest first.
    pub fn unanswered(&self) -> impl Iterator<Item = RequestId> {
        self.pending.iter().chain(&self.held).map(|p| p.id)
    }

    /// Gives up the requests that the end of their connection has left without an answer.
    pub fn forget(&mut self, excused: impl Fn(RequestId) -> bool) {
        for waiting in [&mut self.pending, &mut self.held] {
            let (gone, rest) = std::mem::take(waiting).into_iter().partition(|p| excused(p.id));
            *waiting = rest;
            self.given_up.extend::<Vec<Pending>>(gone);
        }
        let over = self.given_up.len().saturating_sub(REMEMBERED_MAX);
        self.given_up.drain(..over);
    }
}

/// Whether a response answers nothing: a notice, by code, word and text and by the COUNTER it lacks, or a card that is
/// returned before its payment is decided. RESULT_CODE alone would take a card entry screen for an approval.
fn is_notice(response: &Response) -> bool {
    let field = |name: &str| response.get(name).unwrap_or_default();
    let is_early = field("RESPONSE_TEXT") == codes::EARLY_CARD;
    let is_echo = response.get("COUNTER").is_some() || response.get("POS_RECON").is_some();
    is_early || (!is_echo && codes::is_notice(field("RESULT_CODE"), field("RESULT"), field("RESPONSE_TEXT")))
}

impl Pending {
    fn echoes_recon(&self, response: &Response) -> bool {
        self.recon.is_some() && self.recon.as_deref() == response.get("POS_RECON")
    }

    fn echoes_counter(&self, response: &Response) -> bool {
        self.counter.is_some() && self.counter.as_deref() == response.get("COUNTER")
    }

    /// Whether a response bears the mark of another request: a POS_RECON that is not this one's.
    fn is_named_otherwise(&self, response: &Response) -> bool {
        response.get("POS_RECON").is_some_and(|got| self.recon.as_deref() != Some(got))
    }

    /// Whether the answer has to repeat POS_RECON; one that finds fault with that very field need not.
    fn wants_recon_back(&self, response: &Response) -> bool {
        let is_refused = response.get("RESULT_CODE") == Some("59040");
        let is_wrong = |recon: &str| !(1..=RECON_MAX).contains(&recon.chars().count());
        let is_blamed = response.get("RESPONSE_TEXT").is_some_and(|text| text.contains("POS_RECON"));
        self.recon.as_deref().is_some_and(|recon| !(is_refused && (is_blamed || is_wrong(recon))))
    }

    fn can_give(&self, response: &Response) -> bool {
        let text = response.get("RESPONSE_TEXT").unwrap_or_default();
        match response.get("RESULT_CODE") {
            // A text that is filled in begins or ends with the one of the table: `2 SAF RECORDS FOUND`.
            Some("-1") if self.known => {
                let row = self.text_when_done.unwrap_or_default();
                text == row || (!row.is_empty() && (text.starts_with(row) || text.ends_with(row)))
            }
            Some("-1") => false,
            // The code of CANCEL alone.
            Some("59049") => self.cancels,
            Some(_) => true,
            None => false,
        }
    }
}

#[cfg(test)]
mod tests;
