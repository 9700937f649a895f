//! Devices that are started for a scenario and ended with it, and the files they are given.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sca_certs::Role;
use sca_protocol::settings::{TerminalSettings, with};
use sca_scenario::model::{Certificate, Row, Scenario};

use super::Outside;
use crate::files::{self, Kept};
use crate::identities::Identities;

/// The devices of one scenario, by their places in the cast.
pub(crate) struct Devices {
    commands: Vec<Option<Command>>,
    running: Vec<Option<Child>>,
    /// Their files, which go when they do.
    _folder: Option<Kept>,
}

/// Scenarios of this process, for names of folders.
static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Devices {
    /// Resets the device, or starts one for each terminal of the cast.
    pub(super) fn start(
        outside: &Outside,
        scenario: &Scenario,
        row: &Row,
        identities: &Arc<Identities>,
    ) -> io::Result<Self> {
        if let Some(reset) = &outside.reset {
            let status = shell(reset, outside)?.status()?;
            if !status.success() {
                return Err(io::Error::other(format!("`{reset}` ended with {status}")));
            }
        }
        let Some(spawn) = &outside.spawn else {
            return Ok(Self { commands: Vec::new(), running: Vec::new(), _folder: None });
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = Kept::new(&format!("sca-sim-{}-{number}", std::process::id()))?;
        let url = row.cast.broker.get("url").cloned().unwrap_or_default();
        let mut devices = Self { commands: Vec::new(), running: Vec::new(), _folder: None };
        for (who, terminal) in row.cast.terminals.iter().enumerate() {
            let settings: TerminalSettings =
                with(&terminal.settings).map_err(|error| io::Error::other(error.to_string()))?;
            let place = |name: &str| folder.path().join(format!("{name}-{who}"));
            let text = given(
                spawn,
                &url,
                &settings,
                terminal,
                &|role, certificate, name| {
                    let plain = Certificate::default();
                    let declared = row.cast.certificates.get(certificate).unwrap_or(&plain);
                    let clock = scenario.header.clock.unwrap_or_else(crate::clock::today);
                    identities.issue(role, declared, name, clock).map_err(|error| io::Error::other(error.to_string()))
                },
                &|name, bytes| {
                    files::write_private(&place(name), bytes)?;
                    Ok(place(name))
                },
                &identities.root("authority"),
            )?;
            devices.commands.push(Some(shell(&text, outside)?));
            devices.running.push(None);
        }
        devices._folder = Some(folder);
        let powered = crate::stage::powered(row);
        (0..devices.commands.len()).filter(|who| powered[*who]).try_for_each(|who| devices.on(who))?;
        Ok(devices)
    }

    /// Whether this device can be switched on and off.
    pub(crate) fn is_ours(&self, who: usize) -> bool {
        self.commands.get(who).is_some_and(Option::is_some)
    }

    /// Switches a device on.
    pub(crate) fn on(&mut self, who: usize) -> io::Result<()> {
        // One that is on stays on.
        let is_on = self.running.get(who).is_some_and(Option::is_some);
        if let Some(Some(command)) = self.commands.get_mut(who).filter(|_| !is_on) {
            self.running[who] = Some(command.spawn()?);
        }
        Ok(())
    }

    /// Takes the power from a device.
    pub(crate) fn off(&mut self, who: usize) {
        if let Some(mut child) = self.running.get_mut(who).and_then(Option::take) {
            // One that has ended by itself cannot be ended again.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Drop for Devices {
    fn drop(&mut self) {
        (0..self.running.len()).for_each(|who| self.off(who));
    }
}

type Issue<'a> = dyn Fn(Role, &str, &str) -> io::Result<Arc<sca_certs::Identity>> + 'a;
type Write<'a> = dyn Fn(&str, &[u8]) -> io::Result<PathBuf> + 'a;

/// The command with what it asks for filled in.
fn given(
    spawn: &str,
    url: &str,
    settings: &TerminalSettings,
    terminal: &sca_scenario::model::Terminal,
    issue: &Issue<'_>,
    write: &Write<'_>,
    root: &[u8],
) -> io::Result<String> {
    let mut text = spawn.replace("{url}", url).replace("{pinpad}", &quoted(&settings.pinpad_id));
    let has = |name: &str| spawn.contains(name);
    if has("{ca}") {
        let path = write("ca.pem", sca_certs::certificate_pem(root).as_bytes())?;
        text = text.replace("{ca}", &path.display().to_string());
    }
    if has("{cert}") || has("{key}") {
        let (mut cert, mut key) = (String::new(), String::new());
        if settings.certificate != "none" {
            let identity = issue(Role::Terminal, &settings.certificate, &settings.pinpad_id)?;
            cert = write("cert.pem", identity.chain_pem().as_bytes())?.display().to_string();
            key = write("key.pem", identity.key_pem().as_bytes())?.display().to_string();
        }
        text = text.replace("{cert}", &format!("'{cert}'")).replace("{key}", &format!("'{key}'"));
    }
    if has("{settings}") {
        let json = serde_json::to_vec(&terminal.settings).map_err(io::Error::other)?;
        text = text.replace("{settings}", &write("settings.json", &json)?.display().to_string());
    }
    Ok(text)
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn shell(text: &str, outside: &Outside) -> io::Result<Command> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("exec {text}")).stdin(Stdio::null());
    match &outside.log {
        Some(path) => {
            let log = files::append(path)?;
            command.stdout(log.try_clone()?).stderr(log);
        }
        None => {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
    }
    Ok(command)
}
