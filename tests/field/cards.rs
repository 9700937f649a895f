//! Tests that card data never reaches the disk: every way to write a card number, against redaction and against the
//! output files of every command.

use crate::common;

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use sca_capture::redacted;
use sca_masking::pan;

/// Card numbers: published test numbers of issuers, and generated ones with prefix, length and check digit.
fn numbers() -> Vec<String> {
    let begins = [
        "4", "51", "55", "2221", "2720", "34", "37", "6011", "65", "3528", "36", "38", "300", "50", "5019", "5066",
        "5060", "508", "81", "56", "58", "67", "9792", "8600", "1", "2131",
    ];
    let lengths = |begin: &str| -> &[usize] {
        match begin {
            "34" | "37" | "1" | "2131" => &[15],
            "36" | "38" | "300" => &[14, 16],
            "50" | "67" => &[12, 16, 19],
            "56" | "58" => &[16, 19],
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

/// A card number in the groups in which cards print it.
fn grouped(card: &str, by: &str) -> String {
    let sizes: &[usize] = match card.len() {
        15 => &[4, 6, 5],
        14 => &[4, 6, 4],
        13 => &[4, 3, 3, 3],
        12 => &[4, 4, 4],
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
}

/// A card number in every notation of its digits.
fn written(card: &str) -> Vec<String> {
    vec![
        card.to_owned(),
        grouped(card, " "),
        grouped(card, "-"),
        card.chars().map(|c| format!("&#{};", c as u32)).collect(),
        format!(";{card}=25121010000000000000?"),
        format!("%B{card}^DOE/KIM^2512101000?"),
        grouped(card, "\u{a0}"),
        grouped(card, "&#xA0;"),
        grouped(card, "%C2%A0"),
        grouped(card, "\u{2009}"),
        grouped(card, "\u{2011}"),
        grouped(card, "\u{200b}"),
        grouped(card, " - "),
        grouped(card, "|"),
        grouped(card, "\n"),
        grouped(card, ", "),
        card.chars().map(|c| format!("%253{c}")).collect(),
        card.chars().map(|c| format!("=3{c}")).collect(),
        card.chars().map(|c| char::from_u32(0x660 + c as u32 - 48).expect("a digit")).collect(),
        card.chars().map(|c| char::from_u32(0x1d7ce + c as u32 - 48).expect("a digit")).collect(),
        card.chars().map(|c| char::from_u32(0x966 + c as u32 - 48).expect("a digit")).collect(),
        card.chars().map(|c| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(c as usize - 48).expect("a digit")).collect(),
        card.chars().map(|c| "₀₁₂₃₄₅₆₇₈₉".chars().nth(c as usize - 48).expect("a digit")).collect(),
        card.chars().map(|c| "⓪①②③④⑤⑥⑦⑧⑨".chars().nth(c as usize - 48).expect("a digit")).collect(),
        card.chars().map(|c| "⓿❶❷❸❹❺❻❼❽❾".chars().nth(c as usize - 48).expect("a digit")).collect(),
        grouped(card, "\n     "),
        grouped(card, "\\n     "),
        grouped(card, "\u{ad}"),
        grouped(card, "  "),
        grouped(card, ","),
        grouped(card, ":"),
        grouped(card, "*"),
        grouped(card, ")("),
        grouped(card, "\u{2013}"),
        grouped(card, "\u{2212}"),
        format!("{card:0>20}"),
        format!("{card}=2712"),
        format!("B{card}^DOE/JANE^2712"),
        grouped(card, "\u{202f}"),
        grouped(card, "'"),
        grouped(card, "\r\n"),
        STANDARD_NO_PAD.encode(format!("pan={card};")),
        URL_SAFE.encode(format!("pan={card};")),
        format!("9F6B0F{card}D2512201"),
        format!("5F24032512315A0{:X}{card}{}", card.len().div_ceil(2), if card.len() % 2 == 1 { "F" } else { "" }),
        STANDARD.encode(format!("pan={card};")),
    ]
}

/// A card number in every form that occurs: how its digits are written, and in which surroundings.
fn shapes() -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for card in numbers() {
        let written = written(&card);
        let places = [
            "<ACCT_NUM>{}</ACCT_NUM>",
            "<NOTE>paid by {} today</NOTE>",
            "<CARD_TRACK2><![CDATA[{}]]></CARD_TRACK2>",
            "<X><Y a=\"{}\"/></X>",
        ];
        for text in &written {
            all.extend(places.iter().map(|place| (card.clone(), place.replace("{}", text), text.clone())));
        }
    }
    all
}

/// Whether a text contains a card number, in any way it can be written.
fn is_seen(card: &str, text: &str) -> bool {
    let digit = |c: char| {
        let scattered = ["⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉", "⓪①②③④⑤⑥⑦⑧⑨", "⓿❶❷❸❹❺❻❼❽❾"];
        let place = scattered.iter().find_map(|digits| digits.chars().position(|digit| digit == c));
        let in_order =
            |zero: u32| u32::from(c).checked_sub(zero).filter(|digit| *digit < 10).map(|digit| digit as usize);
        let value = place.or(in_order(48)).or(in_order(0x660)).or(in_order(0x966)).or(in_order(0x1d7ce));
        value.and_then(|value| char::from_digit(value as u32, 10))
    };
    // A number is seen in whatever digits it is written.
    let plain: String = text.replace("\\n", "").chars().filter_map(digit).collect();
    plain.contains(card) || pan::find_possible(text.as_bytes()).iter().any(|found| found.digits == card.as_bytes())
}

#[test]
fn no_shape_of_a_card_gets_through_redaction() {
    let shapes = shapes();
    assert!(shapes.len() >= 2_500, "{}", shapes.len());
    for (card, shape, written) in &shapes {
        for (open, close) in [("<TRANSACTION>", "</TRANSACTION>"), ("<RESPONSE>", ""), ("", ""), ("{\"xml\":\"", "\"}")]
        {
            let text = format!("{open}{shape}{close}");
            let kept = redacted(&text);
            assert!(!is_seen(card, &kept), "{text}\n{kept}");
            // The notation itself is gone, so that this does not rest on the reader under test alone.
            assert!(!kept.contains(written), "{text}\n{kept}");
        }
    }
    // References are kept, although they may look like card numbers.
    let reference = "<TRANSACTION><INVOICE>4111111111111111</INVOICE><CTROUTD>5555555555554444</CTROUTD></TRANSACTION>";
    assert_eq!(redacted(reference), reference);
}

/// A till's log that contains every form, in requests and answers.
fn log() -> String {
    let mut log = String::new();
    for (at, (_, shape, _)) in shapes().iter().filter(|(_, shape, _)| !shape.contains('\n')).step_by(7).enumerate() {
        let (minutes, seconds) = (at / 60, at % 60);
        let request = "<FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND>";
        let answer = "<RESPONSE_TEXT>Version Information Captured</RESPONSE_TEXT><RESULT>OK</RESULT><RESULT_CODE>-1</RESULT_CODE>";
        log += &format!("10:{minutes:02}:{seconds:02} > <TRANSACTION>{request}{shape}</TRANSACTION>\n");
        log += &format!("10:{minutes:02}:{seconds:02} < <RESPONSE>{answer}{shape}</RESPONSE>\n");
    }
    log
}

/// A scenario that contains card numbers, as nobody should write it.
fn hostile() -> String {
    let mut lines = String::from("scenario \"Pay with 4111 1111 1111 1111\"\n\nterminal connects\n");
    for (at, (_, shape, _)) in shapes().iter().filter(|(_, shape, _)| !shape.contains('\n')).enumerate().step_by(91) {
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
    // The captured data is there, with other card numbers in it.
    assert!(artefacts.contains("NOTE=\"paid by visa today\""), "the log was imported");
    for card in numbers() {
        assert!(!artefacts.contains(&card), "{card} is in an artefact");
    }
    // Random keys and digests may contain anything.
    let is_random = |word: &&str| word.len() >= 40 && word.chars().all(|c| c.is_ascii_hexdigit());
    let artefacts: String = artefacts.split_inclusive(' ').filter(|word| !is_random(&word.trim())).collect();
    let found: Vec<String> =
        pan::find(artefacts.as_bytes()).iter().map(|f| artefacts[f.span.clone()].to_owned()).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// Everything that commands have left in a folder, including file names, except their inputs.
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

/// Sensitive fields beside the card number, under all their names, each with a unique value.
const SECRETS: [(&str, &str); 12] = [
    ("CVV2", "9871234"),
    ("cvv2", "9871235"),
    ("CARD_SECURITY_CODE", "9871236"),
    ("PIN_CODE", "9871237"),
    ("PINBLOCK", "A1B2C3D4E5F60718"),
    ("x:PIN", "9871239"),
    ("CARD_TRACK2", "987123=9912"),
    ("EMV_TAGS", "9F0607A0009871"),
    ("PASSWORD", "geheim-9871"),
    ("CARDHOLDER", "DOE/KIM"),
    ("EXPIRY", "98/71"),
    ("MAC_KEY", "dG9wLXNlY3JldA"),
];

#[test]
fn no_secret_is_in_any_artefact_of_any_command() {
    let folder = common::folder("secrets");
    let fields: String = SECRETS.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
    // Sent twice, complete and truncated, and answered with more of the same.
    let scenario = format!(
        "scenario \"Secrets\"\n\nterminal connects\npos -> terminal  as whole\n  <TRANSACTION>{fields}{fields}</TRANSACTION>\n\
         pos -> terminal  as part\n  <TRANSACTION>{fields}\npos -> terminal  PAYMENT CAPTURE CVV2=9871234 PIN_CODE=9871237  as line\n\
         terminal -> pos  RESULT_CODE=12345  re whole\n"
    );
    common::file(&folder, "hostile.sca", &scenario);
    let log = format!(
        "10:00:00 > <TRANSACTION><FUNCTION_TYPE>DEVICE</FUNCTION_TYPE><COMMAND>VERSION</COMMAND>{fields}</TRANSACTION>\n\
         10:00:01 < <RESPONSE><RESULT>OK</RESULT><RESULT_CODE>-1</RESULT_CODE>{fields}</RESPONSE>\n"
    );
    common::file(&folder, "till.log", &log);
    let reports = "junit=junit,json=json,jsonl=jsonl,github=github,markdown=markdown,tap=tap";
    let commands: &[&[&str]] = &[
        &["import", "till.log", "--out", "out"],
        &["diff", "till.log"],
        &["run", "-t", "--report", reports, "hostile.sca"],
        &["run", "--trace", "run.html", "hostile.sca"],
        &["run", "--wire", "hostile.sca"],
        &["run", "--explain", "hostile.sca"],
        &["run", "--update", "hostile.sca"],
        &["export", "hostile.sca"],
        &["explain", "hostile.sca"],
        &["sweep", "--at", "reset@event:9", "hostile.sca"],
        &["coverage", "hostile.sca"],
    ];
    let mut artefacts = String::new();
    for arguments in commands {
        let output = common::run(&folder, arguments);
        assert_ne!(output.status.code(), Some(2), "{arguments:?}: {}", common::text(&output.stderr));
        for said in [output.stdout, output.stderr].map(|said| common::text(&said)) {
            for (name, value) in SECRETS.iter().filter(|(name, _)| *name != "MAC_KEY") {
                assert!(!said.contains(value), "{arguments:?} says {name}\n{said}");
            }
        }
    }
    artefacts += &left_in(&folder);
    assert!(artefacts.contains("frames.txt"), "it failed, and left its evidence");
    for (name, value) in SECRETS.iter().filter(|(name, _)| *name != "MAC_KEY") {
        let line = artefacts.lines().find(|line| line.contains(value));
        assert!(line.is_none(), "{name} is in an artefact: {}", line.unwrap_or_default());
    }
}

#[test]
fn credentials_of_a_capture_reach_no_file() {
    let folder = common::folder("credentials");
    let har = r#"{"log":{"entries":[{"startedDateTime":"2026-01-15T09:00:00Z","_resourceType":"websocket",
        "request":{"method":"GET","url":"wss://broker.example/?token=tok-9871&n=1","headers":[
            {"name":"Authorization","value":"Bearer bear-9871"},{"name":"Cookie","value":"sid=cook-9871"},
            {"name":"Proxy-Authorization","value":"Basic prox-9871"},
            {"name":"Host","value":"broker.example"},{"name":"Upgrade","value":"websocket"},
            {"name":"Connection","value":"Upgrade"},{"name":"Sec-WebSocket-Key","value":"dGhlIHNhbXBsZSBub25jZQ=="},
            {"name":"Sec-WebSocket-Version","value":"13"},{"name":"Sec-WebSocket-Protocol","value":"sci"},
            {"name":"x-vfi-pinpad-id","value":"7"}]},
        "response":{"status":101,"statusText":"Switching Protocols","headers":[
            {"name":"Upgrade","value":"websocket"},{"name":"Connection","value":"Upgrade"},
            {"name":"Sec-WebSocket-Accept","value":"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
            {"name":"Set-Cookie","value":"sid=cook-9871"}]},
        "_webSocketMessages":[{"type":"receive","time":1768467601.0,"opcode":1,
            "data":"<TRANSACTION><FUNCTION_TYPE>ADMIN</FUNCTION_TYPE><COMMAND>GET_COUNTER</COMMAND></TRANSACTION>"}]}]}}"#;
    common::file(&folder, "page.har", har);
    let output = common::run(&folder, &["import", "page.har", "--out", "out"]);
    let said = common::text(&output.stdout) + &common::text(&output.stderr);
    let all = said + &left_in(&folder.join("out"));
    assert!(all.contains("GET_COUNTER"), "{all}");
    assert!(!all.contains("9871"), "{all}");
    // Their names are told: that there was a credential is known, and that it was taken out.
    for name in ["`Authorization: *`", "`Cookie: *`", "`Proxy-Authorization: *`", "?token=*"] {
        assert!(all.contains(name), "{name}\n{all}");
    }
}

#[test]
fn references_are_hardly_ever_taken_for_cards() {
    // Every number in bundled transcripts, and references in the formats that hosts use.
    let mut numbers: Vec<String> = (0..20_000_u64).map(|n| format!("{:012}", 260_115_000_000 + n * 7_919)).collect();
    numbers.extend((0..20_000_u64).map(|n| (900_000 + n * 13).to_string()));
    numbers.extend((0..20_000_u64).map(|n| format!("20260115{:06}", n * 4)));
    numbers.extend((0..20_000_u64).map(|n| (1_768_467_600_000 + n * 977).to_string()));
    let masked = numbers.iter().filter(|number| pan::masked(number) != number.as_str()).count();
    assert_eq!(masked, 0, "of {}", numbers.len());
    for number in numbers.iter().step_by(17) {
        let text = format!(
            "<R><CTROUTD>{number}</CTROUTD><TROUTD>{number}</TROUTD><TIME>{number}</TIME><INVOICE>{number}</INVOICE></R>"
        );
        assert_eq!(redacted(&text), text);
    }
}
