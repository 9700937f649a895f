//! Warnings for unknown commands, fields and models that resemble a known one. A terminal may be sent anything, so a
//! request is not reported if its refusal is expected.

use std::collections::BTreeSet;

use sca_protocol::commands::{self, Command};
use sca_protocol::models::{MODELS, Model};
use sca_protocol::settings::nearest;

use sca_model::{Action, Awaited, Demand, Expect, Fields, LinkObservation, Message, Op, Row, Send, Step, Test};
use sca_model::{Problem, Span};

/// Fields allowed in every command.
const COMMON: &[&str] = &["COUNTER", "POS_RECON", "MAC", "MAC_LABEL"];
/// Fields that every answer may have.
const ANSWERS: &[&str] = &["RESULT", "RESULT_CODE", "RESPONSE_TEXT", "TERMINATION_STATUS"];

/// Adds a warning for every such word of a row.
pub(crate) fn unknown(row: &Row, found: &mut Vec<Problem>) {
    let mut refused = BTreeSet::new();
    let mut fails_by_settings = false;
    refusals(&row.steps, &mut refused, &mut fails_by_settings);
    words(&row.steps, &refused, found);
    for terminal in &row.cast.terminals {
        let Some(model) = terminal.settings.get("model").filter(|model| Model::find(model).is_none()) else { continue };
        if !fails_by_settings {
            let whose = (terminal.name.clone(), "terminal".to_owned());
            let place = row.cast.places.get(&whose).copied().unwrap_or_default();
            let names: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
            found.push(
                Problem::new("W008", place, format!("unknown model `{model}`, so this terminal never connects"))
                    .help(format!("the models are {}; a terminal's name must not contain a digit", names.join(", "))),
            );
        }
    }
}

/// Collects the labels of requests whose refusal is expected, and whether a failure by `config` is.
fn refusals<'a>(steps: &'a [Step], labels: &mut BTreeSet<&'a str>, fails_by_settings: &mut bool) {
    for step in steps {
        if let Action::Expect(Expect { awaited, suffix, .. }) = &step.action {
            if let (Awaited::ToPos(Message::Fields(fields)), Some((label, _))) = (awaited, &suffix.re)
                && fields.tests.iter().any(refuses)
            {
                labels.insert(label);
            }
            *fails_by_settings |= matches!(awaited, Awaited::Link(LinkObservation::Fails(kind, _)) if kind == "config");
        }
        step.action.blocks().into_iter().for_each(|block| refusals(block, labels, fails_by_settings));
    }
}

/// Whether a test accepts a refusal of the request.
fn refuses(test: &Test) -> bool {
    let is_outcome = matches!(test.field.as_str(), "RESULT" | "RESULT_CODE" | "TERMINATION_STATUS");
    let is_good = matches!(&test.demand, Demand::Is(Op::Equal, value) if matches!(value.as_str(), "OK" | "-1" | "SUCCESS" | "CAPTURED" | "4"));
    is_outcome && !is_good
}

fn words(steps: &[Step], refused: &BTreeSet<&str>, found: &mut Vec<Problem>) {
    for step in steps {
        match &step.action {
            Action::Send(Send { message: Message::Fields(fields), label, .. })
                if !label.as_deref().is_some_and(|label| refused.contains(label)) =>
            {
                request(fields, step.span, found);
            }
            Action::Expect(Expect { awaited: Awaited::ToPos(Message::Fields(fields)), .. }) => answer(fields, found),
            _ => {}
        }
        step.action.blocks().into_iter().for_each(|block| words(block, refused, found));
    }
}

fn request(fields: &Fields, span: Span, found: &mut Vec<Problem>) {
    let [function_type, command] = fields.routing.as_slice() else { return };
    let rows: Vec<&Command> =
        commands::all().filter(|row| row.function_type == function_type && row.command == command).collect();
    let named = [("FUNCTION_TYPE", function_type), ("COMMAND", command)];
    let named = named.map(|(name, value)| (name.to_owned(), value.clone())).to_vec();
    // Some misspelled commands are accepted by the table, as they are by terminals.
    if rows.is_empty() && Command::find(&sca_protocol::Request::new(named)).is_some() {
        return;
    }
    if rows.is_empty() {
        let types = || commands::all().map(|row| row.function_type);
        let of_type = || commands::all().filter(|row| row.function_type == function_type).map(|row| row.command);
        let is_type = types().any(|known| known == function_type);
        let near = match is_type {
            true => nearest(command, of_type()).map(|near| format!("{function_type} {near}")),
            false => nearest(function_type, types()).map(|near| format!("{near} {command}")),
        };
        let swapped = types().any(|known| known == command).then(|| format!("{command} {function_type}"));
        let elsewhere = commands::all().find(|row| row.command == command);
        let elsewhere = elsewhere.map(|row| format!("{} {command}", row.function_type));
        let problem = Problem::new("W008", span, format!("unknown command {function_type} {command}"));
        found.push(match elsewhere.or(near).or(swapped) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help("if it is intended, expect the refusal that answers it"),
        });
        return;
    }
    let own = rows.iter().flat_map(|row| row.fields.iter().copied().flatten()).map(|field| field.name);
    let only = rows.iter().filter_map(|row| row.only.map(|(field, _)| field));
    let known: Vec<&str> = own.chain(only).chain(COMMON.iter().copied()).collect();
    // Parameter names are not all in the tables, and numbered fields have no fixed end.
    let is_open = |name: &str| name.starts_with("PARM_") || name.ends_with(|c: char| c.is_ascii_digit());
    let is_known = |name: &str| known.contains(&name) || is_open(name);
    for test in fields.tests.iter().filter(|test| !is_known(&test.field)) {
        if let Some(near) = nearest(&test.field, known.iter().copied()) {
            let problem =
                Problem::new("W008", test.span, format!("{function_type} {command} has no field {}", test.field));
            found.push(problem.help(format!("did you mean `{near}`?")));
        }
    }
}

fn answer(fields: &Fields, found: &mut Vec<Problem>) {
    let is_known = |name: &str| {
        let mut own = commands::all().flat_map(|row| row.fields.iter().copied().flatten());
        ANSWERS.contains(&name) || COMMON.contains(&name) || own.any(|field| field.name == name)
    };
    for test in fields.tests.iter().filter(|test| !is_known(&test.field)) {
        let near = nearest(&test.field, ANSWERS.iter().chain(COMMON).copied());
        if let Some(near) = near.filter(|near| test.field.len().abs_diff(near.len()) <= 1) {
            let problem = Problem::new("W008", test.span, format!("unknown field {}", test.field));
            found.push(problem.help(format!("did you mean `{near}`?")));
        }
    }
}
