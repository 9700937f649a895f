//! Explanations of problems in the structure of a file: lines, words, values.

use super::lesson::Lesson;

pub(super) const LESSONS: &[Lesson] = &[
    Lesson {
        code: "E001",
        says: "a line is indented with a tab, or differently from the rest of its block",
        why: "Indentation defines blocks: two spaces per level, the same for all lines of a block. Tabs are rejected \
              because their width is not defined.",
        wrong: "scenario \"x\"\n\nany order\n\tterminal connects\n\tscreen idle\n",
        right: r#"scenario "x"

any order
  terminal connects
  screen idle
"#,
    },
    Lesson {
        code: "E002",
        says: "a string or an insert is not closed on its line",
        why: "A string (`\"`) or an insert (`{{`) ends on the line it begins on. A quote within a string is written \
              `\\\"`, a line break `\\n`.",
        wrong: r#"scenario "x"

terminal connects
screen "idle
"#,
        right: r#"scenario "x"

terminal connects
screen idle
"#,
    },
    Lesson {
        code: "E003",
        says: "a line has a block, but cannot have one",
        why: "Only a few lines can have indented lines below them: `any order`, `in order`, `together`, \
              `throughout`, `without`, `optional`, `either`, `or`, `repeat`, and the parties above the steps.",
        wrong: r#"scenario "x"

terminal connects
  screen idle
"#,
        right: r#"scenario "x"

terminal connects
screen idle
"#,
    },
    Lesson {
        code: "E004",
        says: "a block is missing",
        why: "This line applies to the lines below it, which are indented by two spaces. There are none.",
        wrong: r#"scenario "x"

terminal connects
without terminal loses
wait 5s
"#,
        right: r#"scenario "x"

terminal connects
without terminal loses
  wait 5s
"#,
    },
    Lesson {
        code: "E010",
        says: "the file does not begin with `scenario` or `library`",
        why: "The first line is the title: one sentence that says what the scenario shows. Reports use it as the name.",
        wrong: r#"terminal connects
"#,
        right: r#"scenario "The terminal connects"

terminal connects
"#,
    },
    Lesson {
        code: "E011",
        says: "a line begins with an unknown word",
        why: "A step begins with a party (`terminal`, `pos`, `broker`, `host`, `cardholder` …) or with a verb such as `wait`, `fault` or `screen`. A terminal `connects`, `attempts`, `fails` or `loses`.",
        wrong: r#"scenario "x"

terminal conects
"#,
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "E012",
        says: "a word is missing",
        why: "The line is incomplete; the caret marks where the next word was expected.",
        wrong: r#"scenario "x"

terminal connects
pos -> terminal  ADMIN
"#,
        right: r#"scenario "x"

terminal connects
pos -> terminal  ADMIN GET_COUNTER
"#,
    },
    Lesson {
        code: "E013",
        says: "unexpected word",
        why: "Only certain words are allowed here, and this is not one of them. An arrow is `->` with a space on \
              each side.",
        wrong: r#"scenario "x"

terminal connects
screen idel
"#,
        right: r#"scenario "x"

terminal connects
screen idle
"#,
    },
    Lesson {
        code: "E014",
        says: "unexpected words at the end of a statement",
        why: "The statement is already complete, or the words have no meaning here: a message that is sent takes no \
              `within`, because nothing is awaited.",
        wrong: r#"scenario "x"

terminal connects  exactly
"#,
        right: r#"scenario "x"

terminal connects  within 5s
"#,
    },
    Lesson {
        code: "E015",
        says: "headers, settings and steps are out of order",
        why: "The order is title, headers, settings, steps. From the first step on, `set` changes a setting.",
        wrong: r#"scenario "x"

terminal connects
seed 4
"#,
        right: r#"scenario "x"
seed     4

terminal connects
"#,
    },
    Lesson {
        code: "E020",
        says: "no such setting",
        why: "The settings are a fixed list: `sca-sim settings` prints it with defaults, ranges and sources. A \
              trailing `_` or `_1` may be left out.",
        wrong: r#"scenario "x"

terminal
  pinpad-di 3

terminal connects
"#,
        right: r#"scenario "x"

terminal
  pinpad-id 3

terminal connects
"#,
    },
    Lesson {
        code: "E021",
        says: "invalid value for a setting",
        why: "Every setting takes values of a range or words of a list; `sca-sim settings` prints them.",
        wrong: r#"scenario "x"

terminal
  WEBSOCKETPINGINTERVAL soon

terminal connects
"#,
        right: r#"scenario "x"

terminal
  WEBSOCKETPINGINTERVAL 30

terminal connects
"#,
    },
    Lesson {
        code: "E022",
        says: "a name is used twice",
        why: "Labels, terminals and stories are identified by their names, so a name may be given only once.",
        wrong: r#"scenario "x"

terminal connects  as up
fault reset
terminal connects  as up
check rising up up
"#,
        right: r#"scenario "x"

terminal connects  as up
fault reset
terminal connects  as again
check rising up again
"#,
    },
    Lesson {
        code: "E023",
        says: "no party or certificate has this name",
        why: "A step names a party that is not declared above the steps, or a certificate that is not declared.",
        wrong: r#"scenario "x"

terminal A

A connects
B connects
"#,
        right: r#"scenario "x"

terminal A
  pinpad-id 7
terminal B
  pinpad-id 8

any order
  A connects
  B connects
"#,
    },
    Lesson {
        code: "E030",
        says: "invalid duration, number or time",
        why: "A duration needs a unit: `250ms`, `5s`, `2m`, `12h`, `31d`. A point in time is written \
              `2026-01-15T09:00:00Z`. A run lasts a year at most.",
        wrong: r#"scenario "x"

terminal connects  within 5 seconds
"#,
        right: r#"scenario "x"

terminal connects  within 5s
"#,
    },
    Lesson {
        code: "E031",
        says: "invalid test of a field",
        why: "A test is `FIELD=VALUE`, `FIELD!=VALUE`, a comparison, `FIELD~\"regex\"`, `FIELD=*` (present), \
              `!FIELD` (absent) or `FIELD=?name` (captured). Field names are in capitals. A message that is sent has \
              values only.",
        wrong: r#"scenario "x"

terminal connects
pos -> terminal  ADMIN GET_COUNTER  as ask
terminal -> pos  counter=1  re ask
"#,
        right: r#"scenario "x"

terminal connects
pos -> terminal  ADMIN GET_COUNTER  as ask
terminal -> pos  COUNTER=1  re ask
"#,
    },
    Lesson {
        code: "E032",
        says: "invalid regular expression",
        why: "`~` is followed by a regular expression in quotes. Write a backslash before a bracket that is meant \
              literally.",
        wrong: r#"scenario "x"

terminal connects
screen ~"(idle"
"#,
        right: r#"scenario "x"

terminal connects
screen ~"[Rr]eady|^$"
"#,
    },
    Lesson {
        code: "E033",
        says: "invalid document",
        why: "The text below an arrow is sent or expected verbatim, so it has to be an XML document. Anything else \
              is written as `text \"…\"` or `binary HEX`.",
        wrong: r#"scenario "x"

terminal connects
pos -> terminal  as ask
  TRANSACTION
terminal -> pos  RESULT_CODE=-2  re ask
"#,
        right: r#"scenario "x"

terminal connects
pos -> terminal text "TRANSACTION"  as ask
terminal -> pos  RESULT_CODE=-2  re ask
"#,
    },
];
