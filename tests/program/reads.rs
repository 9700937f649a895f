//! Tests of which files are read: regular files that were named, within the project. Anything else is rejected at
//! once, and its contents are not shown.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::common::{file, folder, run, text};
use rstest::rstest;

const GOOD: &str = "scenario \"Good\"\n\nterminal connects\n";

fn fifo(folder: &Path, name: &str) {
    let made = Command::new("mkfifo").arg(folder.join(name)).status().expect("mkfifo is there");
    assert!(made.success(), "a pipe can be made");
}

/// A project folder for one test.
fn project(name: &str) -> PathBuf {
    let folder = folder(name);
    fs::create_dir_all(folder.join(".git")).expect("it can be made");
    folder
}

/// The program's output and exit code; fails if the program hangs.
fn at_once(folder: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    let mut limited = Command::new("timeout");
    limited.arg("20").arg(env!("CARGO_BIN_EXE_sca-sim")).args(arguments).current_dir(folder).env("NO_COLOR", "1");
    let said = limited.output().expect("timeout is there");
    assert_ne!(said.status.code(), Some(124), "{arguments:?} waits");
    (text(&said.stdout) + &text(&said.stderr), said.status.code())
}

#[rstest]
#[case::run(&["run", "x.sca"])]
#[case::run_folder(&["run", "."])]
#[case::check(&["check", "x.sca"])]
#[case::fmt(&["fmt", "x.sca"])]
#[case::list(&["list", "x.sca"])]
#[case::sweep(&["sweep", "x.sca"])]
#[case::export(&["export", "x.sca"])]
#[case::import(&["import", "x.sca", "--out", "o"])]
#[case::dev_zero(&["import", "/dev/zero", "--out", "o"])]
fn what_is_no_regular_file_is_said_at_once(#[case] arguments: &[&str]) {
    let folder = project(&format!("reads-pipe-{}", arguments.concat().replace(['/', '.'], "")));
    fifo(&folder, "x.sca");
    let (said, code) = at_once(&folder, arguments);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("not a regular file"), "{said}");
}

#[rstest]
#[case::library("use      \"pipe\"\n\nterminal connects\ncall story()\n")]
#[case::table("each     v in \"pipe\"\n\nterminal connects\nwait {{v}}s\n")]
#[case::asset("terminal\n  file \"/home/usr1/flash/www/images/wbs_connected.png\" \"pipe\"\n\nterminal connects\n")]
#[case::device("use      \"/dev/stdin\"\n\nterminal connects\ncall story()\n")]
#[case::descriptor("use      \"/proc/self/fd/0\"\n\nterminal connects\ncall story()\n")]
fn what_a_scenario_names_is_no_pipe(#[case] scenario: &str) {
    let folder = project(&format!("reads-named-{}", scenario.len()));
    fifo(&folder, "pipe");
    file(&folder, "a.sca", &format!("scenario \"A\"\n{scenario}"));
    let (said, code) = at_once(&folder, &["check", "a.sca"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("error[E055]"), "{said}");
}

#[test]
fn hidden_names_are_not_taken_from_folders() {
    let folder = project("reads-hidden");
    file(&folder, "a.sca", GOOD);
    symlink("kim@till.4711:1700000000", folder.join(".#a.sca")).expect("it can be linked");
    file(&folder, "._a.sca", "\u{0}\u{5}\u{16}\u{7}");
    file(&folder, ".git/b.sca", "scenario \"Of a tool\"\n\nterminal loses\n");
    for command in ["run", "check", "list", "sweep", "conformance", "coverage"] {
        let (said, code) = at_once(&folder, &[command, "."]);
        let is_good = code == Some(0) || (command == "conformance" && code == Some(1));
        assert!(is_good && !said.contains("Of a tool"), "{command}: {said}");
    }
    // A file named on the command line is read in any case.
    assert_eq!(at_once(&folder, &["check", "._a.sca"]).1, Some(3));
}

#[test]
fn a_link_that_leads_nowhere_is_said() {
    let folder = project("reads-dangling");
    symlink("nowhere", folder.join("a.sca")).expect("it can be linked");
    let (said, code) = at_once(&folder, &["run", "."]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("a.sca"), "{said}");
}

#[rstest]
#[case("use      \"../reads-secret/secret\"\n\nterminal connects\ncall story()\n")]
#[case("use      \"linked\"\n\nterminal connects\ncall story()\n")]
#[case("use      \"/etc/passwd\"\n\nterminal connects\ncall story()\n")]
#[case("each     a in \"../reads-secret/secret\"\n\nterminal connects\nwait {{a}}s\n")]
#[case("each     (a) in \"/etc/passwd\"\n\nterminal connects\nwait {{a}}s\n")]
fn nothing_outside_the_project_is_read_or_shown(#[case] scenario: &str) {
    // One folder for all these cases, which run in parallel.
    static SECRET: LazyLock<PathBuf> = LazyLock::new(|| {
        let secret = folder("reads-secret");
        file(&secret, "secret", "hunter2:x:0\nhunter2\n");
        secret
    });
    let folder = project(&format!("reads-outside-{}", scenario.len()));
    symlink(SECRET.join("secret"), folder.join("linked")).expect("it can be linked");
    file(&folder, "a.sca", &format!("scenario \"A\"\n{scenario}"));
    for command in ["check", "run", "list", "export"] {
        let (said, code) = at_once(&folder, &[command, "a.sca"]);
        assert_ne!(code, Some(0), "{command}: {said}");
        assert!(!said.contains("hunter2") && !said.contains("root:"), "{command}: {said}");
    }
    let (said, _) = at_once(&folder, &["check", "a.sca"]);
    assert!(said.contains("outside the project") && said.contains("--allow-reads DIR"), "{said}");
}

#[test]
fn an_option_allows_more() {
    let shared = folder("reads-shared");
    file(&shared, "lib.sca", "library \"Shared\"\n\nstory quiet()\n  wait 1s\n");
    let folder = project("reads-allowed");
    file(&folder, "a.sca", "scenario \"A\"\nuse      \"../reads-shared/lib.sca\"\n\nterminal connects\ncall quiet()\n");
    assert_eq!(run(&folder, &["run", "a.sca"]).status.code(), Some(3));
    let shared = shared.to_str().expect("it is text");
    let said = run(&folder, &["run", "a.sca", "--allow-reads", shared]);
    assert!(said.status.success(), "{}", text(&said.stderr));
}

#[test]
fn what_is_no_scenario_at_all_is_not_shown() {
    let folder = project("reads-not-ours");
    file(&folder, "key.pem", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n");
    file(&folder, "a.sca", "scenario \"A\"\nuse      \"key.pem\"\n\nterminal connects\ncall story()\n");
    let (said, code) = at_once(&folder, &["check", "a.sca"]);
    assert_eq!(code, Some(3));
    assert!(said.contains("key.pem is not a library") && !said.contains("PRIVATE KEY"), "{said}");
}
