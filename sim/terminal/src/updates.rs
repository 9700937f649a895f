//! Updates: commands that change the state of the terminal and are answered at once.

use sca_core::Screen;
use sca_protocol::commands::Change;
use sca_protocol::screens::ScreenName;
use sca_protocol::settings::{Settings, TerminalSettings, is_parameter};
use sca_protocol::{codes, commands};

use crate::context::{Effect, Task, Work};
use crate::device::{Activity, Device, Session};
use crate::flash_files::CONFIG;
use crate::line_items::Items;

/// Parameters that a POS may not write: they control which POS may connect and how it authenticates.
const BARRED: &[&str] = &["POSCONNECTALLOW", "SKIPPOSAUTH", "AUTOPAIR"];

/// Maximum length of a parameter's value in bytes, and maximum number of parameters in config.usr1.
const PARAMETER_MAX: usize = 255;
const PARAMETERS_MAX: usize = 256;

impl Device {
    /// Carries out an update and answers it.
    pub(crate) fn change(&mut self, work: &mut Work<'_>, mut task: Task, what: Change) {
        if what == Change::StartSession {
            let training = task.get("TRAINING_MODE").and_then(commands::parse_training_mode).unwrap_or(false);
            self.start_session(work, &task, training);
            let response = task.done(work).with("TRAINING_MODE", if training { "ON" } else { "OFF" });
            return task.answer(work, response);
        }
        let refused = match what {
            Change::FinishSession => {
                self.finish_session(work);
                None
            }
            Change::DeviceName => self.name_device(work, &task),
            Change::Parameters => self.write_parameters(work, &mut task),
            Change::Time => return set_time(work, task),
            Change::LaneClosed => {
                self.close_lane(work, &task);
                None
            }
            Change::RemoveStored | Change::EditStored => return self.change_stored(work, task, what),
            Change::LeftPanel => {
                let text = task.get("LEFTPANEL_TEXT").map(str::to_owned);
                self.session.iter_mut().for_each(|session| session.panel.clone_from(&text));
                None
            }
            Change::ShowItems
            | Change::AddItems
            | Change::OverrideItem
            | Change::RemoveItems
            | Change::RemoveAllItems
            | Change::EndItems => self.change_items(work, &task, what),
            Change::Nothing | Change::StartSession => None,
        };
        match refused {
            Some((code, text)) => task.refuse(work, code, text.as_deref()),
            None => {
                let response = task.done(work);
                task.answer(work, response);
            }
        }
    }

    /// Opens a session from the fields of a START.
    fn start_session(&mut self, work: &Work<'_>, task: &Task, training: bool) {
        let text = |name: &str| task.get(name).unwrap_or_default().to_owned();
        let port = task.get("POS_PORT").and_then(|port| port.parse().ok());
        let address = task.get("POS_IP").map(str::to_owned).zip(port);
        self.lane_closed = None;
        self.session = Some(Session {
            invoice: text("INVOICE"),
            training,
            since: work.now.since_start,
            owner: Some(task.origin),
            label: text("MAC_LABEL"),
            address,
            items: Items::default(),
            panel: None,
        });
    }

    /// Ends the session. A payment that no host has been told of is cancelled, and answered first.
    fn finish_session(&mut self, work: &mut Work<'_>) {
        if self.holder.as_ref().is_some_and(|holder| matches!(holder.doing, Activity::Paying(_))) {
            self.cancel_occupant(work, codes::CANCELLED.text, codes::CANCELLED.assumption);
        }
        self.session = None;
        self.shown = None;
    }

    /// Stores the device name; returns the refusal if it is not allowed or not one line.
    fn name_device(&mut self, work: &mut Work<'_>, task: &Task) -> Option<(codes::Code, Option<String>)> {
        if work.settings.names_enabled == 0 {
            return Some((codes::NOT_ALLOWED, Some("DEVICENAMEENABLED is 0".to_owned())));
        }
        let name = task.get("DEVICENAME").unwrap_or_default();
        if name.chars().any(char::is_control) {
            return Some((codes::FIELD_ERROR, Some("DEVICENAME must be one line".to_owned())));
        }
        let name = name.to_owned();
        let lines = self.with_parameters(&[("DEVICENAME".to_owned(), name)]);
        self.flash.write_lines(work, CONFIG, &lines);
        None
    }

    /// Writes the parameters in PARAM (NAME=VALUE, separated by bars) and in PARM_ fields: all of them, or none if one
    /// is invalid.
    fn write_parameters(&mut self, work: &mut Work<'_>, task: &mut Task) -> Option<(codes::Code, Option<String>)> {
        task.assumed.push("A-57");
        let mut all = Vec::new();
        for pair in task.get("PARAM").into_iter().flat_map(|list| list.split('|')) {
            let head: String = pair.chars().take(40).collect();
            let field = |text: String| Some((codes::FIELD_ERROR, Some(text)));
            let Some((name, value)) = pair.split_once('=') else {
                return field(format!("PARAM {head} has no ="));
            };
            let Ok(row) = TerminalSettings::row(name) else { return field(format!("PARAM {head} is unknown")) };
            if BARRED.contains(&row.name) || !is_parameter(row.name) {
                return Some((codes::NOT_ALLOWED, Some(format!("{} cannot be written", row.name))));
            }
            if let Err(error) = TerminalSettings::default().set(name, value) {
                return field(format!("PARAM {error}"));
            }
            all.push((row.name.to_owned(), value.to_owned()));
        }
        for field in task.request.fields().iter().filter(|f| f.name.starts_with("PARM_") || f.name == "ARM_ALTMERCHID")
        {
            let name = if field.name == "ARM_ALTMERCHID" { "PARM_ALTMERCHID" } else { &field.name };
            if field.text.chars().any(char::is_control) || field.text.len() > PARAMETER_MAX {
                return Some((codes::FIELD_ERROR, Some(format!("{name} must be one line of at most 255 bytes"))));
            }
            all.push((name.to_owned(), field.text.clone()));
        }
        let lines = self.with_parameters(&all);
        if lines.len() > PARAMETERS_MAX {
            return Some((codes::FIELD_ERROR, Some(format!("config.usr1 has room for {PARAMETERS_MAX} parameters"))));
        }
        self.flash.write_lines(work, CONFIG, &lines);
        None
    }

    /// The lines of config.usr1 with these parameters set, sorted.
    fn with_parameters(&self, all: &[(String, String)]) -> Vec<String> {
        let is_put = |line: &&str| line.split_once('=').is_some_and(|(key, _)| all.iter().any(|(name, _)| name == key));
        let kept: Vec<String> = self.flash.lines(CONFIG).filter(|line| !is_put(line)).map(str::to_owned).collect();
        let put = all.iter().map(|(name, value)| format!("{name}={value}"));
        let mut lines: Vec<String> = kept.into_iter().chain(put).collect();
        lines.sort();
        lines
    }

    fn close_lane(&mut self, work: &Work<'_>, task: &Task) {
        let settings = work.settings;
        let text = task.get("DISPLAY_TEXT").unwrap_or("Lane Closed").to_owned();
        let colour = task.get("FONT_COL_VALUE").unwrap_or(&settings.lane_closed_colour).to_owned();
        let size = task.get("FONT_SIZE").map_or_else(|| settings.lane_closed_size.to_string(), str::to_owned);
        let screen = Screen::plain(ScreenName::LaneClosed).saying(text).with("COLOUR", colour).with("SIZE", size);
        (self.session, self.shown, self.lane_closed) = (None, None, Some(screen));
    }

    fn change_items(&mut self, work: &Work<'_>, task: &Task, what: Change) -> Option<(codes::Code, Option<String>)> {
        if what == Change::ShowItems && work.settings.items_displayed == 0 {
            return Some((codes::NOTHING_TO_SHOW, None));
        }
        let items = &mut self.session.as_mut()?.items;
        let result = match what {
            Change::AddItems => items.add(task),
            Change::OverrideItem => items.replace(task),
            Change::RemoveItems => items.remove(task),
            Change::RemoveAllItems => {
                items.clear(task);
                Ok(())
            }
            Change::EndItems => {
                items.end();
                Ok(())
            }
            _ => Ok(()),
        };
        result.err().map(|text| (codes::FIELD_ERROR, Some(text)))
    }

    /// Removes or edits stored transactions, and answers with their number.
    fn change_stored(&mut self, work: &mut Work<'_>, mut task: Task, what: Change) {
        let numbers = match self.stored.named(&task) {
            Ok(numbers) => numbers,
            Err(code) => return task.refuse(work, code, None),
        };
        let count =
            if what == Change::EditStored { self.stored.edit(&numbers, &task) } else { self.stored.remove(&numbers) };
        self.stored.save(work, &mut self.flash);
        self.schedule_submission(work);
        task.assumed.extend(task.row.guess);
        let text = format!("{count} {}", task.row.text);
        let response = task.outcome(work, codes::DONE, &text);
        task.answer(work, response);
    }
}

/// Sets the device's clock if asked to, and answers with the time that it shows then.
fn set_time(work: &mut Work<'_>, mut task: Task) {
    let asked = task.get("TIME").and_then(commands::clock).filter(|_| !task.is_set("CONFIG_TIME"));
    let at = asked.unwrap_or(work.now.wall);
    if asked.is_some() {
        work.does(Effect::Clock(at));
    }
    let shown = at.digits();
    let response = task.done(work).with("TIME", shown);
    task.answer(work, response);
}
