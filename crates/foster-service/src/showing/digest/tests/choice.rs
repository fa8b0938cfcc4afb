use foster_model::answer::{DigestPart, DigestReason};
use foster_store::Part;

use super::{made, numbered, whole, word};
use crate::showing::digest::{Source, digest};

#[test]
fn failures_come_first_then_the_end_then_the_beginning() {
    let mut raw: String = (1..2_000).map(word).collect();
    raw += "error[E0308]: mismatched types\n --> src/main.rs:5:20\n  |\n\n";
    raw.extend((2_000..4_000).map(word));
    let made = made(raw.as_bytes(), 2_000, 5);
    let text = &made.digest.text;
    let expected = format!(
        "{}… 1,989 lines …\nerror[E0308]: mismatched types\n --> src/main.rs:5:20\n  |\n… 1,996 lines …\n{}",
        (1..=10).map(word).collect::<String>(),
        (3_995..4_000).map(word).collect::<String>(),
    );
    assert_eq!(*text, expected);
    let kept = [
        DigestPart::CompilerError,
        DigestPart::End,
        DigestPart::Beginning,
    ];
    assert_eq!(made.digest.kept, kept);
    assert_eq!(made.digest.lines_omitted, 3_985);
    assert!(made.digest.applied && !made.whole);
}

#[test]
fn each_of_many_failures_has_its_first_lines_before_one_has_more() {
    let trace = |name: &str| {
        let calls = numbered(0..60, |n| format!("    at {name}.{}", word(n)));
        format!("{name}Error: it broke\n{calls}done with {name}\n\n")
    };
    let raw = ["First", "Second", "Third"].map(trace).concat();
    let text = made(raw.as_bytes(), 2_000, 10).digest.text;
    for name in ["First", "Second", "Third"] {
        assert!(text.contains(&format!("{name}Error: it broke\n")), "{text}");
    }
    assert!(text.len() <= 2_000);
}

#[test]
fn a_failure_that_repeats_among_other_lines_is_still_one() {
    let failing = "trying again\nerror: refused\nwaiting\n".repeat(9);
    let raw = numbered(1..500, word) + &failing + &numbered(500..1_000, word);
    let digest = made(raw.as_bytes(), 2_000, 5).digest;
    let shown = "trying again\nerror: refused\nwaiting\n[the 3 lines above 9 times]\n";
    assert!(digest.text.contains(shown), "{}", digest.text);
    assert_eq!(digest.kept[0], DigestPart::CompilerError);
}

#[test]
fn a_long_line_shows_both_its_ends() {
    let raw = format!("first\n<{}>\nlast\n", "x".repeat(100_000));
    let digest = made(raw.as_bytes(), 1_000, 50).digest;
    assert!(digest.text.starts_with("first\n<xxx"), "{}", digest.text);
    assert!(digest.text.contains(" bytes]…xxx"), "{}", digest.text);
    assert!(digest.text.ends_with("xxx>\nlast\n"), "{}", digest.text);
    assert!(digest.text.len() <= 1_000);
}

#[test]
fn what_was_not_read_is_marked_and_half_lines_are_not_shown() {
    let part = |offset, text: &str| Part {
        offset,
        bytes: text.as_bytes().to_vec(),
    };
    let first = "a beginning of which the last line is not\nwhole, since hal";
    let last = "f of it was not read\nan end\n";
    let parts = [part(0, first), part(1_000, last)];
    let source = |parts| Source {
        parts,
        from: 0,
        max_bytes: 500,
        end_lines: 50,
    };
    let made = digest(&source(&parts));
    let shown = "a beginning of which the last line is not\n… 979 bytes not read …\nan end\n";
    assert_eq!(made.digest.text, shown);
    assert!(!made.whole && made.digest.applied);
    assert_eq!(made.digest.lines_total, 2);
    // A mark that would be longer than what there is has no place.
    let late = digest(&source(&parts[1..])).digest;
    assert_eq!(
        (&*late.text, late.reason),
        ("an end\n", Some(DigestReason::NoRoom))
    );
}

#[test]
fn without_room_for_a_choice_the_end_stands_alone() {
    let raw: String = (1..200).map(word).collect();
    let digest = made(raw.as_bytes(), 20, 50).digest;
    let end = word(198) + &word(199);
    assert_eq!(digest.text, end);
    assert_eq!(digest.reason, Some(DigestReason::NoRoom));
    assert_eq!(digest.kept, [DigestPart::End]);
    assert!(!digest.applied);
    assert_eq!(digest.lines_omitted, 197);
    assert_eq!(made(raw.as_bytes(), 0, 50).digest.text, "");
    assert_eq!(made("€€€".as_bytes(), 4, 50).digest.text, "€");
}

#[test]
fn nothing_is_unchanged() {
    let digest = whole("");
    assert_eq!(digest.reason, Some(DigestReason::Unchanged));
    assert!(digest.text.is_empty() && digest.kept.is_empty());
}
