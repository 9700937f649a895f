//! Tests of atomic file replacement: files are old or new, never partial. Every command that overwrites files is
//! killed at many moments, and no reader ever sees a partly written file.

use crate::common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::common::{command, file, folder, run, text};
use rstest::rstest;

const KILLS: u64 = 200;

/// Every file in a folder that somebody may read, with its bytes.
fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            let is_named = !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            match path.is_dir() {
                true if is_named => folders.push(path),
                false if is_named => drop(found.insert(path.clone(), fs::read(&path).expect("it can be read"))),
                _ => {}
            }
        }
    }
    found
}

/// Runs a command and kills it after this time, unless it has exited.
fn kill_after(mut command: Command, after: Duration) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
    // Nothing is ever sent, so this waits for exactly this time.
    let (_sender, receiver) = channel::<()>();
    let _ = receiver.recv_timeout(after);
    drop(child.kill());
    child.wait().expect("it has ended");
}

/// Scenarios that `fmt` and `--update-lines` change, with outdated snapshots.
fn untidy(folder: &Path) {
    let comment = format!("# {}\n", "a long line that makes the file long ".repeat(800));
    for n in 0..8 {
        let steps = "pos -> terminal    ADMIN GET_COUNTER    as a\nterminal -> pos   COUNTER=7   re a\n";
        file(
            folder,
            &format!("s{n}.sca"),
            &format!("scenario    \"Number {n}\"\n\n{comment}terminal   connects\n{steps}"),
        );
        let of_another_day = "another day\n".repeat(4_000);
        file(folder, &format!("good{n}.sca"), &format!("scenario \"Good {n}\"\n\nterminal connects\n"));
        fs::create_dir_all(folder.join("snapshots")).expect("it can be made");
        file(folder, &format!("snapshots/good{n}.snap"), &format!("---\nsource: s\n---\n{of_another_day}"));
    }
    for report in ["r.json", "r.xml", "r.md"] {
        file(folder, report, &"an old report\n".repeat(2_000));
    }
    fs::create_dir_all(folder.join("certs")).expect("it can be made");
    file(folder, "certs/authority.pem", &"an old authority\n".repeat(500));
}

#[rstest]
#[case::fmt(&["fmt", "."])]
#[case::update(&["run", "--update", ".", "--jobs", "2"])]
#[case::update_lines(&["run", "--update-lines", "s1.sca"])]
#[case::evidence(&["run", "s2.sca"])]
#[case::reports(&["run", "good1.sca", "--report", "json=r.json,junit=r.xml,markdown=r.md"])]
#[case::page(&["run", "good1.sca", "--trace", "r.md"])]
#[case::matrix(&["conformance", "good1.sca", "--html", "r.md"])]
#[case::picture(&["screen", "good1.sca", "--at", "500ms", "--png", "r.md"])]
#[case::export(&["export", "s1.sca", "s2.sca", "--out", "exported"])]
#[case::certificates(&["certs", "certs", "--force"])]
fn a_kill_leaves_files_old_or_new(#[case] arguments: &[&str]) {
    let folder = folder(&format!("whole-{}-{}", arguments[0], arguments.len() + arguments.concat().len()));
    let afresh = || {
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).expect("it can be made");
        untidy(&folder);
    };
    afresh();
    let old = all(&folder);
    run(&folder, arguments);
    let new = all(&folder);
    let is_random = arguments[0] == "certs";
    assert!(old != new, "{arguments:?} writes something");
    let mut seen = [false; 2];
    for kill in 0..KILLS {
        afresh();
        kill_after(command(&folder, arguments), Duration::from_micros(kill * 250));
        for (path, bytes) in all(&folder) {
            let is_old = old.get(&path) == Some(&bytes);
            let is_new = new.get(&path) == Some(&bytes) || (is_random && text(&bytes).trim_end().ends_with("-----"));
            let is_report = path.extension().is_some_and(|e| e == "json" || e == "xml");
            // A report contains the run's duration, so only its end is checked.
            let is_whole = is_report && [b"}\n".as_slice(), b"</testsuites>\n"].iter().any(|end| bytes.ends_with(end));
            seen = [seen[0] || is_old, seen[1] || (!is_old && (is_new || is_whole))];
            assert!(is_old || is_new || is_whole, "{arguments:?} left a part of {} after {kill}", path.display());
        }
    }
    assert!(seen[0], "some kills came before the end");
}

#[test]
fn a_link_out_of_its_folder_is_not_written_through() {
    let folder = folder("whole-links");
    let elsewhere = common::folder("whole-links-elsewhere");
    file(&elsewhere, "precious", "mine\n");
    let precious = elsewhere.join("precious");
    let untouched = || assert_eq!(fs::read_to_string(&precious).expect("it is there"), "mine\n");
    let untidy = "scenario   \"A\"\n\nterminal   connects\n";

    file(&elsewhere, "a.sca", untidy);
    symlink(elsewhere.join("a.sca"), folder.join("linked.sca")).expect("it can be linked");
    let said = run(&folder, &["fmt", "linked.sca"]);
    assert_eq!(said.status.code(), Some(4));
    assert!(text(&said.stderr).contains("out of its folder"), "{}", text(&said.stderr));
    assert_eq!(fs::read_to_string(elsewhere.join("a.sca")).expect("it is there"), untidy);

    file(&folder, "v.sca", "scenario \"V\"\n\nterminal connects\n");
    fs::create_dir_all(folder.join("snapshots")).expect("it can be made");
    file(&folder, "snapshots/v.snap", "---\nsource: v.sca\n---\nanother\n");
    symlink(&precious, folder.join("snapshots/v.snap.new")).expect("it can be linked");
    run(&folder, &["run", "v.sca"]);
    untouched();
    drop(fs::remove_file(folder.join("snapshots/v.snap")));
    symlink(&precious, folder.join("snapshots/v.snap")).expect("it can be linked");
    assert_eq!(run(&folder, &["run", "--update", "v.sca"]).status.code(), Some(4));
    untouched();

    file(&folder, "fails.sca", "scenario \"F\"\n\nterminal connects\nterminal loses  within 1s\n");
    symlink(&elsewhere, folder.join("failures")).expect("it can be linked");
    let said = run(&folder, &["run", "fails.sca"]);
    assert!(text(&said.stderr).contains("is a symbolic link"), "{}", text(&said.stderr));
    assert_eq!(fs::read_dir(&elsewhere).expect("it is there").count(), 2);

    fs::create_dir_all(folder.join("certs")).expect("it can be made");
    symlink(&precious, folder.join("certs/broker.pem")).expect("it can be linked");
    assert_ne!(run(&folder, &["certs", "certs", "--force"]).status.code(), Some(0));
    untouched();
}

#[test]
fn a_link_within_its_folder_stays_one_and_modes_stay() {
    let folder = folder("whole-modes");
    file(&folder, "real.sca", "scenario   \"A\"\n\nterminal   connects\n");
    fs::set_permissions(folder.join("real.sca"), fs::Permissions::from_mode(0o640)).expect("it can be set");
    symlink("real.sca", folder.join("linked.sca")).expect("it can be linked");
    assert_eq!(run(&folder, &["fmt", "linked.sca"]).status.code(), Some(0));
    assert!(fs::symlink_metadata(folder.join("linked.sca")).is_ok_and(|meta| meta.is_symlink()));
    let real = fs::metadata(folder.join("real.sca")).expect("it is there");
    assert_eq!(real.permissions().mode() & 0o777, 0o640);
    let tidy = fs::read_to_string(folder.join("real.sca")).expect("it is there");
    assert_eq!(tidy, "scenario \"A\"\n\nterminal connects\n");
    // No temporary file is left.
    assert_eq!(fs::read_dir(&folder).expect("it is there").count(), 2);
}

#[test]
fn evidence_of_different_scenarios_lies_apart() {
    let folder = folder("whole-evidence");
    let fails = |n| format!("scenario \"F{n}\"\n\nterminal connects\nterminal loses  within {n}s\n");
    for (n, name) in (1..).zip(["a.b/c.sca", "a_b/c.sca", "a_b_c.sca", "a/b_c.sca", "a/b.c.sca"]) {
        fs::create_dir_all(folder.join(name).parent().expect("it has a folder")).expect("it can be made");
        file(&folder, name, &fails(n));
    }
    run(&folder, &["run", "a.b", "a_b", "a_b_c.sca", "a"]);
    let transcripts: Vec<Vec<u8>> =
        all(&folder).into_iter().filter(|(path, _)| path.ends_with("transcript.txt")).map(|(_, bytes)| bytes).collect();
    assert_eq!(transcripts.len(), 5);
    for n in 1..=5 {
        let mine = format!("within {n}s");
        assert_eq!(transcripts.iter().filter(|one| text(one).contains(&format!("\"F{n}\""))).count(), 1, "{mine}");
    }
    // A folder may have any name: that of the folder above is none of them.
    let beside = folder.join("beside");
    for (n, name) in (6..).zip(["a/b/c.sca", "beside/up/a/b/c.sca", "beside/%up/a/b/c.sca"]) {
        fs::create_dir_all(folder.join(name).parent().expect("it has a folder")).expect("it can be made");
        file(&folder, name, &fails(n));
    }
    run(&beside, &["run", "../a/b/c.sca", "up/a/b/c.sca", "%up/a/b/c.sca"]);
    let apart = all(&beside).into_iter().filter(|(path, _)| path.ends_with("transcript.txt")).count();
    assert_eq!(apart, 3);
}
