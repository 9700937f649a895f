//! Explanations of problems in the meaning of a file: names, evidence and warnings.

use super::lesson::Lesson;

pub(super) const LESSONS: &[Lesson] = &[
    Lesson {
        code: "E040",
        says: "no such label",
        why: "`re`, `of`, `check` and faults refer to a line by its label, which the line defines with `as`. The \
              label after `re` must be that of a request.",
        wrong: r#"scenario "x"

terminal connects
pos -> terminal  ADMIN GET_COUNTER  as ask
terminal -> pos  COUNTER=1  re aks
"#,
        right: r#"scenario "x"

terminal connects
pos -> terminal  ADMIN GET_COUNTER  as ask
terminal -> pos  COUNTER=1  re ask
"#,
    },
    Lesson {
        code: "E042",
        says: "no line captures this name",
        why: "`{{name}}` inserts a value that a line above captured with `FIELD=?name`, or a value of an `each`.",
        wrong: r#"scenario "x"

terminal connects
pos -> terminal  DEVICE VERSION  as ask
terminal -> pos  VERSION_INFO=*  re ask
pos -> terminal  SESSION START INVOICE={{version}}  as start
terminal -> pos  RESULT=OK  re start
"#,
        right: r#"scenario "x"

terminal connects
pos -> terminal  DEVICE VERSION  as ask
terminal -> pos  VERSION_INFO=?version  re ask
pos -> terminal  SESSION START INVOICE={{version}}  as start
terminal -> pos  RESULT=OK  re start
"#,
    },
    Lesson {
        code: "E043",
        says: "no such story, or wrong number of arguments",
        why: "A story is defined in a library, which a header names: `use \"../lib/session.sca\"`. A call has as \
              many arguments as the story has parameters in its brackets.",
        wrong: r#"scenario "x"

terminal connects
call open-session("1")
"#,
        right: r#"scenario "x"
use      "../lib/session.sca"

terminal connects
call open-session("1")
"#,
    },
    Lesson {
        code: "E044",
        says: "no story of a library is called",
        why: "A library that is named but not used usually means that a call was forgotten.",
        wrong: r#"scenario "x"
use      "../lib/session.sca"

terminal connects
"#,
        right: r#"scenario "x"
use      "../lib/session.sca"

terminal connects
call open-session("7")
"#,
    },
    Lesson {
        code: "E045",
        says: "stories call each other recursively, too deeply or too often",
        why: "Stories may call other stories, eight levels deep and a thousand calls in all. A recursive call would \
              never end.",
        wrong: "",
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "E046",
        says: "an `each` has no rows, or a row has the wrong number of values",
        why: "`each NAME in [VALUE, …]`, `each NAME in 1..5`, `each (A, B) in` with rows below it or in brackets: \
              every row has one value for each name. Ten thousand rows are the limit.",
        wrong: r#"scenario "x"
each     (a, b) in [(1, 2), (3)]

terminal connects
wait {{a}}s
wait {{b}}s
"#,
        right: r#"scenario "x"
each     (a, b) in [(1, 2), (3, 4)]

terminal connects
wait {{a}}s
wait {{b}}s
"#,
    },
    Lesson {
        code: "E047",
        says: "a name of an `each` is never used",
        why: "If the value is not inserted, all rows are played the same. `{{name}}` inserts it wherever a word is \
              allowed.",
        wrong: r#"scenario "x"
each     cut in [reset, fin]

terminal connects
fault reset
terminal connects
"#,
        right: r#"scenario "x"
each     cut in [reset, fin]

terminal connects
fault {{cut}}
terminal connects
"#,
    },
    Lesson {
        code: "E050",
        says: "the scenario expects nothing",
        why: "A scenario without an expectation cannot fail, so it proves nothing. Write at least `terminal connects`.",
        wrong: r#"scenario "x"

wait 5s
"#,
        right: r#"scenario "x"

terminal connects
wait 5s
"#,
    },
    Lesson {
        code: "E051",
        says: "this fault cannot be injected there",
        why: "Some faults affect an attempt, some an open connection, some a single message: `sca-sim faults` lists \
              each with the places where it can be injected.",
        wrong: r#"scenario "x"

terminal connects
fault lose
"#,
        right: r#"scenario "x"

terminal connects
fault lose at reply to ask
pos -> terminal  ADMIN GET_COUNTER  as ask
"#,
    },
    Lesson {
        code: "E052",
        says: "a `without` or `throughout` proves nothing",
        why: "It applies while its block lasts, but no time passes in this block. Put a `wait` or an expectation \
              into the block.",
        wrong: r#"scenario "x"

terminal connects
without terminal loses
  set terminal WEBSOCKETPINGINTERVAL 5
"#,
        right: r#"scenario "x"

terminal connects
without terminal loses
  wait 5s
"#,
    },
    Lesson {
        code: "E053",
        says: "no such clause, invariant or reason",
        why: "Clauses are numbered in the requirements (`sca-sim conformance` lists them); invariants and reasons \
              are fixed lists, printed in the language reference.",
        wrong: r#"scenario "x"

fault refuse on attempt 1
terminal fails refusd
"#,
        right: r#"scenario "x"

fault refuse on attempt 1
terminal fails refused
"#,
    },
    Lesson {
        code: "E054",
        says: "this message cannot be sent or expected there",
        why: "Documents travel between POS and terminal; pings, pongs, closes, frames and the upgrade request \
              between broker and terminal; hosts receive documents.",
        wrong: r#"scenario "x"

terminal connects
pos -> terminal ping "x"
"#,
        right: r#"scenario "x"

terminal connects
broker -> terminal ping "x"
"#,
    },
    Lesson {
        code: "E055",
        says: "a file that the scenario names cannot be read",
        why: "Libraries, tables and device files are named relative to the scenario file.",
        wrong: r#"scenario "x"
use      "no such folder/no such file.sca"

terminal connects
"#,
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "E056",
        says: "a file is too large",
        why: "A file may have one megabyte at most. Write rows with `each`, rounds with `repeat`, long texts with \
              `text \"…\" *N`.",
        wrong: "",
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "E057",
        says: "a file is not UTF-8 text",
        why: "Save it as UTF-8. Bytes that are not text are sent with `binary HEX`.",
        wrong: "",
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "E058",
        says: "a table cannot be read",
        why: "`each (A, B) in \"table.csv\"` reads comma-separated values: the first line names the columns, every other line is a row, and each name of the `each` is a column.",
        wrong: r#"scenario "x"
each     a in "../lib/session.sca"

terminal connects
wait {{a}}
"#,
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "E059",
        says: "the date of an `expect-fail` has passed",
        why: "`expect-fail` is temporary: from the day after its date, the failure counts again. Fix the cause, or \
              set a later date. `--today DATE` sets the current date.",
        wrong: "",
        right: r#"scenario "x"
expect-fail "ticket 7" until 2099-01-01

terminal connects
screen session
"#,
    },
    Lesson {
        code: "E060",
        says: "it cannot be decided whether an `optional`, `either` or `or` block applies",
        why: "The first line of such a block decides whether the block is required, so it has to be an expectation. \
              An `either` needs an `or` in the same column. A label from a block that may be left out can be used in \
              that block only.",
        wrong: r#"scenario "x"

terminal connects
optional
  wait 5s
"#,
        right: r#"scenario "x"

terminal connects
optional
  terminal -> broker ping  within 5s
"#,
    },
    Lesson {
        code: "E061",
        says: "`covers` is on a line that is not always required",
        why: "A line that may be left out is not evidence for a clause. After `either`, `covers` says that every \
              branch shows the clause.",
        wrong: r#"scenario "x"

terminal connects
optional
  terminal -> broker ping  within 5s  covers REC-01
"#,
        right: r#"scenario "x"

terminal connects  covers BOOT-01
optional
  terminal -> broker ping  within 5s
"#,
    },
];
