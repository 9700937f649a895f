//! Tests of log formats: the same exchange in every format gives the same scenario.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::common::{folder, run};
use rstest::rstest;

/// The exchange: seconds and milliseconds after 9:14, whether the POS sends, and the document.
fn story() -> Vec<(u32, u32, bool, String)> {
    let answer = |text: &str, counter: u32| {
        format!(
            "<RESPONSE>\n  <RESPONSE_TEXT>{text}</RESPONSE_TEXT>\n  <RESULT>OK</RESULT>\n  <RESULT_CODE>-1</RESULT_CODE>\n  \
             <TERMINATION_STATUS>SUCCESS</TERMINATION_STATUS>\n  <COUNTER>{counter}</COUNTER>\n</RESPONSE>"
        )
    };
    let request = |kind: &str, command: &str, rest: &str| {
        format!(
            "<TRANSACTION>\n  <FUNCTION_TYPE>{kind}</FUNCTION_TYPE>\n  <COMMAND>{command}</COMMAND>{rest}\n</TRANSACTION>"
        )
    };
    vec![
        (2, 114, true, request("ADMIN", "GET_COUNTER", "")),
        (2, 163, false, answer("Operation Successful", 41)),
        (3, 1, true, request("SESSION", "START", "\n  <COUNTER>42</COUNTER>\n  <INVOICE>Grüße 7</INVOICE>")),
        (3, 60, false, answer("Session Started", 42)),
        (59, 900, true, request("SESSION", "FINISH", "\n  <COUNTER>43</COUNTER>")),
        (59, 999, false, answer("Session Finished", 43)),
    ]
}

fn flat(document: &str) -> String {
    document.lines().map(str::trim).collect()
}

/// The exchange as one line per entry; `before` makes the text before a document.
fn lines(before: impl Fn(u32, u32, bool) -> String, document: impl Fn(&str) -> String) -> String {
    story().iter().map(|(s, ms, is_pos, text)| format!("{}{}\n", before(*s, *ms, *is_pos), document(text))).collect()
}

/// The exchange with a prefix before each line of a document.
fn prefixed(before: impl Fn(u32, u32) -> String) -> String {
    let mut out = String::new();
    for (s, ms, _, text) in story() {
        text.lines().for_each(|line| writeln!(out, "{}{line}", before(s, ms)).expect("memory takes it"));
        writeln!(out, "{}idle", before(s, ms)).expect("memory takes it");
    }
    out
}

fn iso(s: u32, ms: u32) -> String {
    format!("2026-11-20T09:14:{s:02}.{ms:03}Z")
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// JSON as Python writes it, in ASCII only.
fn ascii(text: &str) -> String {
    json(text).chars().fold(String::new(), |out, c| {
        if c.is_ascii() { out + &c.to_string() } else { format!("{out}\\u{:04x}", u32::from(c)) }
    })
}

/// The statements of the scenario imported from some files, with the import's output and exit code.
fn imported(folder: &Path, files: &[PathBuf], more: &[&str]) -> (String, String, Option<i32>) {
    let out = folder.join("out").display().to_string();
    drop(fs::remove_dir_all(folder.join("out")));
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let mut arguments = vec!["import", "--out", &out];
    arguments.extend(more);
    arguments.extend(files.iter().map(String::as_str));
    let output = run(folder, &arguments);
    let mut text = String::new();
    let mut made: Vec<PathBuf> =
        fs::read_dir(folder.join("out")).into_iter().flatten().map(|e| e.expect("it is").path()).collect();
    made.sort();
    for path in made {
        text += &fs::read_to_string(path)
            .expect("it can be read")
            .lines()
            .skip(1)
            .map(|line| format!("{line}\n"))
            .collect::<String>();
    }
    (text, String::from_utf8_lossy(&output.stderr).into_owned(), output.status.code())
}

/// The statements that the exchange must become.
fn told(folder: &Path) -> String {
    let plain = folder.join("plain.log");
    fs::write(&plain, lines(|s, ms, _| format!("{} ", iso(s, ms)), flat)).expect("it can be written");
    let (text, said, code) = imported(folder, &[plain], &[]);
    assert_eq!((said.as_str(), code), ("", Some(0)));
    for line in [
        "+0.000 pos -> terminal  ADMIN GET_COUNTER  as q1",
        "+0.887 pos -> terminal  SESSION START COUNTER=\"{{counter+1}}\" INVOICE=\"Grüße 7\"  as q2",
        "+57.885 terminal -> pos  RESPONSE_TEXT=\"Session Finished\"",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    text
}

const MONTHS: [&str; 2] = ["Nov", "November"];

#[rstest]
#[case::several_lines(&[], lines(|s, ms, _| format!("{} INFO [sci] ", iso(s, ms)), str::to_owned))]
#[case::line_ends_of_windows(&[], lines(|s, ms, _| format!("{} ", iso(s, ms)), str::to_owned).replace('\n', "\r\n"))]
#[case::a_prefix_on_each_line(&[], prefixed(|s, ms| format!("{} till[7]:   ", iso(s, ms))))]
#[case::nothing_but_the_time_on_each_line(&[], prefixed(|s, ms| format!("{} ", iso(s, ms))))]
#[case::syslog_of_one_line(&[], lines(|s, ms, _| format!("<134>1 {} till sci 7 - - ", iso(s, ms)), |text| text.replace('\n', "#012")))]
#[case::syslog_of_many(&["--format", "syslog"], prefixed(|s, ms| format!("<134>1 {} till sci 7 - - ", iso(s, ms))))]
#[case::kubectl(&[], prefixed(|s, ms| format!("[pod/till-7c9/sci] {} ", iso(s, ms))))]
#[case::compose(&[], prefixed(|s, ms| format!("till-1  | {} [sci] ", iso(s, ms))))]
#[case::docker(&[], story().iter().flat_map(|(s, ms, _, text)| {
    let line = |line: &str| format!("{{\"log\":{},\"stream\":\"stdout\",\"time\":\"{}\"}}\n", json(&format!("{line}\n")), iso(*s, *ms));
    text.lines().map(line).collect::<Vec<_>>()
}).collect::<String>())]
#[case::docker_in_parts(&["--format", "docker"], story().iter().flat_map(|(s, ms, _, text)| {
    let text = flat(text);
    let (first, second) = text.split_at(40);
    [first.to_owned(), format!("{second}\n")].map(|part| format!("{{\"log\":{},\"stream\":\"stdout\",\"time\":\"{}\"}}\n", json(&part), iso(*s, *ms)))
}).collect::<String>())]
#[case::docker_round_json(&[], story().iter().map(|(s, ms, _, text)| {
    let inner = format!("{{\"level\":\"info\",\"msg\":{}}}\n", json(text));
    format!("{{\"log\":{},\"stream\":\"stdout\",\"time\":\"{}\"}}\n", json(&inner), iso(*s, *ms))
}).collect::<String>())]
#[case::json_lines(&[], story().iter().map(|(s, ms, _, text)| format!("{{\"@timestamp\":\"{}\",\"message\":{}}}\n", iso(*s, *ms), json(text))).collect::<String>())]
#[case::json_of_python(&["--format", "json"], story().iter().map(|(s, ms, _, text)| format!("{{\"ts\": \"{}\", \"event\": {{\"xml\": {}}}}}\n", iso(*s, *ms), ascii(text))).collect::<String>())]
#[case::json_behind_a_prefix(&[], story().iter().map(|(s, ms, _, text)| format!("till-1  | {{\"time\":\"{}\",\"msg\":{}}}\n", iso(*s, *ms), ascii(text))).collect::<String>())]
#[case::one_document(&[], format!("{{\n \"hits\": {{\"hits\": [\n{}\n]}}\n}}", story().iter().map(|(s, ms, _, text)| {
    format!("{{\"_source\": {{\"@timestamp\": \"{}\", \"message\": {}}}}}", iso(*s, *ms), json(text))
}).collect::<Vec<_>>().join(",\n")))]
#[case::escaped_in_a_string(&[], lines(|s, ms, _| format!("{} sent=\"", iso(s, ms)), |text| ascii(&flat(text)).trim_matches('"').to_owned() + "\""))]
#[case::escaped_as_markup(&[], lines(|s, ms, _| format!("{} ", iso(s, ms)), |text| flat(text).replace('<', "&lt;").replace('>', "&gt;")))]
#[case::log4j(&["--format", "log4j"], lines(|s, ms, _| format!("20 {} 2026 09:14:{s:02},{ms:03} DEBUG [main] c.s.Sci - ", MONTHS[0]), str::to_owned))]
#[case::months_in_full(&[], lines(|s, ms, _| format!("{} 20, 2026 9:14:{s:02}.{ms:03} AM ", MONTHS[1]), flat))]
#[case::dotnet(&["--format", "dotnet"], lines(|s, ms, _| format!("11/20/2026 9:14:{s:02}.{ms:03} AM [INF] "), str::to_owned))]
#[case::dates_with_dots(&[], lines(|s, ms, _| format!("20.11.2026 09:14:{s:02}.{ms:03} "), flat))]
#[case::milliseconds_since_1970(&[], lines(|s, ms, _| format!("{} ", 1_795_166_040_000_u64 + u64::from(s) * 1_000 + u64::from(ms)), flat))]
#[case::journal(&[], story().iter().map(|(s, ms, _, text)| {
    let at = 1_795_166_040_000_000_u64 + u64::from(*s) * 1_000_000 + u64::from(*ms) * 1_000;
    format!("{{\"__REALTIME_TIMESTAMP\":\"{at}\",\"SYSLOG_IDENTIFIER\":\"sci\",\"MESSAGE\":{}}}\n", json(text))
}).collect::<String>())]
#[case::journal_of_bytes(&[], story().iter().map(|(s, ms, _, text)| {
    let at = 1_795_166_040_000_000_u64 + u64::from(*s) * 1_000_000 + u64::from(*ms) * 1_000;
    format!("{{\"__REALTIME_TIMESTAMP\":\"{at}\",\"MESSAGE\":{:?}}}\n", format!("\u{1b}[32mINFO\u{1b}[0m {text}").as_bytes())
}).collect::<String>())]
#[case::colours(&[], lines(|s, ms, _| format!("\u{1b}[2m{}\u{1b}[0m \u{1b}[32mINFO\u{1b}[0m ", iso(s, ms)), str::to_owned))]
#[case::containerd(&[], prefixed(|s, ms| format!("{} stdout F ", iso(s, ms))))]
#[case::containerd_in_parts(&[], story().iter().map(|(s, ms, _, text)| {
    let text = flat(text);
    let (first, second) = text.split_at(40);
    format!("{0} stdout P {first}\n{0} stdout F {second}\n", iso(*s, *ms))
}).collect::<String>())]
#[case::twice_in_a_record(&[], story().iter().map(|(s, ms, _, text)| {
    format!("{{\"@timestamp\":\"{}\",\"message\":{1},\"event\":{{\"original\":{1}}}}}\n", iso(*s, *ms), json(text))
}).collect::<String>())]
#[case::log4j_in_xml(&[], story().iter().map(|(s, ms, _, text)| {
    let at = 1_795_166_040_000_u64 + u64::from(*s) * 1_000 + u64::from(*ms);
    format!("<Event timeMillis=\"{at}\" level=\"DEBUG\">\n<Message><![CDATA[{text}]]></Message>\n</Event>\n")
}).collect::<String>())]
#[case::newest_first_of_loki(&[], {
    let pair = |(s, ms, _, text): &(u32, u32, bool, String)| format!("[\"{}\",{}]", 1_795_166_040_000_000_000_u64 + u64::from(*s) * 1_000_000_000 + u64::from(*ms) * 1_000_000, json(text));
    let pairs: Vec<String> = story().iter().rev().map(pair).collect();
    format!("{{\"data\":{{\"result\":[{{\"stream\":{{\"app\":\"till\"}},\"values\":[{}]}}]}}}}\n", pairs.join(","))
})]
#[case::newest_first(&[], story().iter().rev().map(|(s, ms, _, text)| format!("{} [sci] {text}\n", iso(*s, *ms))).collect::<String>())]
#[case::newest_first_with_a_prefix(&[], prefixed(|s, ms| format!("{} sci: ", iso(s, ms))).lines().rev().map(|line| format!("{line}\n")).collect::<String>())]
#[case::where_it_is_told(&["--time", r"at (\S+ [AP]M)"], lines(|s, ms, _| format!("sent at 9:14:{s:02}.{ms:03} AM: "), flat))]
#[case::byte_order_mark(&[], format!("\u{feff}{}", lines(|s, ms, _| format!("{} ", iso(s, ms)), flat)))]
fn a_story_is_the_same_in_every_dress(#[case] more: &[&str], #[case] text: String) {
    let name = std::thread::current().name().unwrap_or_default().replace("::", "-");
    let folder = folder(&format!("formats-{name}"));
    let expected = told(&folder);
    let file = folder.join("till.log");
    fs::write(&file, &text).expect("it can be written");
    let (made, said, code) = imported(&folder, &[file], more);
    assert_eq!(made, expected, "{text}\n{said}");
    assert_eq!(code, Some(0), "{said}");
    // An order that was turned is reported, and nothing else is.
    let is_turned = name.contains("newest_first");
    assert!(if is_turned { said.contains("newest lines first") } else { said.is_empty() }, "{said}");
}

fn gzip(text: &str) -> Vec<u8> {
    let mut child = std::process::Command::new("gzip")
        .arg("-c")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("gzip is on every machine that rotates logs");
    child.stdin.take().expect("it was asked for").write_all(text.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends").stdout
}

#[test]
fn files_that_rotation_has_made_are_one() {
    let folder = folder("formats-rotated");
    let expected = told(&folder);
    let all = prefixed(|s, ms| format!("{} sci[1]: ", iso(s, ms)));
    // The cuts are in the middle of documents.
    let cuts: Vec<&str> = all.lines().collect();
    let part = |range: std::ops::Range<usize>| cuts[range].iter().map(|line| format!("{line}\n")).collect::<String>();
    let (third, half) = (cuts.len() / 3, cuts.len() / 2);
    fs::write(folder.join("till.log"), part(half..cuts.len())).expect("it can be written");
    let units: Vec<u8> = part(third..half).encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(folder.join("till.log.1"), units).expect("it can be written");
    fs::write(folder.join("till.log.2.gz"), gzip(&part(0..third))).expect("it can be written");
    let files = ["till.log", "till.log.1", "till.log.2.gz"].map(|name| folder.join(name));
    let (made, said, code) = imported(&folder, &files, &[]);
    assert_eq!((made, said.as_str(), code), (expected, "", Some(0)));
}

#[test]
fn what_stands_at_the_end_of_one_file_and_the_beginning_of_the_next_is_read_once() {
    let folder = folder("formats-overlap");
    let expected = told(&folder);
    let all = lines(|s, ms, _| format!("{} ", iso(s, ms)), flat);
    let cuts: Vec<&str> = all.split_inclusive('\n').collect();
    fs::write(folder.join("till.log.1"), cuts[..4].concat()).expect("it can be written");
    fs::write(folder.join("till.log"), cuts[3..].concat()).expect("it can be written");
    let (made, said, code) = imported(&folder, &["till.log", "till.log.1"].map(|name| folder.join(name)), &[]);
    assert_eq!((made, code), (expected, Some(0)), "{said}");
    assert!(said.contains("1 line repeated from the end of one file") && said.contains("read once"), "{said}");
}

#[test]
fn a_document_of_several_lines_that_is_cut_is_a_gap_and_the_next_is_whole() {
    let folder = folder("formats-cut");
    let all = prefixed(|s, ms| format!("{} sci: ", iso(s, ms)));
    // The answer to START is truncated.
    let cut: String = all
        .lines()
        .filter(|line| !(line.contains("09:14:03.060") && (line.contains("COUNTER") || line.contains("</RESPONSE>"))))
        .map(|line| format!("{line}\n"))
        .collect();
    let file = folder.join("till.log");
    fs::write(&file, cut).expect("it can be written");
    let (made, said, code) = imported(&folder, &[file], &[]);
    assert!(said.contains("unterminated or malformed document") && code == Some(1), "{said}");
    assert!(made.contains("terminal -> pos  RESULT=*  re q2"), "{made}");
    assert!(made.contains("SESSION FINISH") && made.contains("RESPONSE_TEXT=\"Session Finished\""), "{made}");
    // Whether the lost answer opened the session is unknown, so the scenario must not say that it was open before.
    assert!(!made.contains("was open when the capture began"), "{made}");
}

#[rstest]
#[case::a_header("Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0aWxsIn0.c2lnbmF0dXJl", "c2lnbmF0dXJl")]
#[case::an_address("dials wss://till:hunter2@broker.example/terminal", "hunter2")]
#[case::a_track("track2 ;4111111111111111=30121010000000000001?", "4111111111111111")]
#[case::a_number("card 4111 1111 1111 1111 was read", "1111 1111")]
fn no_secret_of_a_log_comes_into_a_scenario(#[case] line: &str, #[case] secret: &str) {
    let name = std::thread::current().name().unwrap_or_default().replace("::", "-");
    let folder = folder(&format!("formats-{name}"));
    let story = lines(|s, ms, _| format!("{} ", iso(s, ms)), flat);
    let inside = story.replace("Grüße 7", line);
    for text in [format!("{} {line}\n{story}", iso(1, 0)), inside] {
        let file = folder.join("till.log");
        fs::write(&file, text).expect("it can be written");
        let (made, said, _) = imported(&folder, &[file], &[]);
        assert!(!made.contains(secret) && !said.contains(secret), "{made}\n{said}");
        assert!(made.contains("SESSION FINISH"), "{made}");
    }
}

#[test]
fn a_text_with_nul_in_it_ends_no_import() {
    let folder = folder("formats-nul");
    let file = folder.join("till.log");
    fs::write(&file, lines(|s, ms, _| format!("{}\0\u{1} ", iso(s, ms)), str::to_owned)).expect("it can be written");
    let (made, said, code) = imported(&folder, &[file], &[]);
    assert!(code.is_some_and(|code| code <= 4) && made.contains("SESSION FINISH"), "{code:?} {said}");
}

#[test]
fn a_file_in_which_nothing_was_said_makes_no_scenario() {
    let folder = folder("formats-nothing");
    let file = folder.join("till.log");
    fs::write(&file, "2026-11-20T09:14:02Z till starts\n2026-11-20T09:14:03Z till ends\n").expect("it can be written");
    let (made, said, code) = imported(&folder, &[file], &[]);
    assert!(made.is_empty() && code == Some(4), "{code:?} {made}{said}");
}

#[test]
fn lanes_that_are_woven_line_by_line_are_told_apart() {
    let folder = folder("formats-woven");
    let expected = told(&folder);
    let of = |lane: u32| {
        let all = prefixed(move |s, ms| format!("{} till[{lane}]: ", iso(s, ms)));
        all.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let woven: String = of(7).iter().zip(of(8)).map(|(a, b)| format!("{a}\n{b}\n")).collect();
    let file = folder.join("till.log");
    fs::write(&file, woven).expect("it can be written");
    let (made, said, code) = imported(&folder, &[file], &["--terminal", r"till\[(\d+)\]"]);
    assert_eq!((made, said.as_str(), code), (expected.repeat(2), "", Some(0)));
}

#[test]
fn the_hour_that_comes_twice_is_an_hour_later() {
    let folder = folder("formats-twice");
    let text =
        "2026-10-25 02:59:58 <TRANSACTION><A>1</A></TRANSACTION>\n2026-10-25 02:00:01 <RESPONSE><A>2</A></RESPONSE>\n";
    let file = folder.join("till.log");
    fs::write(&file, text).expect("it can be written");
    let (made, said, _) = imported(&folder, &[file], &[]);
    assert!(made.contains("+3.000 ") && said.contains("one hour occurs twice"), "{made}\n{said}");
}

#[test]
fn a_time_that_is_found_and_not_known_is_quoted() {
    let folder = folder("formats-time");
    let file = folder.join("till.log");
    fs::write(&file, "T+17 <TRANSACTION><A>1</A></TRANSACTION>\n").expect("it can be written");
    let (_, said, code) = imported(&folder, &[file], &["--time", r"^(\S+)"]);
    assert!(said.contains("line 1: unknown time format `T+17`") && code == Some(1), "{said}");
}

#[test]
fn what_is_lost_is_said_and_strict_writes_nothing() {
    let folder = folder("formats-lost");
    let cut = lines(|s, ms, _| format!("{} ", iso(s, ms)), flat)
        .replace("Session Started</RESPONSE_TEXT><RESULT>OK</RESULT>", "Sess");
    let cut = cut.replacen("<TERMINATION_STATUS>SUCCESS</TERMINATION_STATUS><COUNTER>42</COUNTER></RESPONSE>", "", 1);
    let file = folder.join("till.log");
    fs::write(&file, &cut).expect("it can be written");
    let (made, said, code) = imported(&folder, std::slice::from_ref(&file), &[]);
    assert!(said.contains("line 4: unterminated or malformed document") && said.contains("1 part of"), "{said}");
    assert_eq!(code, Some(1), "{cut}");
    assert!(
        made.contains("# the capture has a gap here: line 4") && made.contains("terminal -> pos  RESULT=*  re q2"),
        "{made}"
    );
    let played = run(&folder, &["run", "out"]);
    let told = String::from_utf8_lossy(&played.stderr).into_owned();
    // The device in this exchange uses texts of its own for FINISH; the gap is not counted as a difference.
    assert!(!told.contains("q2"), "{told}");
    let (made, said, code) = imported(&folder, &[file], &["--strict"]);
    assert!(made.is_empty() && said.contains("nothing written") && code == Some(4), "{made}{said}");
    // What was not read was not compared either.
    for command in ["diff", "calibrate"] {
        let output = run(&folder, &[command, "till.log"]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && told.contains("1 part of till.log could not be read"), "{told}");
    }
}
