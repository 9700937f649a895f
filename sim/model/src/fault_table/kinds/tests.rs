//! Tests of this file's parent.

use super::*;

#[test]
fn a_kind_and_its_row_name_each_other() {
    for row in KINDS {
        let values = Values { choice: "x", time: Duration::from_secs(3), number: 7, toward: Some(Toward::Broker) };
        let kind = (row.make)(values);
        assert_eq!(kind.row().word, row.word);
        let takes = |argument: fn(&Argument) -> bool| row.takes.iter().any(argument);
        let kept = kind.values();
        assert_eq!(kept.choice == "x", takes(|a| matches!(a, Argument::Choice(..))), "{}", row.word);
        assert_eq!(kept.time == values.time, takes(|a| matches!(a, Argument::Time { .. })), "{}", row.word);
        assert_eq!(kept.number == 7, takes(|a| matches!(a, Argument::Number { .. })), "{}", row.word);
        assert_eq!(kept.toward.is_some(), takes(|a| *a == Argument::Direction), "{}", row.word);
    }
}

#[test]
fn words_are_listed_as_a_sentence_has_them() {
    assert_eq!(words_where(|row| row.affects == Affects::Message), "lose, duplicate, swap and late");
    assert_eq!(words_where(|row| row.affects == Affects::Keys), "key-update");
    assert_eq!(words_where(|_| false), "");
}
