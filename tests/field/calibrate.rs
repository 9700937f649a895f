//! Tests of `calibrate`: it finds the settings of a device, so that no remaining difference comes from the device's
//! make.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use crate::common::{folder, root, run};
use sca_capture::ScenarioGenerator;
use sca_capture::calibrate::calibrate;
use sca_capture::diff::Comparer;
use sca_environment::Authorities;
use sca_import::{Event, Session};
use sca_protocol::Reason;
use sca_terminal::simulated;

/// The output of `calibrate` for a log, and its success.
fn calibrated(name: &str, log: &str, more: &[&str]) -> (String, String) {
    let folder = folder(&format!("calibrate-{name}"));
    fs::write(folder.join("till.log"), log).expect("it can be written");
    let output = run(&folder, &[&["calibrate", "till.log"], more].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    (String::from_utf8_lossy(&output.stdout).into_owned(), said)
}

/// The number of differences that `diff` counts for a scenario.
fn differences(folder: &std::path::Path, scenario: &str) -> usize {
    let output = run(folder, &["diff", scenario, "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let all = told["captures"][0]["differences"].as_array().expect("a list");
    all.iter().map(|one| one["fields"].as_array().map_or(1, |fields| fields.len().max(1))).sum()
}

#[test]
fn with_the_block_a_capture_differs_by_bugs_alone() {
    let log = fs::read_to_string(root().join("tests/captures/till.log")).expect("it is there");
    let (block, said) = calibrated("till", &log, &[]);
    assert!(block.starts_with("terminal\n") && block.contains("  payment-fields \"TRANS_SEQ_NUM|AUTH_CODE"), "{block}");
    assert!(said.contains("26 fields and lines differed; 5 with these settings"), "{said}");
    let folder = folder("calibrate-block");
    fs::write(folder.join("till.log"), &log).expect("it can be written");
    let imported = run(&folder, &["import", "till.log", "--out", "."]);
    assert!(imported.status.success());
    let plain = fs::read_to_string(folder.join("terminal-1.sca")).expect("it was made");
    let (head, body) = plain.split_once("\n\n").expect("a head ends with an empty line");
    fs::write(folder.join("with.sca"), format!("{head}\n\n{block}\n{body}")).expect("it can be written");
    assert_eq!((differences(&folder, "terminal-1.sca"), differences(&folder, "with.sca")), (26, 5));
}

#[test]
fn a_device_is_known_by_its_words_its_layout_and_its_counter() {
    let told = |text: &str, rest: &str| {
        format!(
            "<RESPONSE>\n  <RESPONSE_TEXT>{text}</RESPONSE_TEXT>\n  <RESULT>OK</RESULT>\n  <RESULT_CODE>-1</RESULT_CODE>\n  \
             <TERMINATION_STATUS>SUCCESS</TERMINATION_STATUS>{rest}\n</RESPONSE>"
        )
    };
    let asks = |kind: &str, command: &str, rest: &str| {
        format!("<TRANSACTION><FUNCTION_TYPE>{kind}</FUNCTION_TYPE><COMMAND>{command}</COMMAND>{rest}</TRANSACTION>")
    };
    let log = [
        format!("10:00:01 {}\n", asks("SESSION", "START", "<COUNTER>1</COUNTER><INVOICE>1</INVOICE>")),
        format!("10:00:01 {}\n", told("Session has been opened", "\n  <TRAINING_MODE>OFF</TRAINING_MODE>")),
        format!("10:00:03 {}\n", asks("SESSION", "FINISH", "<COUNTER>2</COUNTER>")),
        format!("10:00:03 {}\n", told("Session has been closed", "")),
    ];
    let (block, said) = calibrated("words", &log.concat(), &[]);
    for line in ["echo-counter no", "response-layout indented", "Session Started=Session has been opened"] {
        assert!(block.contains(line), "{line}\n{block}");
    }
    assert!(said.contains("; 0 with these settings"), "{said}\n{block}");
}

/// A session in which every attempt but the last is refused, with these pauses between attempts.
fn retries(pauses: &[u64]) -> Session {
    let mut session = Session::new("1", false);
    let mut at = 0;
    for pause in pauses {
        session.push(Duration::from_millis(at), Event::Opened);
        session.push(Duration::from_millis(at + 1), Event::Failed(Reason::Refused));
        at += pause + 2;
    }
    session.push(Duration::from_millis(at), Event::Opened);
    session
}

#[test]
fn a_device_is_known_by_its_pauses() {
    let identities = Authorities::new().expect("an authority can be made").memory;
    for (pauses, first, growth, cap) in [
        (&[2_000, 4_000, 8_000, 8_000, 8_000][..], "2s", "2", "8s"),
        (&[5_000, 5_000, 5_000, 5_000], "5s", "1", "5s"),
        (&[500, 1_500, 4_500, 13_500, 20_000], "500ms", "3", "20s"),
    ] {
        let session = retries(pauses);
        let texts = ScenarioGenerator::whole("Retries", &session);
        let found = calibrate(&Comparer::new(&simulated, &identities), &texts, &[session]).expect("it is a scenario");
        let wanted = [("retry-first", first), ("retry-growth", growth), ("retry-cap", cap), ("retry-jitter", "0")];
        let wanted: BTreeMap<&str, String> = wanted.map(|(name, value)| (name, value.to_owned())).into();
        let retry: BTreeMap<&str, String> =
            found.settings.into_iter().filter(|(name, _)| name.starts_with("retry")).collect();
        assert_eq!(retry, wanted, "{pauses:?}");
    }
    // Pauses that follow no rule give no setting.
    let session = retries(&[1_000, 9_000, 2_000, 30_000]);
    let texts = ScenarioGenerator::whole("Retries", &session);
    let found = calibrate(&Comparer::new(&simulated, &identities), &texts, &[session]).expect("it is a scenario");
    assert!(!found.settings.contains_key("retry-first"), "{:?}", found.settings);
}
