//! Lessons about the shape of a file: lines, words, values.

use super::lesson::Lesson;

pub(super) const LESSONS: &[Lesson] = &[
    Lesson {
        code: "E001",
        says: "a line is indented by tabs, or unlike its neighbours",
        why: "Blocks are told by their indentation: two blanks for each level, all lines of a block alike. A tab has no width of its own, so none is taken.",
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
        why: "What begins with `\"` or `{{` ends on the same line. A quote within a string is written `\\\"`, a new line `\\n`.",
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
        says: "a block stands where none can",
        why: "Only a few lines have others below them: `any order`, `in order`, `together`, `throughout`, `without`, `optional`, `either`, `or`, `repeat`, and the parties above the steps.",
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
        why: "This line says something of the lines below it, indented by two blanks, and there are none.",
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
        says: "the file begins neither with `scenario` nor with `library`",
        why: "The first line says in one sentence what the scenario shows; reports call it by that title.",
        wrong: r#"terminal connects
"#,
        right: r#"scenario "The terminal connects"

terminal connects
"#,
    },
    Lesson {
        code: "E011",
        says: "a line begins with no word of the language",
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
        why: "The line ends before it says all that it has to say; the caret stands where the next word was expected.",
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
        says: "a word stands where another was expected",
        why: "The words that can stand here are a closed list, and this is none of them. An arrow is `->` with a blank on each side.",
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
        says: "something follows the end of a statement",
        why: "The statement is over, or what follows it means nothing here: a message that we send has no `within`, since it is done and not awaited.",
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
        why: "First the title, then headers, then settings, then steps. From the first step on, `set` changes a setting.",
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
        why: "The settings are one closed list: `sca-sim settings` prints it with defaults, ranges and sources. A trailing `_` or `_1` may be left out.",
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
        says: "a setting cannot hold this value",
        why: "Every setting has a range or a list of words; `sca-sim settings` prints them.",
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
        why: "Labels, terminals and stories are told apart by their names, so each is given once.",
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
        says: "nobody of this name takes part",
        why: "A step names a terminal that is not declared above, or a certificate that no block describes.",
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
        says: "a duration, number or instant cannot be read",
        why: "A duration has its unit: `250ms`, `5s`, `2m`, `12h`, `31d`; an instant is `2026-01-15T09:00:00Z`. A run lasts a year at most.",
        wrong: r#"scenario "x"

terminal connects  within 5 seconds
"#,
        right: r#"scenario "x"

terminal connects  within 5s
"#,
    },
    Lesson {
        code: "E031",
        says: "a test cannot be read",
        why: "A test is `FIELD=VALUE`, `FIELD!=VALUE`, a comparison, `FIELD~\"regex\"`, `FIELD=*` (there), `!FIELD` (absent) or `FIELD=?name` (captured). Fields are in capitals. What is sent has values only.",
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
        says: "a regular expression cannot be read",
        why: "Behind `~` stands a regular expression in quotes. A bracket that is meant as itself has a backslash before it.",
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
        says: "a document cannot be read",
        why: "What stands below an arrow is sent or expected as it is, so a document has to be XML. What is no document is `text \"…\"` or `binary HEX`.",
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
