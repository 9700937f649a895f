//! Card data never reaches the disk: every shape of a number, against redaction and against what every command leaves.

mod common;

use std::fs;
use std::path::Path;

use sca_capture::redacted;
use sca_protocol::pan;

/// Numbers of cards as issuers publish them for tests, and as they are made up: prefix, length and check digit.
fn numbers() -> Vec<String> {
    let begins = ["4", "51", "55", "2221", "2720", "34", "37", "6011", "65", "3528", "36", "38", "300"];
    let lengths = |begin: &str| -> &[usize] {
        match begin {
            "34" | "37" => &[15],
            "36" | "38" | "300" => &[14],
            "4" => &[13, 16, 19],
            _ => &[16],
        }
    };
    let mut all = Vec::new();
    for begin in begins {
        for length in lengths(begin) {
            let mut digits: Vec<u32> = begin.bytes().map(|b| u32::from(b - b'0')).collect();
            while digits.len() < length - 1 {
                digits.push((digits.len() as u32 * 7 + digits[0]) % 10);
            }
            let sum: u32 = digits
                .iter()
                .rev()
                .enumerate()
                .map(|(place, digit)| {
                    let value = if place % 2 == 0 { digit * 2 } else { *digit };
                    if value > 9 { value - 9 } else { value }
                })
                .sum();
            digits.push((10 - sum % 10) % 10);
            all.push(digits.iter().map(u32::to_string).collect());
        }
    }
    all
}

/// A card in all the shapes in which it comes along: how its digits are written, and where it stands.
fn shapes() -> Vec<(String, String)> {
    let grouped = |card: &str, by: &str| {
        let sizes: &[usize] = match card.len() {
            15 => &[4, 6, 5],
            14 => &[4, 6, 4],
            13 => &[4, 3, 3, 3],
            19 => &[4, 4, 4, 4, 3],
            _ => &[4, 4, 4, 4],
        };
        let mut rest = card;
        let groups: Vec<&str> = sizes
            .iter()
            .map(|size| {
                let (group, behind) = rest.split_at((*size).min(rest.len()));
                rest = behind;
                group
            })
            .collect();
        groups.join(by)
    };
    let mut all = Vec::new();
    for card in numbers() {
        let written = [
            card.clone(),
            grouped(&card, " "),
            grouped(&card, "-"),
            card.chars().map(|c| format!("&#{};", c as u32)).collect(),
            format!(";{card}=25121010000000000000?"),
            format!("%B{card}^DOE/KIM^2512101000?"),
        ];
        let places = [
            "<ACCT_NUM>{}</ACCT_NUM>",
            "<NOTE>paid by {} today</NOTE>",
            "<CARD_TRACK2><![CDATA[{}]]></CARD_TRACK2>",
            "<X><Y a=\"{}\"/></X>",
        ];
        for text in &written {
            all.extend(places.iter().map(|place| (card.clone(), place.replace("{}", text))));
        }
    }
    all
}

/// Whether a number is to be seen in a text, in any way a number is written.
fn is_seen(card: &str, text: &str) -> bool {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    plain.contains(card) || pan::find(text.as_bytes()).iter().any(|found| found.digits == card.as_bytes())
}

#[test]
fn no_shape_of_a_card_gets_through_redaction() {
    let shapes = shapes();
    assert!(shapes.len() >= 200, "{}", shapes.len());
    for (card, shape) in &shapes {
        for (open, close) in [("<TRANSACTION>", "</TRANSACTION>"), ("<RESPONSE>", ""), ("", ""), ("{\"xml\":\"", "\"}")]
        {
            let text = format!("{open}{shape}{close}");
            let kept = redacted(&text);
            assert!(!is_seen(card, &kept), "{text}\n{kept}");
        }
    }
    // References keep their numbers, though they may look like a card's.
    let reference = "<TRANSACTION><INVOICE>4111111111111111</INVOICE><CTROUTD>5555555555554444</CTROUTD></TRANSACTION>";
    assert_eq!(redacted(reference), reference);
}

/// A log of a till in which every shape is said and answered.
fn log() -> String {
    let mut log = String::new();
    for (at, (_, shape)) in shapes().iter().enumerate() {
        let (minutes, seconds) = (at / 60, at % 60);
        let request = "<FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND>";
        let answer = "<RESPONSE_TEXT>Version Information Captured</RESPONSE_TEXT><RESULT>OK</RESULT><RESULT_CODE>-1</RESULT_CODE>";
        log += &format!("10:{minutes:02}:{seconds:02} > <TRANSACTION>{request}{shape}</TRANSACTION>\n");
        log += &format!("10:{minutes:02}:{seconds:02} < <RESPONSE>{answer}{shape}</RESPONSE>\n");
    }
    log
}

/// A scenario with cards in it, as nobody should write it.
fn hostile() -> String {
    let mut lines = String::from("scenario \"Pay with 4111 1111 1111 1111\"\n\nterminal connects\n");
    for (at, (_, shape)) in shapes().iter().enumerate().step_by(9) {
        lines += &format!("pos -> terminal  as q{at}\n  <TRANSACTION>{shape}</TRANSACTION>\n");
        lines += &format!("terminal -> pos  RESULT_CODE=-2  re q{at}\n");
    }
    lines
        + "pos -> terminal  DEVICE VERSION  as last\nterminal -> pos  RESPONSE_TEXT=\"4111 1111 1111 1111\"  re last\n"
}

#[test]
fn no_shape_of_a_card_is_in_any_artefact_of_any_command() {
    let folder = common::folder("cards");
    common::file(&folder, "till.log", &log());
    common::file(&folder, "hostile.sca", &hostile());
    common::file(&folder, "broken.sca", &hostile().replace("terminal connects", "terminal connect 4111111111111111"));
    let reports = "junit=junit,json=json,jsonl=jsonl,github=github,markdown=markdown,tap=tap";
    let commands: &[&[&str]] = &[
        &["import", "till.log", "--out", "out"],
        &["diff", "till.log", "--shrink", "small"],
        &["diff", "--json", "out/terminal-1.sca"],
        &["run", "-t", "--report", reports, "out/terminal-1.sca", "hostile.sca"],
        &["run", "--trace", "run.html", "hostile.sca"],
        &["run", "--wire", "hostile.sca"],
        &["run", "--explain", "hostile.sca"],
        &["run", "--update", "out/terminal-1.sca"],
        &["run", "broken.sca"],
        &["check", "--strict", "hostile.sca", "broken.sca"],
        &["fmt", "--check", "hostile.sca", "broken.sca"],
        &["list", "."],
        &["review", "--list", "."],
        &["sweep", "--at", "reset@event:9", "hostile.sca"],
        &["explore", "hostile.sca", "--seeds", "2"],
        &["coverage", "hostile.sca"],
        &["explain", "hostile.sca"],
        &["export", "hostile.sca"],
        &["conformance", "hostile.sca", "--lines", "--html", "matrix.html", "--json", "matrix.json"],
        &["screen", "hostile.sca", "--all", "screens"],
    ];
    let mut artefacts = String::new();
    for arguments in commands {
        let output = common::run(&folder, arguments);
        assert_ne!(output.status.code(), Some(2), "{arguments:?}: {}", common::text(&output.stderr));
        artefacts += &common::text(&output.stdout);
        artefacts += &common::text(&output.stderr);
    }
    artefacts += &left_in(&folder);
    // What was caught is there, with other cards in it.
    assert!(artefacts.contains("NOTE=\"paid by visa today\""), "the log was imported");
    for card in numbers() {
        assert!(!artefacts.contains(&card), "{card} is in an artefact");
    }
    let found: Vec<String> =
        pan::find(artefacts.as_bytes()).iter().map(|f| artefacts[f.span.clone()].to_owned()).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// Everything that commands have left in a folder, names included, but for what they were given.
fn left_in(folder: &Path) -> String {
    let mut all = String::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            all += &path.display().to_string();
            if path.is_dir() {
                waiting.push(path);
            } else if !["till.log", "hostile.sca", "broken.sca"].iter().any(|given| path == folder.join(given)) {
                let bytes = fs::read(&path).expect("the file can be read");
                all += &String::from_utf8_lossy(&bytes);
            }
        }
    }
    all
}
