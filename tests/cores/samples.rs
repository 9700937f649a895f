//! The samples: each keeps the contract and plays the suite; what it does not pass is listed with the reason.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use super::{common, ensure, folder, has, python, sca_sim, told};

/// A sample: its name, the program it needs, and how its command is made.
type Sample = (&'static str, &'static str, fn() -> Result<String, Failed>);

const SAMPLES: &[Sample] = &[
    ("python", "python3", || Ok(python(None))),
    ("c", "cc", || built("c", "cc", &["-O2", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function"])),
    ("cpp", "c++", || built("cpp", "c++", &["-x", "c++", "-std=c++17", "-O2"])),
    ("java", "java", || Ok("java tests/cores/java/ClientCore.java".to_owned())),
    ("rust", "cargo", || Ok(rust().display().to_string())),
];

/// The sample in Rust, which is an example of this package.
fn rust() -> std::path::PathBuf {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_sca-sim"));
    program.with_file_name("examples").join("stdio_core")
}

/// Compiles the sample in C.
fn built(name: &str, compiler: &str, options: &[&str]) -> Result<String, Failed> {
    let program = folder(name).join("client_core");
    let source = common::root().join("tests/cores/c/client_core.c");
    let output = Command::new(compiler).args(options).arg("-o").arg(&program).arg(source).output()?;
    ensure(output.status.success(), || told(&output))?;
    Ok(program.display().to_string())
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut all = Vec::new();
    for (name, needs, command) in SAMPLES {
        let is_there = has(needs);
        let aside = if is_there { String::new() } else { format!(" (not run: no {needs} on this machine)") };
        let check = Trial::test(format!("{name} keeps the contract{aside}"), move || keeps_the_contract(&command()?));
        all.push(check.with_ignored_flag(!is_there));
        // The same source as the sample in C.
        if *name != "cpp" {
            let plays =
                Trial::test(format!("{name} plays the suite{aside}"), move || plays_the_suite(name, &command()?));
            all.push(plays.with_ignored_flag(!is_there));
        }
    }
    all.push(Trial::test("a starting point of every language is the sample", starting_points));
    all
}

fn keeps_the_contract(command: &str) -> Result<(), Failed> {
    let output = sca_sim(&["core", "check", "--core", command]);
    let told = told(&output);
    ensure(output.status.code() == Some(0), || told.clone())?;
    ensure(told.contains("17 stops passed, 0 not supported, 0 failed"), || told.clone())
}

/// Plays the suite and compares what does not pass with the list of the sample.
fn plays_the_suite(name: &str, command: &str) -> Result<(), Failed> {
    let report = folder(name).join("report.json");
    let kinds = format!("json={}", report.display());
    let failures = folder(name).join("failures").display().to_string();
    let run = sca_sim(&["run", "scenarios", "--core", command, "--report", &kinds, "--failures", &failures]);
    let document: Value = serde_json::from_str(&fs::read_to_string(&report).map_err(|_| told(&run))?)?;
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut rows = 0;
    for file in document["files"].as_array().into_iter().flatten() {
        for row in file["rows"].as_array().into_iter().flatten() {
            rows += 1;
            let verdict = row["verdict"].as_str().unwrap_or_default();
            if !matches!(verdict, "pass" | "expected-fail") {
                found.insert(file["path"].as_str().unwrap_or_default().to_owned(), verdict.to_owned());
            }
        }
    }
    ensure(rows > 1_500, || format!("only {rows} rows were played: {}", told(&run)))?;
    let list = common::root().join(format!("tests/cores/{name}.txt"));
    let listed = fs::read_to_string(&list)?;
    let lines: Vec<&str> = listed.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let expected: BTreeMap<String, String> = lines
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(path, rest)| (path.to_owned(), rest.split(';').next().unwrap_or_default().to_owned()))
        .collect();
    // Each line says why, after a semicolon.
    ensure(lines.iter().all(|line| line.contains("; ")), || format!("{} has a line without a reason", list.display()))?;
    ensure(found == expected, || format!("{} lists {expected:#?}, but these do not pass: {found:#?}", list.display()))
}

/// What `core new` writes is what the tests play, so that nobody begins with something else.
fn starting_points() -> Result<(), Failed> {
    let cases = [
        ("c", "client_core.c", "c/client_core.c"),
        ("cpp", "client_core.cpp", "c/client_core.c"),
        ("python", "client_core.py", "python/client_core.py"),
        ("java", "ClientCore.java", "java/ClientCore.java"),
        ("rust", "src/main.rs", "rust/src/main.rs"),
    ];
    for (language, file, sample) in cases {
        let to = folder(&format!("new-{language}"));
        let output = sca_sim(&["core", "new", "--lang", language, &to.display().to_string()]);
        ensure(output.status.success(), || told(&output))?;
        let sample = fs::read_to_string(common::root().join("tests/cores").join(sample))?;
        ensure(fs::read_to_string(to.join(file))? == sample, || format!("{file} is another text than the sample"))?;
        let again = sca_sim(&["core", "new", "--lang", language, &to.display().to_string()]);
        ensure(again.status.code() == Some(4), || "a file was replaced".to_owned())?;
    }
    Ok(())
}
