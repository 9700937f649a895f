//! Devices that the harness starts for a scenario and stops with it, and the files they are given.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sca_certs::Role;
use sca_files::Kept;
use sca_model::{Certificate, Row, Scenario, Terminal};
use sca_protocol::settings::{TerminalSettings, with};

use super::process::{Ended, Log, Started};
use super::terminal::ExternalTerminal;
use crate::identities::Identities;
use crate::shell;

/// Placeholders allowed in a command that starts a device.
pub const PLACEHOLDERS: &[&str] = &["url", "ca", "cert", "key", "pinpad", "settings"];

/// The devices of one scenario, by their index in the cast.
pub struct Devices {
    commands: Vec<(String, Vec<(String, String)>)>,
    running: Vec<Option<Started>>,
    log: Arc<Log>,
    /// The folder of their files; removed when this is dropped.
    _folder: Option<Kept>,
}

/// Number of scenarios in this process, for unique folder names.
static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Devices {
    /// Starts a device for each powered terminal of the cast, if a start command is configured.
    pub fn start(
        external: &ExternalTerminal,
        scenario: &Scenario,
        row: &Row,
        identities: &Arc<Identities>,
    ) -> io::Result<Self> {
        let log = Arc::new(Log::new(external.log.clone()));
        let mut devices = Self { commands: Vec::new(), running: Vec::new(), log, _folder: None };
        let Some(spawn) = &external.spawn else { return Ok(devices) };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = Kept::new(&format!("sca-sim-{}-{number}", std::process::id()))?;
        for (who, terminal) in row.cast.terminals.iter().enumerate() {
            let giving = DeviceCommand { scenario, row, identities, folder: &folder, who, identity: OnceCell::new() };
            devices.commands.push(giving.filled_in(spawn, terminal)?);
            devices.running.push(None);
        }
        devices._folder = Some(folder);
        let powered = row.powered();
        (0..devices.commands.len()).filter(|who| powered[*who]).try_for_each(|who| devices.on(who))?;
        Ok(devices)
    }

    /// Whether the harness can switch this device on and off.
    pub fn is_ours(&self, who: usize) -> bool {
        who < self.commands.len()
    }

    /// Switches a device on; no effect if it is on.
    pub fn on(&mut self, who: usize) -> io::Result<()> {
        if let (Some((command, given)), Some(None)) = (self.commands.get(who), self.running.get(who)) {
            self.running[who] = Some(Started::new(command, given, &self.log)?);
        }
        Ok(())
    }

    /// Takes the power from a device by ending its program.
    pub fn off(&mut self, who: usize) {
        drop(self.running.get_mut(who).and_then(Option::take));
    }

    /// The device whose program has exited by itself, and how; `None` if all are running.
    pub fn ended(&mut self) -> Option<(usize, Ended)> {
        let mut all = self.running.iter_mut().enumerate();
        all.find_map(|(who, running)| Some((who, running.as_mut()?.ended()?)))
    }
}

/// The data for one device's start command.
struct DeviceCommand<'a> {
    scenario: &'a Scenario,
    row: &'a Row,
    identities: &'a Arc<Identities>,
    folder: &'a Kept,
    who: usize,
    /// Its certificate and key, issued on first use.
    identity: OnceCell<Arc<sca_certs::Identity>>,
}

impl DeviceCommand<'_> {
    /// The command with its placeholders replaced, each by one shell word, and the same values as environment
    /// variables (SCA_URL and so on) for use within quotes.
    fn filled_in(&self, spawn: &str, terminal: &Terminal) -> io::Result<(String, Vec<(String, String)>)> {
        let settings: TerminalSettings =
            with(&terminal.settings).map_err(|error| io::Error::other(error.to_string()))?;
        let values = PLACEHOLDERS.iter().map(|name| Ok((*name, self.value(name, &settings, terminal)?)));
        let values: BTreeMap<&str, String> = values.collect::<io::Result<_>>()?;
        let (mut out, mut rest) = (String::with_capacity(spawn.len()), spawn);
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            match after.split_once('}').and_then(|(name, behind)| Some((values.get(name)?, behind))) {
                Some((value, behind)) => {
                    out.push_str(&shell::word(value));
                    rest = behind;
                }
                None => {
                    out.push('{');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        let variable = |(name, value): (&str, String)| (format!("SCA_{}", name.to_ascii_uppercase()), value);
        Ok((out, values.into_iter().map(variable).collect()))
    }

    /// The value of a placeholder.
    fn value(&self, name: &str, settings: &TerminalSettings, terminal: &Terminal) -> io::Result<String> {
        match name {
            "url" => Ok(self.row.cast.broker.get("url").cloned().unwrap_or_default()),
            "pinpad" => Ok(settings.pinpad_id.clone()),
            "ca" => self.file("ca.pem", sca_certs::certificate_pem(&self.identities.root("authority")).as_bytes()),
            "settings" => self.file("settings.json", &serde_json::to_vec(&terminal.settings)?),
            _ if settings.certificate == "none" => Ok(String::new()),
            "cert" => self.file("cert.pem", self.identity(settings)?.chain_pem().as_bytes()),
            _ => self.file("key.pem", self.identity(settings)?.key_pem().as_bytes()),
        }
    }

    fn identity(&self, settings: &TerminalSettings) -> io::Result<Arc<sca_certs::Identity>> {
        if let Some(identity) = self.identity.get() {
            return Ok(identity.clone());
        }
        let plain = Certificate::default();
        let declared = self.row.cast.certificates.get(&settings.certificate).unwrap_or(&plain);
        let clock = self.scenario.header.clock.unwrap_or_else(crate::clock::today);
        let issued = self.identities.issue(Role::Terminal, declared, &settings.pinpad_id, clock);
        let identity = issued.map_err(|error| io::Error::other(error.to_string()))?;
        Ok(self.identity.get_or_init(|| identity).clone())
    }

    /// Writes a private file into the folder of the device. Returns its path.
    fn file(&self, name: &str, bytes: &[u8]) -> io::Result<String> {
        let path: PathBuf = self.folder.path().join(format!("{}-{name}", self.who));
        match sca_files::replace_private(&path, bytes) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(path.display().to_string()),
        }
    }
}
