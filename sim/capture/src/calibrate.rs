//! Calibration: finds the settings that make the simulated terminal answer like the device in a capture, so that the
//! remaining differences are bugs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sca_core::Terminal;
use sca_judge::text_of;
use sca_masking::secret;
use sca_model::Problem;
use sca_protocol::Response;
use sca_protocol::frame::opcode;
use sca_protocol::settings::{Kind, Settings, TerminalSettings, format_duration};
use sca_protocol::xml::Limits;

use crate::diff::{Compared, Comparer, What};
use sca_import::{Event, Session, Side};

/// The result of a calibration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calibration {
    /// The settings found, by name.
    pub settings: BTreeMap<&'static str, String>,
    /// The number of differing fields and lines before.
    pub before: usize,
    /// The number of differing fields and lines with these settings.
    pub after: usize,
}

/// Maximum number of rounds in which an explaining setting is tried.
const ROUNDS_MAX: usize = 12;

/// Finds the settings for the scenarios of a capture and the sessions they were made of.
///
/// # Errors
/// Every problem of the first text that is not a valid scenario.
pub fn calibrate<C: Terminal>(
    comparer: &Comparer<'_, C>,
    texts: &[String],
    sessions: &[Session],
) -> Result<Calibration, Vec<Problem>> {
    let mut told = measured(sessions);
    let plain = compared(comparer, texts, &BTreeMap::new())?;
    let (mut now, before) = (compared(comparer, texts, &told)?, weight(&plain));
    let words = differing_texts(&now);
    if !words.is_empty() {
        told.insert("texts", words);
        now = compared(comparer, texts, &told)?;
    }
    let mut tried: BTreeSet<(&'static str, String)> = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        let explained = now.iter().flat_map(|one| &one.differences).flat_map(|difference| &difference.explained);
        let next = explained.map(|one| (one.setting, one.value.clone())).find(|one| !tried.contains(one));
        let Some((name, value)) = next else { break };
        tried.insert((name, value.clone()));
        let with = told.iter().map(|(name, value)| (*name, value.clone())).chain([(name, value)]).collect();
        let then = compared(comparer, texts, &with)?;
        if weight(&then) < weight(&now) {
            (told, now) = (with, then);
        }
    }
    // Drop settings that do not reduce the differences.
    for name in told.keys().copied().collect::<Vec<_>>() {
        let mut without = told.clone();
        without.remove(name);
        let then = compared(comparer, texts, &without)?;
        if weight(&then) <= weight(&now) && !MEASURED.contains(&name) {
            (told, now) = (without, then);
        }
    }
    Ok(Calibration { settings: told, before, after: weight(&now) })
}

/// Measured settings that are kept even if no comparison depends on them.
const MEASURED: &[&str] =
    &["response-layout", "retry-first", "retry-growth", "retry-cap", "retry-jitter", "header-space-before-colon"];

/// Compares all scenarios, with these settings for their terminal.
fn compared<C: Terminal>(
    comparer: &Comparer<'_, C>,
    texts: &[String],
    settings: &BTreeMap<&'static str, String>,
) -> Result<Vec<Compared>, Vec<Problem>> {
    texts.iter().map(|text| comparer.compare(&with(text, settings)?)).collect()
}

/// A scenario with these settings for its first terminal.
fn with(text: &str, settings: &BTreeMap<&'static str, String>) -> Result<String, Vec<Problem>> {
    let scenario = sca_scenario::parse(text)?;
    let Some(mut row) = scenario.rows.first().cloned() else { return Ok(text.to_owned()) };
    if let Some(terminal) = row.cast.terminals.first_mut() {
        terminal.settings.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
    Ok(text_of(&scenario.title, &scenario.header, &row))
}

/// The amount of differences: the number of differing fields, and of lines that only one side has.
fn weight(compared: &[Compared]) -> usize {
    let of = |one: &Compared| {
        let differences = one.differences.iter().map(|difference| match &difference.what {
            What::Fields(parts) => parts.len(),
            _ => 1,
        });
        // The part after an aborted comparison is unknown, so it weighs heavily.
        differences.sum::<usize>() + if one.stopped.is_some() { 1_000 } else { 0 }
    };
    compared.iter().map(of).sum()
}

/// The texts that the device words differently with the same result, as `OURS=THEIRS` joined by `|`.
fn differing_texts(compared: &[Compared]) -> String {
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    for difference in compared.iter().flat_map(|one| &one.differences) {
        let What::Fields(parts) = &difference.what else { continue };
        let differs = |name: &str| parts.iter().any(|part| part.name == name);
        let text = parts.iter().find(|part| part.name == "RESPONSE_TEXT");
        let Some((Some(theirs), Some(ours))) = text.map(|part| (&part.field, &part.model)) else { continue };
        let is_sayable = |text: &str| !text.is_empty() && !text.contains(['=', '|', '"', '{']);
        if !differs("RESULT_CODE") && !differs("RESULT") && is_sayable(ours) && is_sayable(theirs) {
            words.entry(ours.clone()).or_insert_with(|| theirs.clone());
        }
    }
    words.iter().map(|(ours, theirs)| format!("{ours}={theirs}")).collect::<Vec<_>>().join("|")
}

/// The settings that can be measured in a session without a comparison.
fn measured(sessions: &[Session]) -> BTreeMap<&'static str, String> {
    let mut told = BTreeMap::new();
    let answers: Vec<String> = sessions.iter().flat_map(answers).collect();
    if let Some(layout) = layout(&answers) {
        told.insert("response-layout", layout.to_owned());
    }
    if let Some(fields) = payment_fields(&answers) {
        told.insert("payment-fields", fields);
    }
    let asked = sessions.iter().flat_map(|session| &session.events).find_map(|(_, event)| match event {
        Event::Asked(text) => Some(text),
        _ => None,
    });
    if asked.is_some_and(|text| text.to_ascii_lowercase().contains("x-vfi-pinpad-id :")) {
        told.insert("header-space-before-colon", "yes".to_owned());
    }
    retries(&pauses(sessions), &mut told);
    // A measured value may be out of a setting's range.
    told.retain(|name, value| TerminalSettings::row(name).is_ok_and(|row| row.kind.read(value).is_some()));
    told
}

fn answers(session: &Session) -> Vec<String> {
    let said = session.events.iter().filter_map(|(_, event)| match event {
        Event::Frame(Side::Terminal, frame) if frame.opcode == opcode::TEXT && frame.last => {
            Some(String::from_utf8_lossy(&frame.payload).into_owned())
        }
        _ => None,
    });
    said.filter(|text| text.contains("<RESPONSE")).collect()
}

/// The layout of most documents.
fn layout(answers: &[String]) -> Option<&'static str> {
    let indented = answers.iter().filter(|text| text.contains(">\n") || text.contains(">\r\n")).count();
    match answers.len() {
        0 => None,
        all if indented * 2 > all => Some("indented"),
        _ => Some("compact"),
    }
}

/// The fields of the payment response with the most fields, without those that begin every response.
fn payment_fields(answers: &[String]) -> Option<String> {
    const FIRST: [&str; 5] = ["RESPONSE_TEXT", "RESULT", "RESULT_CODE", "TERMINATION_STATUS", "COUNTER"];
    /// Fields copied from the request.
    const BROUGHT: [&str; 2] = ["POS_RECON", "TRAINING_MODE"];
    let paid = answers.iter().filter_map(|text| Response::parse(text, Limits::default()).ok());
    let paid = paid.filter(|answer| answer.get("AUTH_CODE").is_some() || answer.get("CTROUTD").is_some());
    let fullest = paid.max_by_key(|answer| answer.fields().len())?;
    let fields = fullest.fields().iter().filter(|field| field.children.is_empty());
    let entries =
        fields.filter(|field| !FIRST.contains(&field.name.as_str()) && !BROUGHT.contains(&field.name.as_str()));
    let entry = |name: &str, text: &str| {
        // No value is needed if the simulated terminal has its own.
        if OWN.contains(&name) {
            return name.to_owned();
        }
        let kept = crate::redacted(text);
        let is_sayable = !kept.contains(['|', '"', '{']) && secret::kind(name).is_none() && kept.len() <= 64;
        format!("{name}={}", if is_sayable { kept.as_ref() } else { "-" })
    };
    let all: Vec<String> = entries.map(|field| entry(&field.name, &field.text)).collect();
    (!all.is_empty()).then(|| all.join("|"))
}

/// Fields for which the simulated terminal or its host has its own values.
const OWN: &[&str] = &[
    "ACCT_NUM",
    "APPROVED_AMOUNT",
    "AUTH_CODE",
    "CARDHOLDER",
    "CARD_ENTRY_MODE",
    "CARD_EXP_MONTH",
    "CARD_EXP_YEAR",
    "CARD_TOKEN",
    "CTROUTD",
    "DIFF_AMOUNT_DUE",
    "EMBOSSED_ACCT_NUM",
    "HOST_RESPCODE",
    "INTRN_SEQ_NUM",
    "INVOICE",
    "LANE",
    "MERCHID",
    "ORIG_TRANS_AMOUNT",
    "PAYMENT_MEDIA",
    "PAYMENT_TYPE",
    "TERMID",
    "TRANS_AMOUNT",
    "TRANS_DATE",
    "TRANS_SEQ_NUM",
    "TRANS_TIME",
    "TROUTD",
];

/// The pauses between failed attempts and the next ones, grouped by series of failures.
fn pauses(sessions: &[Session]) -> Vec<Vec<Duration>> {
    let mut all = Vec::new();
    for session in sessions {
        let (mut row, mut failed) = (Vec::new(), None);
        for (at, event) in &session.events {
            match event {
                Event::Opened => row.extend(failed.take().map(|failed: Duration| at.saturating_sub(failed))),
                Event::Failed(_) => failed = Some(*at),
                Event::Answered(text) if text.split(' ').nth(1) != Some("101") => failed = Some(*at),
                Event::Answered(_) | Event::Up => all.push(std::mem::take(&mut row)),
                _ => {}
            }
        }
        all.push(row);
    }
    all.retain(|row| !row.is_empty());
    all
}

/// Derives the retry settings (first pause, growth, cap, jitter) from the longest series of pauses, if it is regular.
fn retries(rows: &[Vec<Duration>], told: &mut BTreeMap<&'static str, String>) {
    let Some(longest) = rows.iter().max_by_key(|row| row.len()).filter(|row| row.len() >= 3) else { return };
    let rounded = |pause: Duration| {
        let ms = pause.as_millis();
        // Rounded, as connecting takes some time.
        let step = if ms >= 900 { 100 } else { 10 };
        Duration::from_millis(u64::try_from((ms + step / 2) / step * step).unwrap_or(u64::MAX))
    };
    let first = rounded(longest[0]);
    let cap = rounded(*longest.iter().max().unwrap_or(&first));
    let ratios = longest.windows(2).filter(|pair| pair[1] < cap && pair[0] > Duration::ZERO);
    let ratios: Vec<f64> = ratios.map(|pair| pair[1].as_secs_f64() / pair[0].as_secs_f64()).collect();
    let growth = match ratios.as_slice() {
        [] if cap > first => cap.as_secs_f64() / first.as_secs_f64(),
        [] => 1.0,
        some => some.iter().sum::<f64>() / some.len() as f64,
    };
    // If all pauses match the rule, there is no jitter.
    let expected = |nth: usize| first.as_secs_f64() * growth.round().powi(i32::try_from(nth).unwrap_or(i32::MAX));
    let is_strict = longest.iter().enumerate().all(|(nth, pause)| {
        let expected = expected(nth).min(cap.as_secs_f64());
        (pause.as_secs_f64() - expected).abs() <= expected * 0.05 + 0.1
    });
    if is_strict {
        told.insert("retry-jitter", "0".to_owned());
        told.insert("retry-first", format_duration(first));
        told.insert("retry-growth", format!("{}", growth.round().clamp(1.0, 10.0)));
        told.insert("retry-cap", format_duration(cap.max(first)));
    }
}

impl Calibration {
    /// The settings as the `terminal` block of a scenario.
    #[must_use]
    pub fn block(&self) -> String {
        let mut out = "terminal\n".to_owned();
        for (name, value) in &self.settings {
            let is_plain = matches!(
                TerminalSettings::row(name).map(|row| row.kind),
                Ok(Kind::Flag | Kind::Number(..) | Kind::Span(..) | Kind::Choice(_))
            );
            let value = if is_plain { value.clone() } else { sca_scenario::quote(value) };
            out.push_str(&format!("  {name} {value}\n"));
        }
        out
    }
}
