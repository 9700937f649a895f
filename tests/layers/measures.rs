//! Measures of the code: how long files and crates are, how large structs are, and what is written only once.

use super::{ARROWS, code, folders};
/// A file that can be read in one sitting.
const FILE_LINES_MAX: usize = 400;
/// A crate that one person can hold in mind.
const CRATE_LINES_MAX: usize = 6_000;
/// The fields of a struct of the driver.
const FIELDS_MAX: usize = 12;

#[test]
fn no_file_and_no_crate_is_too_long() {
    let tests = ["tests".to_owned(), "sim/examples".to_owned()];
    for (path, text) in folders().chain(tests).flat_map(|folder| code(&folder)) {
        let lines = text.lines().count();
        assert!(lines <= FILE_LINES_MAX || path.contains("/target/"), "{path} has {lines} lines");
    }
    for (folder, ..) in ARROWS {
        let lines: usize = code(&format!("{folder}/src")).iter().map(|(_, text)| text.lines().count()).sum();
        assert!(lines > 0 && lines <= CRATE_LINES_MAX, "{folder} has {lines} lines");
    }
}

#[test]
fn no_struct_of_the_driver_has_too_many_fields() {
    let mut structs = 0;
    for (path, text) in code("sim/driver/src") {
        for body in text.split("struct ").skip(1).filter_map(|rest| rest.split_once(" {\n")) {
            let (name, rest) = body;
            let fields = rest.lines().take_while(|line| *line != "}").filter(|line| {
                let line = line.trim_start_matches("pub(crate) ").trim_start_matches("    ");
                !line.starts_with("//") && line.contains(": ") && line.ends_with(',')
            });
            let count = fields.count();
            structs += usize::from(count > 0);
            assert!(count <= FIELDS_MAX, "{path}: {name} has {count} fields");
        }
    }
    assert!(structs > 15, "only {structs} structs were found");
}

#[test]
fn outputs_of_machines_are_interpreted_in_one_file() {
    for output in ["Output::PowerLost =>", "BrokerOutput::Unrouted {", "HostOutput::HangUp {"] {
        let here = folders().flat_map(|folder| code(&folder)).filter(|(path, text)| {
            // The machine that says it, the terminal, which passes on what its client core says, and the process that
            // writes it down as a line.
            let passes_on = ["sim/peers/", "sim/terminal/", "sim/bridge/src/serve.rs"];
            text.contains(output) && !passes_on.iter().any(|place| path.starts_with(place))
        });
        let files: Vec<String> = here.map(|(path, _)| path).collect();
        assert_eq!(files, ["sim/environment/src/ports.rs"], "{output}");
    }
}

/// The kinds of faults are told apart in their table and where their effects are made; the rest reads their rows.
#[test]
fn a_kind_of_fault_is_known_to_its_table_and_its_effect() {
    for kind in ["Jitter", "Throttle", "Swap", "KeyUpdate", "Corrupt"] {
        let files: Vec<String> = folders()
            .flat_map(|folder| code(&folder))
            .filter(|(_, text)| text.contains(&format!("FaultKind::{kind}")))
            .map(|(path, _)| path)
            .collect();
        let beyond: Vec<&String> = files
            .iter()
            .filter(|path| !path.starts_with("sim/model/src/fault_table/") && !path.ends_with("faults/src/effects.rs"))
            .collect();
        assert!(!files.is_empty() && beyond.is_empty(), "{kind} is known to {beyond:?}");
    }
}

/// An error says what went wrong as a value, not as a text.
#[test]
fn no_public_function_of_a_crate_fails_with_a_text() {
    for (path, text) in ARROWS.iter().flat_map(|(folder, ..)| code(&format!("{folder}/src"))) {
        let public = text.split("pub fn ").skip(1).map(|rest| rest.split('{').next().unwrap_or_default());
        for signature in public.filter(|signature| signature.contains("-> Result<")) {
            let flat: String = signature.split_whitespace().collect::<Vec<_>>().join(" ");
            let returned = flat.split_once("-> Result<").map_or("", |(_, returned)| returned);
            assert!(!returned.contains(", String>"), "{path}: {flat}");
        }
    }
}
