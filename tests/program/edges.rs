//! Tests of edge cases: secrets in output, names with dots, missing parts, hostile input.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::common::{command, file, folder, run, text};
use serde_json::Value;

#[test]
fn what_is_secret_is_never_told() {
    let folder = folder("secret");
    let head = "scenario \"A\"\n\nterminal\n  POSCONNECTALLOW ETHERNET\n\npos -> terminal  SECURITY REGISTER ENTRY_CODE=1234 KEY={{pos.key}}  as register\nscreen pairing\ncardholder enters \"1234\"\n";
    file(&folder, "a.sca", &format!("{head}terminal -> pos  RESULT=OK MAC_KEY=abc  re register\n"));
    file(
        &folder,
        "b.sca",
        &format!("{head}terminal -> pos  MAC_KEY=?key RESPONSE_TEXT=?words  re register\ncheck same key words\n"),
    );
    for name in ["a.sca", "b.sca"] {
        let said = run(&folder, &["run", name, "--report", "json=r.json", "--trace", "r.html"]);
        assert_eq!(said.status.code(), Some(1));
        let left = [text(&said.stderr), fs::read_to_string(folder.join("r.json")).expect("it was written")].concat();
        assert!(left.contains("MAC_KEY is different") || left.contains("they are *, "), "{left}");
        // A key is 344 characters of base64; nothing of that length remains.
        let longest = left.split(|c: char| !c.is_ascii_alphanumeric() && c != '+' && c != '/').map(str::len).max();
        assert!(longest.unwrap_or(0) < 100, "{left}");
    }
    let before = fs::read_to_string(folder.join("a.sca")).expect("it is there");
    assert_eq!(run(&folder, &["run", "--update-lines", "a.sca"]).status.code(), Some(1));
    assert_eq!(fs::read_to_string(folder.join("a.sca")).expect("it is there"), before);
}

#[test]
fn a_card_number_in_a_scenario_is_in_no_artefact() {
    let folder = folder("cards");
    let (card, digits) = ("4111111111111111", "31".repeat(15));
    file(
        &folder,
        "a.sca",
        &format!(
            "scenario \"card {card}\"\neach     card in [{card}]\n\nterminal connects\npos -> terminal binary 0034{digits}ff  as odd\npos -> terminal  SESSION START INVOICE={{{{card}}}}  as start\nterminal -> pos  RESULT_CODE=-2  re odd\nterminal -> pos  RESULT=OK INVOICE={card}  re start\n"
        ),
    );
    let said = run(
        &folder,
        &["run", "a.sca", "-t", "--trace", "t.html", "--report", "json=a,jsonl=b,junit=c,tap=d,github=e,markdown=f"],
    );
    let exported = run(&folder, &["export", "a.sca"]);
    let mut all = vec![text(&said.stdout), text(&said.stderr), text(&exported.stdout)];
    all.extend(
        ["t.html", "a", "b", "c", "d", "e", "f"]
            .map(|name| fs::read_to_string(folder.join(name)).expect("it was written")),
    );
    // It fails, so that there is evidence; the command that plays it again names the row.
    let explained = run(&folder, &["run", "--explain", "a.sca", "--row", &format!("card={card}")]);
    all.extend([text(&explained.stdout), text(&explained.stderr)]);
    all.push(fs::read_to_string(folder.join("failures/a-1/replay.txt")).expect("it was left"));
    for (at, artefact) in all.iter().enumerate() {
        assert!(!artefact.contains(card), "{at}: {artefact}");
    }
    // A card number used as a seed remains a number.
    file(&folder, "b.sca", "scenario \"B\"\n\nterminal connects\n");
    assert!(run(&folder, &["run", "b.sca", "--seed", card, "--report", "json=s.json"]).status.success());
    assert!(run(&folder, &["report", "merge", "s.json"]).status.success());
}

#[test]
fn scenarios_with_dots_in_their_names_have_snapshots_of_their_own() {
    let folder = folder("dots");
    file(&folder, "a.b.sca", "scenario \"B\"\n\nterminal connects\n");
    file(&folder, "a.c.sca", "scenario \"C\"\n\nterminal connects\nwait 3s\n");
    assert!(run(&folder, &["run", "--update", "."]).status.success());
    assert!(run(&folder, &["run", "."]).status.success());
    assert!(run(&folder, &["review", "--list", "."]).status.success());
}

#[test]
fn an_optional_block_waits_though_what_follows_holds_already() {
    let folder = folder("optional");
    file(
        &folder,
        "a.sca",
        "scenario \"A\"\n\nterminal connects\npos -> terminal  SESSION START INVOICE=1  as start\nterminal -> pos  RESULT=OK  re start\nhost approves after 5s\npos -> terminal  PAYMENT CAPTURE TRANS_AMOUNT=1.00  as pay\nscreen card-entry\ncardholder taps visa\noptional\n  terminal -> pos  RESULT=CAPTURED  re pay  within 10s\nicon connected\nwait 1s\n",
    );
    let said = run(&folder, &["run", "a.sca"]);
    assert!(said.status.success(), "{}", text(&said.stderr));
}

#[test]
fn rounds_within_rounds_have_their_own_numbers_and_labels() {
    let folder = folder("rounds");
    file(
        &folder,
        "a.sca",
        "scenario \"A\"\n\nterminal connects\nrepeat 2\n  repeat 2\n    pos -> terminal  DEVICE VERSION COUNTER={{round}}  as ask\n    terminal -> pos  RESULT=OK COUNTER={{round}}  re ask\n",
    );
    let said = run(&folder, &["run", "a.sca"]);
    assert!(said.status.success(), "{}", text(&said.stderr));
    let document: Value = serde_json::from_slice(&run(&folder, &["export", "a.sca"]).stdout).expect("it is JSON");
    let steps = document["rows"][0]["steps"].as_array().expect("there are steps");
    let labels: Vec<&str> = steps.iter().filter_map(|step| step["label"].as_str()).collect();
    assert_eq!(labels, ["ask.1", "ask.2", "ask.1.2", "ask.2.2"]);
}

#[test]
fn a_part_that_is_missing_is_no_pass() {
    let folder = folder("missing-part");
    for name in ["a", "b"] {
        file(&folder, &format!("{name}.sca"), "scenario \"A\"\n\nterminal connects\n");
    }
    assert!(run(&folder, &["run", ".", "--shard", "1/2", "--report", "json=1.json"]).status.success());
    let said = run(&folder, &["report", "merge", "1.json"]);
    assert_eq!(said.status.code(), Some(1));
    assert!(text(&said.stderr).contains("missing parts: 2/2"), "{}", text(&said.stderr));
    assert!(run(&folder, &["report", "merge", "--partial", "1.json"]).status.success());
}

#[test]
fn a_filter_keeps_what_is_not_valid_and_a_ledger_of_the_whole_fits_a_part() {
    let folder = folder("filter-invalid");
    file(&folder, "good.sca", "scenario \"A\"\ntags     field\n\nterminal connects\n");
    file(&folder, "bad.sca", "scenario \"B\"\ntags     field\n\nterminal conects\n");
    assert_eq!(run(&folder, &["run", ".", "--filter", "tag(field)"]).status.code(), Some(3));
    file(&folder, "bad.sca", "scenario \"B\"\n\nterminal connects\nscreen session  within 1s\n");
    file(&folder, "known.csv", "scenario,until,reason\nbad.sca,2099-01-01,known\n");
    let part = run(&folder, &["run", ".", "--ledger", "known.csv", "--filter", "tag(field)"]);
    assert!(part.status.success(), "{}", text(&part.stderr));
    assert!(run(&folder, &["run", ".", "--ledger", "known.csv"]).status.success());
    // The same file given twice is played once.
    let twice = run(&folder, &["run", "good.sca", "./good.sca", "good.sca"]);
    assert!(text(&twice.stdout).starts_with("1 scenario "), "{}", text(&twice.stdout));
}

#[test]
fn each_row_is_drawn_on_its_own_model() {
    let folder = folder("models");
    file(
        &folder,
        "a.sca",
        "scenario \"A\"\neach     model in [M400, e280]\n\nterminal {{model}}\n\nterminal connects\n",
    );
    assert!(run(&folder, &["run", "a.sca", "--trace", "t.html"]).status.success());
    let page = fs::read_to_string(folder.join("t.html")).expect("it was written");
    let data =
        page.split("id=\"data\">").nth(1).and_then(|rest| rest.split("</script>").next()).expect("there is data");
    let data: Value = serde_json::from_str(data).expect("it is JSON");
    let last = |row: usize| {
        data["rows"][row]["screens"].as_array().and_then(|all| all.last()).map(|face| face["picture"].clone())
    };
    assert_ne!(last(0), last(1), "the displays are of other sizes");
}

#[test]
fn what_is_wrong_usage_ends_with_two() {
    let folder = folder("usage");
    file(&folder, "a.sca", "scenario \"A\"\n\nterminal connects\n");
    file(&folder, "b.sca", "scenario \"B\"\n\nterminal conects\n");
    for (arguments, code) in [
        (&["run", "a.sca", "-t", "--report", "json=-"][..], 2),
        (&["run", "a.sca", "--report", "json=x,tap=x"], 2),
        (&["export", "a.sca", "b.sca"], 2),
        (&["run", "--audit", "b.sca"], 3),
        (&["new", "mine/x", "--title", " "], 2),
    ] {
        assert_eq!(run(&folder, arguments).status.code(), Some(code), "{arguments:?}");
    }
    let wide =
        command(&folder, &["review", "."]).env("COLUMNS", "999999999999999999").output().expect("the program runs");
    assert!(wide.status.success(), "{}", text(&wide.stderr));
}

#[test]
fn a_language_server_survives_what_is_no_message() {
    let folder = folder("lsp");
    let serve = |bytes: &[u8]| {
        let mut server = command(&folder, &["lsp"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        server.stdin.take().expect("its input is a pipe").write_all(bytes).expect("it reads");
        server.wait_with_output().expect("it ends")
    };
    let huge = serve(b"Content-Length: 99999999999999999\r\n\r\n");
    assert_eq!(huge.status.code(), Some(4));
    assert!(text(&huge.stderr).contains("are allowed"), "{}", text(&huge.stderr));
    let message = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let broken = message(r#"{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{}}"#);
    let begun = message(r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"capabilities":{}}}"#);
    let asked = message(r#"{"jsonrpc":"2.0","id":1,"method":"shutdown"}"#);
    let ended = message(r#"{"jsonrpc":"2.0","method":"exit"}"#);
    let said = serve(format!("{begun}{broken}{asked}{ended}").as_bytes());
    assert!(said.status.success() && text(&said.stdout).contains(r#""id":1"#), "{}", text(&said.stdout));
}

#[test]
fn stories_and_inserts_cannot_make_a_text_without_end() {
    let folder = folder("bombs");
    let story = format!("library \"L\"\n\nstory x()\n{}", "  terminal connects\n".repeat(40_000));
    file(&folder, "l.sca", &story);
    file(&folder, "a.sca", "scenario \"A\"\nuse      \"l.sca\"\n\nrepeat 1000\n  call x()\n");
    let said = run(&folder, &["check", "a.sca"]);
    assert_eq!(said.status.code(), Some(3));
    assert!(
        text(&said.stderr).contains("make more than"),
        "{}",
        text(&said.stderr).chars().take(400).collect::<String>()
    );
    let value = "x".repeat(100_000);
    file(
        &folder,
        "b.sca",
        &format!(
            "scenario \"B\"\neach     v in [{value}]\n\nterminal connects\nscreen \"{}\"\n",
            "{{v}}".repeat(10_000)
        ),
    );
    let said = run(&folder, &["check", "b.sca"]);
    assert_eq!(said.status.code(), Some(3));
    assert!(text(&said.stderr).contains("longer than a megabyte"));
}

#[test]
fn an_answer_that_is_awaited_in_vain_tells_why() {
    let folder = folder("nobody");
    file(
        &folder,
        "a.sca",
        "scenario \"A\"\n\nterminal connects\nfault reset\nicon disconnected\npos -> terminal  DEVICE VERSION  as ask\nterminal connects\nterminal -> pos  RESULT=OK  re ask\n",
    );
    let said = text(&run(&folder, &["run", "a.sca"]).stderr);
    assert!(said.contains("`ask` was sent at 1.014 s, while nobody was connected"), "{said}");
    file(
        &folder,
        "b.sca",
        "scenario \"B\"\n\nterminal connects\npos -> terminal  DEVICE EMAIL  as ask\nscreen prompt\npos -> terminal  DEVICE EMAIL  as second\npos -> terminal  DEVICE VERSION  as third\nterminal -> pos  RESULT=BUSY  re second\nterminal -> pos  RESULT=BUSY  re third\ncardholder enters \"kim@example.test\"\nterminal -> pos  RESULT=OK  re ask\n",
    );
    let said = run(&folder, &["run", "b.sca"]);
    assert!(said.status.success(), "busy is said in turn: {}", text(&said.stderr));
    file(
        &folder,
        "c.sca",
        "scenario \"C\"\n\nterminal A\nterminal B\n\nany order\n  A connects\n  B connects\nfault reset A\n",
    );
    let said = text(&run(&folder, &["check", "c.sca"]).stderr);
    assert!(said.contains("`A: fault reset`"), "{said}");
    file(&folder, "d.sca", "library  \"D\"\n\nstory up()\n  terminal connects\n");
    let said = text(&run(&folder, &["run", "d.sca"]).stderr);
    assert!(said.contains("this is a library of stories") && said.matches("error[").count() == 1, "{said}");
}
