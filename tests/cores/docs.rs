//! The page on a core of one's own: its commands are run as they are written.

use std::fs;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use sca_protocol::{HandshakeFailure, Reason, TlsFailure};

use super::samples::{lacks, lacks_libraries};
use super::{common, ensure, folder, told};

/// A heading of the page, and what the commands below it need that is not on this machine.
type Part = (&'static str, fn() -> Option<&'static str>);

const PARTS: &[Part] = &[
    ("## In Python", || lacks("python3")),
    ("## In C", || lacks("cc")),
    ("## Level `bytes`", || lacks("cc").or_else(lacks_libraries)),
];

pub(crate) fn trials() -> Vec<Trial> {
    let of = |(heading, missing): &Part| {
        let (heading, missing) = (*heading, missing());
        let aside = missing.map(|what| format!(" (not run: no {what} on this machine)")).unwrap_or_default();
        Trial::test(format!("the page's commands work: {heading}{aside}"), move || part(heading))
            .with_ignored_flag(missing.is_some())
    };
    let reasons = Trial::test("the page lists every reason", every_reason);
    PARTS.iter().map(of).chain([reasons]).collect()
}

/// Runs the indented or fenced `sh` commands below a heading, one after the other, in an empty folder.
fn part(heading: &str) -> Result<(), Failed> {
    let page = fs::read_to_string(common::root().join("sim/docs/your-own-core.md"))?;
    let (_, below) = page.split_once(&format!("{heading}\n")).ok_or("the heading is missing")?;
    let below = below.split("\n## ").next().unwrap_or_default();
    let commands: Vec<&str> =
        below.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).flat_map(str::lines).collect();
    ensure(commands.len() >= 3, || format!("only {} commands below {heading}", commands.len()))?;
    let to = folder(&heading.replace(['#', ' ', '`'], ""));
    let script = format!("set -e\n{}\n", commands.join("\n"));
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_sca-sim"));
    let path = format!("{}:{}", program.parent().unwrap_or(program).display(), std::env::var("PATH")?);
    let scenarios = common::root().join("scenarios");
    let output = Command::new("sh")
        .arg("-c")
        .arg(script)
        .env("PATH", path)
        .env("SCENARIOS", scenarios)
        .current_dir(to)
        .output()?;
    ensure(output.status.success(), || told(&output))
}

/// Every word that a reason can have is in the table of the page, and no other.
fn every_reason() -> Result<(), Failed> {
    let page = fs::read_to_string(common::root().join("sim/docs/your-own-core.md"))?;
    let (_, below) = page.split_once("## Reasons\n").ok_or("the heading is missing")?;
    let below = below.split("\n## ").next().unwrap_or_default();
    let named: Vec<&str> = below.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let tls = TlsFailure::ALL.iter().map(|row| format!("tls {}", row.1));
    let all: Vec<String> = tls.chain(HandshakeFailure::ALL.iter().map(|row| format!("handshake {}", row.1))).collect();
    for word in &all {
        ensure(named.contains(&word.as_str()), || format!("`{word}` is not on the page"))?;
    }
    for word in &named {
        ensure(word.parse::<Reason>().is_ok(), || format!("`{word}` is no reason"))?;
    }
    Ok(())
}
