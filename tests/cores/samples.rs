//! The samples: each keeps the contract and plays the suite; what it does not pass is listed with the reason.

use std::fs;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use super::{common, ensure, folder, has, python, sca_sim, told};

/// A sample.
struct Sample {
    name: &'static str,
    level: &'static str,
    /// What it needs that is not on this machine; none if all is there.
    missing: fn() -> Option<&'static str>,
    /// Makes it, and returns its command.
    command: fn() -> Result<String, Failed>,
    /// Whether it plays the suite; the list of what it does not pass has its name.
    plays: bool,
    /// The stops of the tour that it passes, does not support, and fails.
    stops: &'static str,
}

const ALL_STOPS: &str = "20 stops passed, 0 not supported, 0 failed";

const SAMPLES: &[Sample] = &[
    Sample {
        name: "python",
        level: "documents",
        missing: || lacks("python3"),
        command: || Ok(python(None)),
        plays: true,
        stops: ALL_STOPS,
    },
    Sample {
        name: "c",
        level: "documents",
        missing: || lacks("cc"),
        command: || built("c", "cc", "client_core.c", &["-Wall", "-Wextra", "-Werror", "-Wno-unused-function"], &[]),
        plays: true,
        stops: ALL_STOPS,
    },
    Sample {
        name: "cpp",
        level: "documents",
        missing: || lacks("c++"),
        command: || built("cpp", "c++", "client_core.c", &["-x", "c++", "-std=c++17"], &[]),
        // The same source as the sample in C.
        plays: false,
        stops: ALL_STOPS,
    },
    Sample {
        name: "java",
        level: "documents",
        missing: || lacks("java"),
        command: || Ok("java tests/cores/java/ClientCore.java".to_owned()),
        plays: true,
        stops: ALL_STOPS,
    },
    Sample {
        name: "rust",
        level: "documents",
        missing: || None,
        command: || Ok(rust().display().to_string()),
        plays: true,
        stops: ALL_STOPS,
    },
    // Our own core and device, in a process of their own: nothing is lost on the way.
    Sample {
        name: "own-core",
        level: "documents",
        missing: || None,
        command: || Ok(format!("{} core serve", env!("CARGO_BIN_EXE_sca-sim"))),
        plays: true,
        stops: ALL_STOPS,
    },
    Sample {
        name: "own-device",
        level: "terminal",
        missing: || None,
        command: || Ok(format!("{} core serve --core-level terminal", env!("CARGO_BIN_EXE_sca-sim"))),
        plays: true,
        stops: ALL_STOPS,
    },
    Sample {
        name: "websockets",
        level: "bytes",
        missing: || (!WEBSOCKETS.iter().any(|python| has_module(python))).then_some("websockets for Python"),
        command: websockets,
        plays: true,
        stops: ALL_STOPS,
    },
    Sample {
        name: "wslay",
        level: "bytes",
        missing: || lacks("cc").or_else(lacks_libraries),
        command: || built("wslay", "cc", "bytes_core.c", WARNINGS, WSLAY),
        plays: true,
        stops: ALL_STOPS,
    },
];

const WARNINGS: &[&str] = &["-Wall", "-Wextra", "-Werror", "-Wno-unused-function"];
const WSLAY: &[&str] = &["-lwslay", "-lssl", "-lcrypto"];
/// Where `tests/cores/install` has put the library, and where else it may be.
const WEBSOCKETS: &[&str] = &["target/interop/peers/bin/python", "python3"];

pub(crate) fn lacks(program: &'static str) -> Option<&'static str> {
    if has(program) { None } else { Some(program) }
}

/// Whether a Python has the release of the library that the list is of.
fn has_module(python: &str) -> bool {
    let asked = Command::new(python)
        .args(["-c", "import websockets.version as v, sys; sys.exit(v.version.split('.')[0] != '17')"])
        .current_dir(common::root())
        .output();
    asked.is_ok_and(|output| output.status.success())
}

fn websockets() -> Result<String, Failed> {
    let python = WEBSOCKETS.iter().find(|python| has_module(python)).ok_or("no Python has the library")?;
    Ok(format!("{python} tests/cores/python/websockets_core.py"))
}

pub(crate) fn lacks_libraries() -> Option<&'static str> {
    let headers = ["/usr/include/wslay/wslay.h", "/usr/include/openssl/ssl.h"];
    let is_there = headers.iter().all(|header| std::path::Path::new(header).exists());
    if is_there { None } else { Some("libwslay-dev and libssl-dev") }
}

/// The sample in Rust, which is an example of this package.
fn rust() -> std::path::PathBuf {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_sca-sim"));
    program.with_file_name("examples").join("stdio_core")
}

/// Compiles a sample in C.
fn built(name: &str, compiler: &str, source: &str, options: &[&str], libraries: &[&str]) -> Result<String, Failed> {
    let program = folder(&format!("built-{name}")).join("core");
    let source = common::root().join("tests/cores/c").join(source);
    let mut compile = Command::new(compiler);
    let output = compile.arg("-O2").args(options).arg("-o").arg(&program).arg(source).args(libraries).output()?;
    ensure(output.status.success(), || told(&output))?;
    Ok(program.display().to_string())
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut all = Vec::new();
    for sample in SAMPLES {
        let missing = (sample.missing)();
        let aside = missing.map(|what| format!(" (not run: no {what} on this machine)")).unwrap_or_default();
        let name = sample.name;
        let mut add = |what: &str, run: fn(&Sample) -> Result<(), Failed>| {
            let trial = Trial::test(format!("{name} {what}{aside}"), move || run(sample));
            all.push(trial.with_ignored_flag(missing.is_some()));
        };
        add("keeps the contract", keeps_the_contract);
        if sample.plays {
            add("plays the suite", plays_the_suite);
        }
        if sample.level != "documents" {
            add("survives a fault at every event, frame and step of TLS", survives);
        }
        if matches!(name, "c" | "python") {
            all.push(super::worlds::trial(name, sample.command, missing));
        }
    }
    all.push(Trial::test("a starting point of every language is the sample", starting_points));
    all
}

fn keeps_the_contract(sample: &Sample) -> Result<(), Failed> {
    let output = sca_sim(&["core", "check", "--core", &(sample.command)()?, "--core-level", sample.level]);
    let told = told(&output);
    ensure(output.status.code() == Some(0), || told.clone())?;
    ensure(told.contains(sample.stops), || told.clone())
}

/// A sweep over mutual TLS, old and new, and over answers in parts and refusals: at every event, frame and step of TLS the core comes back.
fn survives(sample: &Sample) -> Result<(), Failed> {
    let (command, level) = ((sample.command)()?, sample.level);
    let failures = folder(&format!("swept-{}", sample.name)).display().to_string();
    let scenarios = [
        "scenarios/trust/mutual.sca",
        "scenarios/trust/versions.sca",
        // What arrived at a core of bytes is known from what it reports, and after a silence has ended.
        "scenarios/handshake/answer_in_two_parts.sca",
        "scenarios/handshake/retry_after.sca",
    ];
    let options = ["--core", &command, "--core-level", level, "--failures", &failures];
    let output = sca_sim(&[&["sweep"], &scenarios[..], &options].concat());
    let told = told(&output);
    let injections = told.lines().find_map(|line| line.split_once(" injections")?.0.rsplit(' ').next()?.parse().ok());
    ensure(output.status.success() && told.contains(" 0 broken") && injections > Some(300), || told.clone())
}

/// Plays the suite and compares what does not pass with the list of the sample: a line for each row, with the reason.
fn plays_the_suite(sample: &Sample) -> Result<(), Failed> {
    let (name, command) = (sample.name, (sample.command)()?);
    let report = folder(name).join("report.json");
    let kinds = format!("json={}", report.display());
    let failures = folder(name).join("failures").display().to_string();
    let options = ["--core-level", sample.level, "--report", &kinds, "--failures", &failures];
    let run = sca_sim(&[&["run", "scenarios", "--core", &command], &options[..]].concat());
    let document: Value = serde_json::from_str(&fs::read_to_string(&report).map_err(|_| told(&run))?)?;
    let mut found: Vec<String> = Vec::new();
    let mut rows = 0;
    for file in document["files"].as_array().into_iter().flatten() {
        for row in file["rows"].as_array().into_iter().flatten() {
            rows += 1;
            let verdict = row["verdict"].as_str().unwrap_or_default();
            if !matches!(verdict, "pass" | "expected-fail") {
                let path = file["path"].as_str().unwrap_or_default();
                found.push(format!("{path}{}: {verdict}; ", values_of(row)));
            }
        }
    }
    ensure(rows > 1_500, || format!("only {rows} rows were played: {}", told(&run)))?;
    let list = common::root().join(format!("tests/cores/{name}.txt"));
    let listed = fs::read_to_string(&list)?;
    let lines: Vec<&str> = listed.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    for start in &found {
        let is_listed = lines.iter().any(|line| line.len() > start.len() && line.starts_with(start));
        ensure(is_listed, || format!("{} lacks a line with a reason that begins `{start}`", list.display()))?;
    }
    for line in &lines {
        let is_found = found.iter().any(|start| line.starts_with(start));
        ensure(is_found, || format!("this row passes now, or has another verdict: {line}"))?;
    }
    ensure(lines.len() == found.len(), || format!("{} names a row twice", list.display()))
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The values of a row, as ` (a=1, b=2)`.
fn values_of(row: &Value) -> String {
    let values = row["values"].as_array().into_iter().flatten();
    let values: Vec<String> = values.map(|pair| format!("{}={}", word(&pair[0]), word(&pair[1]))).collect();
    if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) }
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
