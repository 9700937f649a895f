//! Lessons of warnings.

use super::lesson::Lesson;

/// The lessons, by code.
pub(super) const LESSONS: &[Lesson] = &[
    Lesson {
        code: "W001",
        says: "this expectation cannot fail",
        why: "An expectation that everything satisfies proves little: a pattern that matches every text, a screen \
              without a condition, a message without a condition that answers no request.",
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
        why: "A library in a checked folder has a story that nothing in the folder calls. Call it or remove it.",
        wrong: "",
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "W003",
        says: "two scenarios have the same transcript",
        why: "Their transcripts are equal to the millisecond, so one of the two shows nothing that the other does not.",
        wrong: "",
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "W004",
        says: "a setting has no effect without another one",
        why: "It takes effect only together with another setting: identities only over wss, proxy credentials only \
              with a `PROXY`, `idle-cut-by` only with `idle-cut`.",
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
        why: "They are played the same, so one of them is redundant.",
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
        why: "An unused name often means that a reference is missing. Remove the name or use it.",
        wrong: r#"scenario "x"

terminal connects  as up
"#,
        right: r#"scenario "x"

terminal connects
"#,
    },
    Lesson {
        code: "W008",
        says: "unknown word that resembles a known one",
        why: "The command, field or model is in no table. Usually this is a typo. If it is intended, expect the \
              terminal's refusal; then there is no warning.",
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
        says: "this expectation can never be met",
        why: "Nothing can satisfy it: two tests of one field exclude each other, the settings switch the link off, \
              or the document is incomplete.",
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
        says: "two terminals have the same pinpad id, but not both set it",
        why: "A broker addresses a terminal by its pinpad id, which is 1 by default. With equal ids, messages reach \
              the terminal that connected last.",
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
        says: "a line cannot be evidence for the clause it covers",
        why: "Evidence has to observe the subject of the clause: a screen with `screen`, the icon with `icon`, the \
              upgrade request with `http`, an answer with `terminal -> pos`.",
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
    Lesson {
        code: "W012",
        says: "an invisible character",
        why: "Zero width and direction characters come along when text is copied. They are part of a value, so that it \
              never compares as it looks, and they can make a line read in another order than it is played.",
        wrong: "scenario \"x\"\n\nterminal connects\npos -> terminal  ADMIN GET_COUNTER  as ask\n\
                terminal -> pos  RESULT=\"OK\u{200b}\"  re ask\n",
        right: r#"scenario "x"

terminal connects
pos -> terminal  ADMIN GET_COUNTER  as ask
terminal -> pos  RESULT="OK"  re ask
"#,
    },
];
