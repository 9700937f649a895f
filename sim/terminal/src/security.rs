//! Authentication of POS (AUTH-04): registrations with keys and counters, MAC checks, and pairing.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sca_core::{Flash, Screen};
use sca_protocol::codes;
use sca_protocol::codes::Code;
use sca_protocol::commands::Security;
use sca_protocol::keys::{Key, Packet, PacketError};
use sca_protocol::rsa::{Padding, PublicKey};
use sca_protocol::screens::ScreenName;
use sca_protocol::xml::Element;

use crate::context::{Task, Work};
use crate::flash_files::REGISTRATIONS;

/// A registered POS.
#[derive(Debug, Clone)]
struct Registration {
    label: String,
    key: Key,
    /// The highest COUNTER received so far; 0 before the first.
    counter: u32,
    /// Whether its documents are encrypted.
    encrypts: bool,
}

/// All registered POS.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registrations {
    all: Vec<Registration>,
    /// Number of labels issued so far; none is issued twice.
    given: u64,
}

/// A registration in progress.
#[derive(Debug, Clone)]
pub(crate) struct Pairing {
    public: PublicKey,
    /// The code that has to be typed; `None` if the POS checks the typed code itself.
    code: Option<String>,
    encrypts: bool,
    sealing: Padding,
    /// When waiting for the cardholder times out.
    pub(crate) until: Option<Duration>,
}

/// A refusal: the code, and a text if the code's own does not apply.
pub(crate) type Refusal = (Code, Option<String>);

fn field(text: impl Into<String>) -> Refusal {
    (codes::FIELD_ERROR, Some(text.into()))
}

impl Registrations {
    /// Loads the registrations from the flash.
    pub(crate) fn load(flash: &Flash) -> Self {
        let mut lines = flash.lines(REGISTRATIONS);
        let given = lines.next().and_then(|line| line.parse().ok()).unwrap_or(0);
        let all = lines.filter_map(|line| {
            let mut words = line.split(' ');
            let (label, counter, kind) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
            let bytes: [u8; 16] = STANDARD.decode(words.next()?).ok()?.try_into().ok()?;
            Some(Registration { label: label.to_owned(), key: Key::new(bytes), counter, encrypts: kind == "packet" })
        });
        Self { given, all: all.collect() }
    }

    fn save(&self, work: &mut Work<'_>, flash: &mut Flash) {
        let line = |r: &Registration| {
            let kind = if r.encrypts { "packet" } else { "plain" };
            format!("{} {} {kind} {}", r.label, r.counter, STANDARD.encode(r.key.bytes_for_flash()))
        };
        let lines: Vec<String> = std::iter::once(self.given.to_string()).chain(self.all.iter().map(line)).collect();
        flash.write_lines(work, REGISTRATIONS, &lines);
    }

    fn find(&mut self, label: &str) -> Option<&mut Registration> {
        self.all.iter_mut().find(|r| r.label == label)
    }

    /// The highest COUNTER received with a label; `None` if the label is unknown.
    pub(crate) fn counter(&mut self, label: &str) -> Option<u32> {
        self.find(label).map(|r| r.counter)
    }

    /// The MAC of an unsolicited message to a POS without encryption, over its last COUNTER; `None` for any
    /// other POS.
    pub(crate) fn sign(&self, label: &str) -> Option<String> {
        let is_it = |r: &&Registration| r.label == label && !r.encrypts;
        self.all.iter().find(is_it).map(|r| r.key.mac(r.counter))
    }

    /// Decrypts a document; returns the plain text and the key to encrypt the answer with.
    pub(crate) fn open(&mut self, packet: &[Element]) -> Result<(String, Key), Refusal> {
        let part = |name: &str| packet.iter().find(|c| c.name == name).map(|c| c.text.clone());
        let label = part("MAC_LABEL").ok_or((codes::MAC_MISSING, None))?;
        let registration = self.find(&label).ok_or((codes::UNKNOWN_LABEL, None))?;
        if !registration.encrypts {
            return Err((codes::CANNOT_DECRYPT, None));
        }
        let packet = Packet { iv: part("IV").unwrap_or_default(), payload: part("PAYLOAD").unwrap_or_default() };
        match registration.key.open(&packet) {
            Ok(text) => Ok((text, registration.key)),
            Err(PacketError::NotBase64) => Err((codes::NOT_BASE64, None)),
            Err(PacketError::NotDecrypted) => Err((codes::CANNOT_DECRYPT, None)),
        }
    }

    /// Checks label, MAC and COUNTER of a request, and stores its COUNTER.
    pub(crate) fn check(&mut self, work: &mut Work<'_>, flash: &mut Flash, task: &Task) -> Result<(), Refusal> {
        let (Some(label), Some(mac)) = (task.get("MAC_LABEL"), task.get("MAC")) else {
            return Err((codes::MAC_MISSING, None));
        };
        let registration = self.find(label).ok_or((codes::UNKNOWN_LABEL, None))?;
        // The answer would have to be encrypted, but a plain request shows that the POS cannot do that.
        if registration.encrypts && task.key.is_none() {
            return Err((codes::CANNOT_ENCRYPT, None));
        }
        let Some(counter) = task.counter else {
            let is_there = task.get("COUNTER").is_some();
            return Err(field(if is_there { "COUNTER must be 1 to 4294967295" } else { "COUNTER is missing" }));
        };
        let wrong = |text: String| (codes::FIELD_ERROR.on("A-52"), Some(text));
        if !registration.key.made(mac, counter) {
            return Err(wrong("MAC does not match".to_owned()));
        }
        if counter <= registration.counter {
            return Err(wrong(format!("COUNTER must be higher than {}", registration.counter)));
        }
        registration.counter = counter;
        self.save(work, flash);
        Ok(())
    }

    /// Removes a registration; whether there was one.
    pub(crate) fn remove(&mut self, work: &mut Work<'_>, flash: &mut Flash, label: &str) -> bool {
        let before = self.all.len();
        self.all.retain(|r| r.label != label);
        let removed = self.all.len() < before;
        if removed {
            self.save(work, flash);
        }
        removed
    }

    /// Removes all registrations.
    pub(crate) fn clear(&mut self, work: &mut Work<'_>, flash: &mut Flash) {
        self.all.clear();
        self.save(work, flash);
    }

    /// Whether one more POS can be registered.
    pub(crate) fn has_room(&self, work: &Work<'_>) -> bool {
        (self.all.len() as u64) < work.settings.registrations_max
    }
}

impl Pairing {
    /// A pairing from the fields of a REGISTER.
    pub(crate) fn new(work: &Work<'_>, task: &Task, what: Security) -> Result<Self, Refusal> {
        let key = task.get("KEY").filter(|key| !key.is_empty()).ok_or((codes::NO_KEY, None))?;
        let public = PublicKey::read(key).ok_or((codes::BAD_KEY, None))?;
        let is_second = task.get("REG_VER").is_some_and(|version| version.starts_with('2'));
        let encrypts = what == Security::RegisterEncryption;
        let code = match task.get("ENTRY_CODE") {
            Some(code) if !is_second => Some(code.to_owned()),
            None if !is_second && !encrypts => return Err(field("ENTRY_CODE is missing")),
            _ => None,
        };
        let sealing = if encrypts && is_second { Padding::Oaep } else { Padding::Pkcs1 };
        let wait = work.settings.prompt_timeout;
        let until = (!wait.is_zero()).then(|| work.now.since_start + wait);
        Ok(Self { public, code, encrypts, sealing, until })
    }

    /// The code that counts as typed, if the device registers without the cardholder (AUTOPAIR).
    pub(crate) fn unattended(&self, work: &Work<'_>) -> Option<String> {
        let code = self.code.clone()?;
        (work.settings.auto_pair == 1).then_some(code)
    }

    /// Whether the typed text has the form of a code: four digits, or eight letters and digits if the POS checks it.
    fn has_code_form(&self, typed: &str) -> bool {
        match &self.code {
            Some(_) => typed.len() == 4 && typed.bytes().all(|b| b.is_ascii_digit()),
            None => typed.len() == 8 && typed.bytes().all(|b| b.is_ascii_alphanumeric()),
        }
    }

    /// Completes the pairing with the typed code; `None` if the text does not have the form of a code.
    pub(crate) fn end(
        &self,
        work: &mut Work<'_>,
        registrations: &mut Registrations,
        flash: &mut Flash,
        task: &mut Task,
        typed: &str,
    ) -> Option<sca_protocol::Response> {
        if !self.has_code_form(typed) {
            return None;
        }
        if self.code.as_ref().is_some_and(|code| code != typed) {
            let code = codes::ENTRY_CODE_MISMATCH;
            return Some(task.outcome(work, code, code.text));
        }
        registrations.given += 1;
        let mut chance = work.chance("registration", registrations.given);
        let key = Key::new(chance.bytes());
        let label = label(&mut chance);
        let sealed = self.public.encrypt_key(&key, self.sealing, &mut chance).unwrap_or_default();
        registrations.all.push(Registration { label: label.clone(), key, counter: 0, encrypts: self.encrypts });
        registrations.save(work, flash);
        let text = format!("{} {label}", task.row.text);
        let response = task.outcome(work, codes::DONE, &text);
        let name = if self.encrypts { "TERMINAL_KEY" } else { "MAC_KEY" };
        // A code that the POS has to check is returned in base64, one that it sent itself as typed.
        let shown = if self.code.is_some() { typed.to_owned() } else { STANDARD.encode(typed) };
        Some(response.with(name, sealed).with("MAC_LABEL", label).with("ENTRY_CODE", shown))
    }

    /// The screen of the pairing.
    pub(crate) fn screen(&self) -> Screen {
        let digits = if self.code.is_some() { "4" } else { "8" };
        Screen::plain(ScreenName::Pairing).saying("Enter pairing code".to_owned()).with("DIGITS", digits.to_owned())
    }
}

/// A random label: `P_` and six capital letters or digits.
fn label(chance: &mut sca_protocol::chance::Stream) -> String {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let sign = |_| char::from(SIGNS[usize::try_from(chance.below(SIGNS.len() as u64)).unwrap_or(0)]);
    format!("P_{}", (0..6).map(sign).collect::<String>())
}
