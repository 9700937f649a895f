//! A run as a picture: one page of HTML that needs nothing beside itself, with the ladder, every message, the terminal's
//! screen at every moment, and what failed on top.

mod data;

use std::path::Path;

use sca_scenario::model::Scenario;

use super::page::filled;
use crate::files::Loaded;
use crate::played::Played;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Rows that one page holds; those that failed come first.
const ROWS_MAX: usize = 24;

/// The page of a scenario's rows, which were played with their traces kept. `replay` is the command that plays it again.
///
/// # Errors
/// What the writer of JSON or of pictures says; in practice nothing.
pub fn trace_page(loaded: &Loaded, scenario: &Scenario, rows: &[Played], replay: &str) -> Result<String, String> {
    let mut chosen: Vec<(usize, &Played)> = rows.iter().enumerate().collect();
    chosen.sort_by_key(|(at, row)| (!row.verdict.is_bad(), *at));
    chosen.truncate(ROWS_MAX);
    let data = data::page(loaded, scenario, &chosen, rows.len(), replay)?;
    let mut json = serde_json::to_value(&data).map_err(|error| error.to_string())?;
    crate::cards::mask_texts(&mut json);
    let json = json.to_string();
    let title = format!("{} — {}", scenario.title, file_name(&loaded.path));
    let title = crate::cards::told(&title);
    Ok(filled(PAGE, &title, STYLE, SCRIPT, &json))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
