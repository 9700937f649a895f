//! Lessons about what a file means: names, what is proved, and warnings.

use super::lesson::Lesson;

pub(super) const LESSONS: &[Lesson] = &[
    Lesson {
        code: "E040",
        says: "no such label",
        why: "`re`, `of`, `check` and faults name a line by its label, which the line gives with `as`. What is `re` a label answers a request.",
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
        says: "nothing captures this name",
        why: "`{{name}}` inserts what a line above has captured by `FIELD=?name`, or a value of an `each`.",
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
        says: "no such story, or another number of arguments",
        why: "A story stands in a library, which a header names: `use \"../lib/session.sca\"`. A call has as many arguments as the story has names in its brackets.",
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
        why: "A library that is named and not used is mostly a call that was forgotten.",
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
        says: "stories call each other in a circle, too deep, or too often",
        why: "A story may call others, eight deep, a thousand calls in all; a circle never ends.",
        wrong: "",
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "E046",
        says: "an `each` has no rows, or a row has too few values",
        why: "`each NAME in [VALUE, …]`, `each NAME in 1..5`, `each (A, B) in` with rows below it or in brackets: every row has a value for every name, and ten thousand rows are enough.",
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
        why: "A row whose value is not inserted plays the same as the others. `{{name}}` inserts it, wherever a word can stand.",
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
        why: "Without an expectation it cannot fail, so it says nothing. At the least, say `terminal connects`.",
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
        says: "this fault cannot strike there",
        why: "Some faults meet an attempt, some an open connection, some one message: `sca-sim faults` shows each with its places.",
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
        says: "a `without` proves nothing",
        why: "It forbids something while its block lasts, and in this block no time passes. Let it hold during a `wait` or an expectation.",
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
        why: "Clauses are numbered in the requirements (`sca-sim conformance` lists them); invariants and reasons are closed lists, which the reference of the language prints.",
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
        says: "this message cannot be sent or seen there",
        why: "Documents travel between POS and terminal; pings, pongs, closes, frames and the request for the upgrade between broker and terminal; the hosts are told documents.",
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
        why: "Libraries, tables and the files of a device are named relative to the scenario.",
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
        says: "a file is larger than the language allows",
        why: "A megabyte of scenario is read by nobody. Rows belong into an `each`, rounds into a `repeat`, big texts into `text \"…\"*N`.",
        wrong: "",
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "E057",
        says: "a file is not UTF-8 text",
        why: "Save it as UTF-8. Bytes that are no text are sent by `binary HEX`.",
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
        says: "a failure was expected until a day that is over",
        why: "`expect-fail` is for a while: from the day after its last one on, the failure is a failure again. Mend what fails, or name another day. `--today DATE` says which day it is.",
        wrong: "",
        right: r#"scenario "x"
expect-fail "ticket 7" until 2099-01-01

terminal connects
screen session
"#,
    },
    Lesson {
        code: "E060",
        says: "a block of `optional`, `either` or `or` cannot be decided",
        why: "The first line of such a block decides whether it is demanded, so it is something that is seen. An `either` has an `or` in its own column. A label from a block that may be left out is used in that block only.",
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
        says: "`covers` stands where nothing is always demanded",
        why: "A line that may be left out is no evidence for a clause. Behind `either`, `covers` says that the clause is shown whichever branch is taken.",
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
    Lesson {
        code: "W001",
        says: "this holds whatever comes",
        why: "An expectation that no answer can fail says little: a pattern that fits every text, a screen of which nothing is demanded, a message of which nothing is demanded and that answers no request.",
        wrong: r#"scenario "x"

terminal connects
screen ~".*"
"#,
        right: r#"scenario "x"

terminal connects
screen idle
"#,
    },
    Lesson {
        code: "W002",
        says: "no scenario calls this story",
        why: "A library in a folder that was checked has a story that nothing in it calls. Call it, or take it away.",
        wrong: "",
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "W003",
        says: "two scenarios have the same transcript",
        why: "What is played and seen is the same to the millisecond, so one of the two shows nothing that the other does not.",
        wrong: "",
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "W004",
        says: "a setting does nothing without another",
        why: "It acts only where another setting makes room for it: identities only over wss, proxy credentials only with a `PROXY`, what cuts idle lines only where they are cut.",
        wrong: r#"scenario "x"

broker
  url ws://broker.test:8080
  tls 1.2

terminal connects
"#,
        right: r#"scenario "x"

broker
  tls 1.2

terminal connects
"#,
    },
    Lesson {
        code: "W005",
        says: "a snapshot has no scenario",
        why: "Nothing is compared with it any more. `sca-sim review --prune` removes it.",
        wrong: "",
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "W006",
        says: "two rows of an `each` have the same values",
        why: "They play alike, so one of them shows nothing.",
        wrong: r#"scenario "x"
each     cut in [reset, fin, reset]

terminal connects
fault {{cut}}
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
        code: "W007",
        says: "a label or a certificate is never used",
        why: "What nothing refers to was perhaps meant to be referred to. Take it away, or use it.",
        wrong: r#"scenario "x"

terminal connects  as up
"#,
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "W008",
        says: "a word is near one of the tables, and in none",
        why: "A command, a field or a model that no table has may be meant: then demand the refusal that the terminal answers, and nothing is said. Mostly it is a slip.",
        wrong: r#"scenario "x"

terminal connects
pos -> terminal  SESSION STRAT INVOICE=7  as start
terminal -> pos  RESULT=OK  re start
"#,
        right: r#"scenario "x"

terminal connects
pos -> terminal  SESSION START INVOICE=7  as start
terminal -> pos  RESULT=OK  re start
"#,
    },
    Lesson {
        code: "W009",
        says: "what is demanded cannot come about",
        why: "No answer can meet it, or nobody says it: two tests of one field that exclude each other, a link that the settings leave off, a document that is not closed.",
        wrong: r#"scenario "x"

terminal connects
pos -> terminal  DEVICE VERSION  as ask
terminal -> pos  RESULT=OK !RESULT  re ask
"#,
        right: r#"scenario "x"

terminal connects
pos -> terminal  DEVICE VERSION  as ask
terminal -> pos  RESULT=OK  re ask
"#,
    },
    Lesson {
        code: "W010",
        says: "two terminals have the same pinpad id, and not both say so",
        why: "A broker finds a terminal by its pinpad id, which is 1 where none is given; what is meant for one reaches whoever connected last.",
        wrong: r#"scenario "x"

terminal A
terminal B

any order
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
        code: "W011",
        says: "a line cannot show the clause it covers",
        why: "Evidence has to see what the clause is about: a screen is seen by `screen`, the icon by `icon`, the request for the upgrade by `http`, an answer by `terminal -> pos`.",
        wrong: r#"scenario "x"

terminal connects  covers REC-03
"#,
        right: r#"scenario "x"

terminal connects
fault reset
screen reconnecting  covers REC-03
terminal connects  covers REC-01
"#,
    },
];
