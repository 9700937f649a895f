//! Tests of certificates and keys as files: how they are written, and what is said of one that cannot be used.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::common::party::Party;
use crate::common::{command, folder, run, text};
use rstest::rstest;

#[test]
fn certificates_are_written_with_keys_for_their_owner_alone() {
    let folder = folder("certs");
    let output = run(&folder, &["certs", "out", "--flaws"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut keys = 0;
    for entry in fs::read_dir(folder.join("out")).expect("the folder is there") {
        let entry = entry.expect("the entry can be read");
        let text = fs::read_to_string(entry.path()).expect("it is text");
        let is_key = entry.path().extension().is_some_and(|e| e == "key");
        assert_eq!(text.contains("PRIVATE KEY"), is_key, "{:?}", entry.path());
        if is_key {
            keys += 1;
            assert_eq!(entry.metadata().expect("it has a mode").permissions().mode() & 0o777, 0o600);
        }
    }
    assert_eq!(keys, 28);
}

#[rstest]
#[case::not_base64("terminal.pem", |pem: &str| pem.replacen("\nM", "\n%", 1), "section 1 is damaged: it is not Base64")]
#[case::cut("terminal.pem", |pem: &str| pem[..200].to_owned(), "section 1 is damaged: it has no END line")]
#[case::its_second("terminal.pem", |pem: &str| format!("{pem}-----BEGIN CERTIFICATE-----\n"), "is damaged: it has no END line")]
#[case::nothing("terminal.pem", |_: &str| String::new(), "no certificate in PEM")]
#[case::damaged_key("terminal.key", |pem: &str| pem.replacen("\nM", "\n%", 1), "section 1 is damaged: it is not Base64")]
#[case::no_key("terminal.key", |pem: &str| pem.replace("PRIVATE KEY", "CERTIFICATE"), "no PKCS#8 private key in PEM")]
fn a_damaged_certificate_is_named_with_its_file(
    #[case] file: &str,
    #[case] damage: fn(&str) -> String,
    #[case] said: &str,
) {
    let folder = folder(&format!("damaged-{}-{}", file, said.len()));
    assert!(run(&folder, &["certs", "."]).status.success());
    let path = folder.join(file);
    let pem = fs::read_to_string(&path).expect("the file is there");
    fs::write(&path, damage(&pem)).expect("the file is written");
    let identity = ["--ca", "authority.pem", "--cert", "terminal.pem", "--key", "terminal.key"];
    let output = run(&folder, &[&["terminal", "--connect", "wss://127.0.0.1:1"], &identity[..]].concat());
    assert_eq!(output.status.code(), Some(4));
    let told = text(&output.stderr);
    assert!(told.starts_with(&format!("error: {file}: ")) && told.contains(said), "{told}");
    let secret = pem.lines().nth(1).expect("the file has lines");
    assert!(!told.contains(&secret[1..]), "what the file holds is not shown: {told}");
}

#[test]
fn a_key_that_does_not_fit_is_warned_of() {
    let folder = folder("wrong-key");
    assert!(run(&folder, &["certs", "c"]).status.success());
    let arguments = ["terminal", "--connect", "wss://127.0.0.1:1", "--ca", "c/authority.pem"];
    let mismatched = [&arguments[..], &["--cert", "c/terminal.pem", "--key", "c/broker.key"]].concat();
    let mut command = command(&folder, &mismatched);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut lines = BufReader::new(child.stderr.take().expect("it has an output")).lines().map_while(Result::ok);
    let line = lines.next();
    child.kill().expect("it still runs");
    child.wait().expect("it ends");
    assert!(line.is_some_and(|line| line.contains("c/broker.key does not match c/terminal.pem")));
}

#[test]
fn an_authority_is_not_replaced_by_accident() {
    let folder = folder("certs-twice");
    assert!(run(&folder, &["certs", "c"]).status.success());
    let before = fs::read(folder.join("c/authority.pem")).expect("it is there");
    assert_eq!(run(&folder, &["certs", "c"]).status.code(), Some(4));
    assert_eq!(before, fs::read(folder.join("c/authority.pem")).expect("it is there"));
    assert!(run(&folder, &["certs", "c", "--force"]).status.success());
}

/// Some editors put a byte order mark in front of a file; it is part of no certificate.
#[test]
fn a_byte_order_mark_is_no_damage() {
    let folder = folder("marked");
    assert!(run(&folder, &["certs", "."]).status.success());
    for name in ["authority.pem", "broker.pem", "broker.key"] {
        let pem = fs::read_to_string(folder.join(name)).expect("the file is there");
        fs::write(folder.join(name), format!("\u{feff}{pem}")).expect("the file is written");
    }
    let identity = ["--ca", "authority.pem", "--cert", "broker.pem", "--key", "broker.key"];
    let mut broker = Party::of(command(&folder, &[&["broker", "--listen", "127.0.0.1:0"], &identity[..]].concat()));
    broker.says("listening on wss://");
}
