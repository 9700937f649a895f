//! The POS: remembers what it asked, tells of each message which request it answers, and keeps the keys it was given.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sca_protocol::codes;
use sca_protocol::commands::{Behaviour, Command};
use sca_protocol::keys::{Key, Packet};
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
}

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
    Request::parse(text, Limits { bytes_max: usize::MAX, ..Limits::default() }).ok()
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
            counter: field("COUNTER"),
            recon: field("POS_RECON"),
        });
        id
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
        let Some((response, position, encrypted)) = self.place(text) else {
            return Heard { response: None, answers: None, request: None, encrypted: false, notice: false };
        };
        let sealed = response.get("MAC_KEY").or_else(|| response.get("TERMINAL_KEY"));
        if let (Some(sealed), Some(label)) = (sealed, response.get("MAC_LABEL")) {
            self.keys.extend(key().open_key(sealed).map(|key| (label.to_owned(), key)));
        }
        let answered = position.map(|i| self.pending.remove(i));
        let (answers, request) = (answered.as_ref().map(|p| p.id), answered.and_then(|p| p.routing));
        // A scan is the answer of SCAN, or arrives unasked after BARCODEASYNC_START.
        let is_scan = response.get("BARCODE_DATA").is_some();
        let notice = is_notice(&response) || (answers.is_none() && is_scan);
        Heard { response: Some(response), answers, request, encrypted, notice }
    }

    /// What a message is that has been heard once already: it answers nothing any more.
    #[must_use]
    pub fn heard_again(&self, text: &str) -> Heard {
        let response = self.place(text).map(|(response, _, _)| response);
        Heard { response, answers: None, request: None, encrypted: false, notice: true }
    }

    /// Which request a message would answer, without taking note of it.
    #[must_use]
    pub fn would_answer(&self, text: &str) -> Option<RequestId> {
        let (_, position, _) = self.place(text)?;
        position.map(|i| self.pending[i].id)
    }

    /// The message as a response, the place of the request it answers, and whether it came encrypted.
    fn place(&self, text: &str) -> Option<(Response, Option<usize>, bool)> {
        let plain = self.decrypt(text);
        let limits = Limits { bytes_max: 1 << 24, ..Limits::default() };
        let response = Response::parse(plain.as_deref().unwrap_or(text), limits).ok()?;
        if is_notice(&response) {
            return Some((response, None, plain.is_some()));
        }
        let echoes = |p: &Pending| {
            let same = |name, sent: &Option<String>| sent.is_some() && sent.as_deref() == response.get(name);
            same("COUNTER", &p.counter) || same("POS_RECON", &p.recon)
        };
        // POS_RECON comes back with every answer, so what lacks it answers another request.
        let has_recon = response.get("POS_RECON").is_some();
        let fits = |p: &Pending| p.can_give(&response) && (has_recon || p.recon.is_none());
        let able: Vec<usize> = (0..self.pending.len()).filter(|&i| fits(&self.pending[i])).collect();
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

    /// Forgets the requests that the end of their connection has left without an answer.
    pub fn forget(&mut self, excused: impl Fn(RequestId) -> bool) {
        self.pending.retain(|p| !excused(p.id));
        self.held.retain(|p| !excused(p.id));
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
