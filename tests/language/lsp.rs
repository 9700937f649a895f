//! Test of an editing session with the language server, through a client on the pipes of a real process.

use crate::common;

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};

/// An editor: a server process and the pipes to it.
struct Editor {
    server: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    asked: i32,
    uri: String,
    version: i32,
}

impl Editor {
    /// Starts the server and opens a text as if it were one of the bundled scenarios.
    fn open(text: &str) -> (Self, Vec<Value>) {
        let mut server = Command::new(env!("CARGO_BIN_EXE_sca-sim"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let to = server.stdin.take().expect("its input is a pipe");
        let from = BufReader::new(server.stdout.take().expect("its output is a pipe"));
        let path = common::root().join("scenarios/sessions/being written.sca");
        let uri = format!("file://{}", path.display().to_string().replace(' ', "%20"));
        let mut editor = Self { server, to, from, asked: 0, uri, version: 1 };
        let capabilities = editor.ask("initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
        assert_eq!(capabilities["capabilities"]["hoverProvider"], true);
        editor.tell("initialized", json!({}));
        let document = json!({ "uri": editor.uri, "languageId": "sca", "version": 1, "text": text });
        editor.tell("textDocument/didOpen", json!({ "textDocument": document }));
        let found = editor.diagnostics();
        (editor, found)
    }

    fn send(&mut self, message: &Message) {
        message.clone().write(&mut self.to).expect("the server reads");
        self.to.flush().expect("the server reads");
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&Message::Notification(Notification { method: method.to_owned(), params }));
    }

    fn read(&mut self) -> Message {
        Message::read(&mut self.from).expect("the server writes").expect("the server is there")
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = RequestId::from(self.asked);
        self.send(&Message::Request(Request { id: id.clone(), method: method.to_owned(), params }));
        loop {
            if let Message::Response(response) = self.read() {
                assert_eq!(response.id, id);
                return match response.response_result {
                    Ok(result) => result,
                    Err(error) => json!({ "error": error.message }),
                };
            }
        }
    }

    /// The next published diagnostics.
    fn diagnostics(&mut self) -> Vec<Value> {
        loop {
            if let Message::Notification(heard) = self.read()
                && heard.method == "textDocument/publishDiagnostics"
            {
                assert_eq!(heard.params["uri"], self.uri.as_str());
                return heard.params["diagnostics"].as_array().cloned().unwrap_or_default();
            }
        }
    }

    /// The diagnostics of each open text, published after another one has changed.
    fn published(&mut self) -> BTreeMap<String, Vec<Value>> {
        let mut all = BTreeMap::new();
        while all.len() < 2 {
            if let Message::Notification(heard) = self.read()
                && heard.method == "textDocument/publishDiagnostics"
            {
                let uri = heard.params["uri"].as_str().unwrap_or_default().to_owned();
                all.insert(uri, heard.params["diagnostics"].as_array().cloned().unwrap_or_default());
            }
        }
        all
    }

    /// Replaces the text, as typing does. Returns the new diagnostics.
    fn change(&mut self, text: &str) -> Vec<Value> {
        self.version += 1;
        let document = json!({ "uri": self.uri, "version": self.version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [{ "text": text }] }));
        self.diagnostics()
    }

    /// The completions offered at the `|` of a text.
    fn complete(&mut self, marked: &str) -> Vec<String> {
        let position = self.go(marked);
        let document = json!({ "uri": self.uri });
        let items = self.ask("textDocument/completion", json!({ "textDocument": document, "position": position }));
        let items = items.as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["label"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The hover text for the word at the `|` of a text.
    fn hover(&mut self, marked: &str) -> String {
        let position = self.go(marked);
        let document = json!({ "uri": self.uri });
        let told = self.ask("textDocument/hover", json!({ "textDocument": document, "position": position }));
        told["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// Makes a text the document, without its `|`. Returns the position of the `|`.
    fn go(&mut self, marked: &str) -> Value {
        let (before, _) = marked.split_once('|').expect("the place is marked");
        self.change(&marked.replacen('|', "", 1));
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().unwrap_or_default().encode_utf16().count();
        json!({ "line": line, "character": character })
    }

    fn close(mut self) {
        let nothing = self.ask("shutdown", Value::Null);
        assert_eq!(nothing, Value::Null);
        self.tell("exit", Value::Null);
        drop(self.to);
        assert!(self.server.wait().expect("the server ends").success());
    }
}

const HEAD: &str = "scenario \"Being written\"\nuse      \"../lib/session.sca\"\n\n";

fn codes(found: &[Value]) -> Vec<&str> {
    found.iter().map(|one| one["code"].as_str().unwrap_or_default()).collect()
}

#[test]
fn slips_are_shown_as_one_types_and_go_when_they_are_mended() {
    let (mut editor, found) = Editor::open("scenario \"Being written\"\n\nterminal conects\nscreen idel\n");
    assert_eq!(codes(&found), ["E011", "E013"]);
    assert_eq!(found[0]["range"]["start"], json!({ "line": 2, "character": 9 }));
    assert_eq!(found[0]["severity"], 1);
    assert!(found[0]["message"].as_str().unwrap_or_default().contains("did you mean `connects`?"));
    let found = editor.change("scenario \"Being written\"\n\nterminal connects\nscreen ~\".*\"\n");
    assert_eq!((codes(&found), &found[0]["severity"]), (vec!["W001"], &json!(2)));
    assert!(editor.change("scenario \"Being written\"\n\nterminal connects\nscreen idle\n").is_empty());
    // An error in a library, or a missing library, is shown at the line that names it.
    let found =
        editor.change("scenario \"x\"\nuse      \"no/such.sca\"\n\nterminal connects\ncall open-session(\"1\")\n");
    assert_eq!((codes(&found), &found[0]["range"]["start"]["line"]), (vec!["E055"], &json!(1)));
    editor.close();
}

/// What is offered at `|`: a text, some of the words, and words that are not offered.
const OFFERED: &[(&str, &[&str], &[&str])] = &[
    ("|", &["each", "terminal", "fault", "throughout", "broker"], &["REC-01"]),
    ("terminal M400\n  WEB|", &["WEBSOCKETPINGINTERVAL_1", "pinpad-id", "PROXY"], &["on-duplicate"]),
    ("broker\n  tls |", &["1.2", "1.3", "both"], &["required"]),
    ("certificate old\n  flaw |", &["expired", "weak-key"], &["valid"]),
    ("terminal |", &["connects", "fails", "->"], &["idle"]),
    ("terminal fails |", &["tls", "refused"], &["expired"]),
    ("terminal fails tls |", &["expired", "alert-unknown-ca"], &["refused"]),
    ("screen |", &["idle", "card-entry"], &["connected"]),
    ("icon |", &["connected", "disconnected"], &["idle"]),
    ("cardholder taps |", &["visa", "two-cards"], &["taps"]),
    ("fault reset |", &["for", "on", "after"], &["within"]),
    ("fault reset on |", &["attempt", "connection"], &["at"]),
    ("fault silence |", &["to terminal", "for"], &["reset"]),
    (
        "pos -> terminal  DEVICE VERSION  as ask\nfault reset after |",
        &["ask", "reply to", "client-hello", "each byte of"],
        &["attempt"],
    ),
    ("pos -> terminal  DEVICE VERSION  as ask\nfault lose at reply to |", &["ask"], &["attempt"]),
    ("certificate old\n  flaw expired\nbroker\n  certificate |", &["old", "broker", "none"], &["expired"]),
    ("terminal |", &["M400", "connects"], &["idle"]),
    ("screen idle  |", &["within", "covers"], &["re", "exactly"]),
    ("terminal connects  within |", &["5s", "1s..5s"], &["within"]),
    ("terminal -> host  |", &["PAYMENT"], &["RESULT="]),
    ("terminal -> host  PAYMENT CAPTURE |", &["TRANS_AMOUNT=", "CARD_ENTRY_MODE="], &["RESULT="]),
    ("terminal -> broker |", &["ping", "close"], &["RESULT="]),
    ("pos -> terminal  PAYMENT CAPTURE TRANS_AMOUNT=1.00 |", &["COUNTER="], &["TRANS_AMOUNT="]),
    ("cardholder presses |", &["cancel"], &["within"]),
    ("host answers |", &["59049"], &["within"]),
    ("fault |", &["reset", "key-update"], &["visa"]),
    ("pos -> terminal  |", &["PAYMENT", "SESSION"], &["CAPTURE"]),
    ("pos -> terminal  PAYMENT |", &["CAPTURE", "VOID"], &["START"]),
    ("pos -> terminal  PAYMENT CAPTURE |", &["TRANS_AMOUNT=", "COUNTER=", "as"], &["RESULT="]),
    ("pos -> terminal  SESSION START TRAINING_MODE=|", &["TRAINING_MODE=ON", "TRAINING_MODE=OFF"], &["ON"]),
    ("terminal -> |", &["pos", "broker", "host"], &["terminal"]),
    ("terminal -> pos  RESULT=|", &["RESULT=CAPTURED", "RESULT=BUSY"], &["RESULT_CODE="]),
    ("pos -> terminal  ADMIN GET_COUNTER  as ask\nterminal -> pos  COUNTER=1  re |", &["ask"], &["REC-01"]),
    ("terminal connects  covers |", &["REC-01", "CNT-02"], &["within"]),
    ("terminal connects  covers REC-01 |", &["REC-02"], &["within"]),
    ("terminal connects  |", &["within", "covers"], &["REC-01"]),
    ("set broker |", &["certificate", "idle-cut"], &["pinpad-id"]),
    ("call |", &["open-session"], &["visa"]),
    ("throughout screen session\n  fault |", &["silence"], &["pinpad-id"]),
    (
        "pos -> terminal  DEVICE VERSION  as a\nterminal -> pos  VERSION_INFO=?version  re a\npos -> terminal  SESSION START INVOICE={{|",
        &["INVOICE={{version}}", "INVOICE={{mac}}"],
        &["REC-01"],
    ),
];

#[test]
fn what_the_tables_hold_is_offered_where_it_can_stand() {
    let (mut editor, _) = Editor::open(HEAD);
    for (text, offered, not) in OFFERED {
        let items = editor.complete(&format!("{HEAD}{text}\n"));
        for word in *offered {
            assert!(items.iter().any(|item| item == word), "{text}: {word} is not among {items:?}");
        }
        for word in *not {
            assert!(!items.iter().any(|item| item == word), "{text}: {word} is among {items:?}");
        }
    }
    // The expected value of a successful answer comes first; a completion replaces the whole word and the end of an
    // insert.
    let first = editor
        .complete(&format!("{HEAD}pos -> terminal  PAYMENT CAPTURE  as pay\nterminal -> pos  RESULT=|  re pay\n"));
    assert_eq!(first[0], "RESULT=CAPTURED");
    let edits = |editor: &mut Editor, text: &str| {
        let position = editor.go(&format!("{HEAD}{text}\n"));
        let document = json!({ "uri": editor.uri });
        let items = editor.ask("textDocument/completion", json!({ "textDocument": document, "position": position }));
        let range = items[0]["textEdit"]["range"].clone();
        (range["start"]["character"].as_u64(), range["end"]["character"].as_u64())
    };
    assert_eq!(edits(&mut editor, "terminal -> pos  RESULT=DEC|"), (Some(17), Some(27)));
    assert_eq!(edits(&mut editor, "screen card-e|"), (Some(7), Some(13)));
    assert_eq!(edits(&mut editor, "pos -> terminal  DEVICE VERSION COUNTER={{m|}}"), (Some(32), Some(45)));
    assert!(editor.complete("scenario \"x\"\nuse      |\n").contains(&"\"../lib/session.sca\"".to_owned()));
    editor.close();
}

#[test]
fn a_word_tells_its_fact_and_where_that_comes_from() {
    let (mut editor, _) = Editor::open(HEAD);
    let cases = [
        ("terminal connects  covers REC|-01", "After a disconnection of any kind"),
        ("terminal M400\n  WEBSOCKETPING|INTERVAL 10", "Source: "),
        ("pos -> terminal  PAYMENT CAP|TURE TRANS_AMOUNT=1.00", "`TRANS_AMOUNT`: an amount"),
        ("fault key-|update", "`fault key-update`"),
        ("pos -> terminal  ADMIN GET_COUNTER  as ask\nterminal -> pos  COUNTER=1  re as|k", "as ask"),
        ("call open-ses|sion(\"1\")", "A story of ../lib/session.sca"),
        ("cardholder taps vi|sa", "CREDIT"),
        ("cardholder swipes str|ipe", "no chip"),
        ("terminal M4|00", "a model"),
        ("terminal -> pos  RESULT=DECL|INED  re ask", "`DECLINED`"),
        ("thr|oughout icon connected", "at every moment"),
    ];
    for (text, told) in cases {
        let fact = editor.hover(&format!("{HEAD}{text}\n"));
        assert!(fact.contains(told), "{text}: {fact}");
    }
    assert_eq!(editor.hover(&format!("{HEAD}screen \"not|hing\"\n")), "");
    editor.close();
}

#[test]
fn a_valid_text_is_put_into_the_one_layout_and_another_is_left_alone() {
    let (mut editor, _) = Editor::open("scenario \"x\"\n\n\n\nterminal connects    within 5s # soon\n");
    let document = json!({ "uri": editor.uri });
    let params = json!({ "textDocument": document, "options": { "tabSize": 2, "insertSpaces": true } });
    let edits = editor.ask("textDocument/formatting", params.clone());
    assert_eq!(edits[0]["newText"], "scenario \"x\"\n\nterminal connects  within 5s  # soon\n");
    editor.change("scenario \"x\"\n\nterminal conects   within 5s\n");
    assert_eq!(editor.ask("textDocument/formatting", params), json!([]));
    // An unknown request gets an error, and the server goes on.
    assert!(editor.ask("textDocument/rename", json!({}))["error"].is_string());
    assert!(editor.ask("textDocument/hover", json!({ "no": "position" }))["error"].is_string());
    editor.close();
}

#[test]
fn a_library_that_is_open_comes_before_the_disk() {
    let (mut editor, found) = Editor::open(
        "scenario \"Being written\"\nuse      \"../lib/being written.sca\"\n\nterminal connects\ncall ask(1)\n",
    );
    assert_eq!(codes(&found), ["E055"], "there is no such file");
    let uri = format!("file://{}", common::root().join("scenarios/lib/being%20written.sca").display());
    let library = |story: &str| format!("library \"Asking\"\n\nstory {story}\n  wait 1s\n");
    let document = json!({ "uri": uri, "languageId": "sca", "version": 1, "text": library("ask(n)") });
    editor.tell("textDocument/didOpen", json!({ "textDocument": document }));
    let changed = editor.published();
    assert_eq!(changed.get(&editor.uri), Some(&Vec::new()), "it is mended: {changed:?}");
    let version = json!({ "uri": uri, "version": 2 });
    let text = json!([{ "text": library("ask(n, m)") }]);
    editor.tell("textDocument/didChange", json!({ "textDocument": version, "contentChanges": text }));
    let changed = editor.published();
    assert!(!changed[&editor.uri].is_empty(), "it wants another argument: {changed:?}");
    editor.close();
}

/// The server's answers to these messages, and its exit code.
fn answers(bodies: &[&str]) -> (String, Option<i32>) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_sca-sim"))
        .arg("lsp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut to = server.stdin.take().expect("its input is a pipe");
    for body in bodies {
        write!(to, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server reads");
    }
    drop(to);
    let ended = server.wait_with_output().expect("the server ends");
    (String::from_utf8(ended.stdout).expect("it is text"), ended.status.code())
}

#[test]
fn slips_of_the_protocol_are_answered_as_it_wants() {
    let initialize = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#;
    let shutdown = r#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#;
    let hover = r#"{"jsonrpc":"2.0","id":3,"method":"textDocument/hover","params":{}}"#;
    let exit = r#"{"jsonrpc":"2.0","method":"exit"}"#;
    let (said, code) = answers(&["{nonsense", initialize, shutdown, exit]);
    assert!(said.contains(r#""id":null"#) && said.contains("-32700") && said.contains("hoverProvider"), "{said}");
    assert_eq!(code, Some(0), "it goes on, and ends well");
    let (said, code) = answers(&[hover, initialize, exit]);
    assert!(said.contains("-32002") && said.contains("hoverProvider"), "{said}");
    assert_eq!(code, Some(1), "exit without shutdown");
    let (said, _) = answers(&[initialize, shutdown, hover, exit]);
    assert!(said.contains("-32600"), "{said}");
}

/// A library that is a pipe, the editor's own among them, is never read.
#[test]
fn a_library_that_is_no_file_is_a_problem_and_no_wait() {
    for pipe in ["/dev/stdin", "/proc/self/fd/0"] {
        let text = format!("scenario \"x\"\nuse      \"{pipe}\"\n\nterminal connects\n");
        let (mut editor, found) = Editor::open(&text);
        assert_eq!(codes(&found), ["E055"], "{pipe}");
        let position = json!({ "line": 3, "character": 2 });
        let uri = json!({ "uri": editor.uri });
        editor.ask("textDocument/hover", json!({ "textDocument": uri, "position": position }));
    }
}
