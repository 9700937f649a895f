//! Trace page of a run: one self-contained HTML file with the sequence diagram, every message, the terminal's screen
//! at every moment, and the failure at the top.

mod data;

use std::path::Path;

use sca_files::Loaded;
use sca_model::Scenario;
use sca_world::played::Played;

use super::page::fill_page;
use crate::error::WriteError;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Maximum number of rows on one page; failed rows come first.
const ROWS_MAX: usize = 24;

/// The trace page of a scenario's rows, which must have been played with traces kept. `replay` is the command that
/// replays it.
///
/// # Errors
/// The error of the JSON or picture writer; does not occur in practice.
pub fn trace_page(loaded: &Loaded, scenario: &Scenario, rows: &[Played], replay: &str) -> Result<String, WriteError> {
    let mut chosen: Vec<(usize, &Played)> = rows.iter().enumerate().collect();
    chosen.sort_by_key(|(at, row)| (!row.verdict.is_bad(), *at));
    chosen.truncate(ROWS_MAX);
    let data = data::page(loaded, scenario, &chosen, rows.len(), replay)?;
    let mut json = serde_json::to_value(&data)?;
    sca_judge::mask::mask_texts(&mut json);
    let json = json.to_string();
    let title = format!("{} — {}", scenario.title, file_name(&loaded.path));
    let title = sca_judge::mask::told(&title);
    Ok(fill_page(PAGE, &title, STYLE, SCRIPT, &json))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
