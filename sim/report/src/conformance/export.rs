//! Exports of the conformance matrix: CSV, and one self-contained HTML page.

use serde::Serialize;

use super::gather::Conformance;
use crate::error::WriteError;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    tool: &'static str,
    links: &'a str,
    matrix: &'a Conformance,
}

/// The matrix as CSV. A row for each clause: its id, verdict, number of lines for and against, text, and its evidence
/// as `PATH:LINE`.
///
/// # Errors
/// The error of the CSV writer; does not occur in practice.
pub fn csv(matrix: &Conformance) -> Result<String, WriteError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |row: [&str; 6]| writer.write_record(row);
    write(["clause", "verdict", "for", "against", "text", "evidence"])?;
    for clause in &matrix.clauses {
        let against = clause.evidence.iter().filter(|evidence| evidence.negative).count();
        let places: Vec<String> = clause.evidence.iter().map(|e| format!("{}:{}", e.path, e.line)).collect();
        let (on, no) = ((clause.evidence.len() - against).to_string(), against.to_string());
        write([clause.id, &clause.verdict, &on, &no, clause.text, &places.join(" ")])?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The matrix as an HTML page with this title. Each line of evidence links to `links` followed by its path and `#L`
/// with its line number.
///
/// # Errors
/// The error of the JSON writer; does not occur in practice.
pub fn page(matrix: &Conformance, title: &str, links: &str) -> Result<String, WriteError> {
    let data = Page { title, tool: concat!("sca-sim ", env!("CARGO_PKG_VERSION")), links, matrix };
    let json = serde_json::to_string(&data)?;
    Ok(crate::fill_page(PAGE, title, STYLE, SCRIPT, &json))
}
