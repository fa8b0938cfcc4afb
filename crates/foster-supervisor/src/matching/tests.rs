use foster_model::MatchKind;

use super::*;

fn rule(pattern: &str, kind: MatchKind) -> OutputRule {
    OutputRule {
        pattern: pattern.to_owned(),
        kind,
        stream: MatchStream::Either,
        every: Frequency::Every,
        interval_ms: 0,
        sinks: Vec::new(),
    }
}

fn matching(rules: Vec<OutputRule>) -> Matching {
    let notify = Notifications {
        finish: Vec::new(),
        output: rules,
    };
    Matching::new(&notify, [0, 0]).unwrap()
}

fn lines(found: &[Found]) -> Vec<(usize, &str, u64)> {
    let found = found.iter();
    found
        .map(|found| (found.rule, found.line.as_str(), found.offset))
        .collect()
}

#[test]
fn what_is_found_does_not_depend_on_where_chunks_are_cut() {
    let text = b"a ERROR one\nnothing\r\nERR\nx ERROR y\rERROR two\nERROR";
    let expected = [
        (0, "a ERROR one", 0),
        (1, "ERR", 21),
        (0, "x ERROR y", 25),
        (0, "ERROR two", 35),
        (0, "ERROR", 45),
    ];
    for size in [1, 2, 3, 7, 100] {
        let mut matching = matching(vec![
            rule("ERROR", MatchKind::Contains),
            rule("^ERR$", MatchKind::Regex),
        ]);
        let now = Instant::now();
        let mut offset = 0;
        for chunk in text.chunks(size) {
            matching.take(Stream::Stdout, offset, chunk, now);
            offset += chunk.len() as u64;
        }
        matching.finish(now);
        assert_eq!(lines(&matching.take_found()), expected, "{size}");
    }
}

/// What is found in a text that comes in one piece, as it is looked for line by line.
fn found_by_line(rules: &[OutputRule], text: &str) -> Vec<(usize, String, u64)> {
    let mut matching = matching(rules.to_vec());
    let mut offset = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        // By bytes, no line lies in a piece as a whole, so that each is looked at by itself.
        for byte in line.bytes() {
            matching.take(Stream::Stdout, offset, &[byte], Instant::now());
            offset += 1;
        }
    }
    own(&matching.take_found())
}

fn own(found: &[Found]) -> Vec<(usize, String, u64)> {
    let found = found.iter();
    found
        .map(|found| (found.rule, found.line.clone(), found.offset))
        .collect()
}

proptest::proptest! {
    #[test]
    fn many_lines_at_once_are_as_each_by_itself(
        text in "([ab]{0,3}(\n|\r|\r\n|\n\n| c ?)){0,60}",
        cut in 1..80_usize,
    ) {
        let expressions = [
            "^a", "b$", "^$", r"\Aa", r"b\z", "(?-m)^b", "a[^c]*b", r"\bab\b", "(?s)a.b", r"a\sb", "(?-R)a$", "b*",
            r"\Ba", "a|^b$", "(?i)AB",
        ];
        let mut rules: Vec<OutputRule> = expressions.map(|e| rule(e, MatchKind::Regex)).to_vec();
        rules.extend(["ab", "b\na", "c"].map(|text| rule(text, MatchKind::Contains)));
        let mut matching = matching(rules.clone());
        let mut offset = 0;
        for chunk in text.as_bytes().chunks(cut) {
            matching.take(Stream::Stdout, offset, chunk, Instant::now());
            offset += chunk.len() as u64;
        }
        proptest::prop_assert_eq!(own(&matching.take_found()), found_by_line(&rules, &text));
    }
}

#[test]
fn lines_far_from_any_place_are_skipped_and_their_offsets_hold() {
    let far = "nothing\r\n".repeat(1000);
    let text = format!("{far}x needle\n{far}needle y\r{far}");
    let mut matching = matching(vec![
        rule("needle", MatchKind::Contains),
        rule("^needle", MatchKind::Regex),
    ]);
    matching.take(Stream::Stdout, 0, text.as_bytes(), Instant::now());
    let (first, second) = (far.len() as u64, 2 * far.len() as u64 + 9);
    let expected = [
        (0, "x needle", first),
        (0, "needle y", second),
        (1, "needle y", second),
    ];
    assert_eq!(lines(&matching.take_found()), expected);
}

#[test]
fn an_interval_counts_what_it_does_not_tell() {
    let mut matching = matching(vec![OutputRule {
        interval_ms: 1000,
        ..rule("x", MatchKind::Contains)
    }]);
    let begun = Instant::now();
    let mut offset = 0;
    for ms in [0, 10, 999, 1000, 1500, 2100] {
        let now = begun + Duration::from_millis(ms);
        matching.take(Stream::Stderr, offset, b"x\n", now);
        offset += 2;
    }
    let suppressed: Vec<u64> = matching.take_found().iter().map(|f| f.suppressed).collect();
    assert_eq!(suppressed, [0, 2, 1]);
    let counts = matching.counts();
    assert_eq!((counts[0].matched, counts[0].notified), (6, 3));
}

#[test]
fn once_is_once_and_a_stream_is_a_stream() {
    let mut matching = matching(vec![OutputRule {
        every: Frequency::Once,
        stream: MatchStream::Stderr,
        ..rule("x", MatchKind::Contains)
    }]);
    let now = Instant::now();
    matching.take(Stream::Stdout, 0, b"x\n", now);
    matching.take(Stream::Stderr, 0, b"x\nx\n", now);
    assert_eq!(lines(&matching.take_found()), [(0, "x", 0)]);
    assert_eq!(matching.counts()[0].matched, 2);
}

#[test]
fn what_a_predecessor_told_counts() {
    let mut matching = matching(vec![OutputRule {
        every: Frequency::Once,
        ..rule("x", MatchKind::Contains)
    }]);
    matching.remember(0, 3);
    matching.remember(7, 0);
    matching.take(Stream::Stdout, 0, b"x\n", Instant::now());
    assert_eq!(matching.take_found(), []);
    let counts = matching.counts();
    assert_eq!((counts[0].matched, counts[0].notified), (5, 1));
}

#[test]
fn a_prompt_is_found_when_it_is_still_and_counts_once() {
    let mut matching = matching(vec![rule("name:", MatchKind::Contains)]);
    let begun = Instant::now();
    matching.take(Stream::Stdout, 0, b"name: ", begun);
    assert_eq!(matching.due(), Some(begun + REST));
    matching.rest(begun + REST / 2);
    assert_eq!(matching.take_found(), []);
    matching.rest(begun + REST);
    assert_eq!(lines(&matching.take_found()), [(0, "name: ", 0)]);
    assert_eq!(matching.due(), None);
    matching.take(Stream::Stdout, 6, b"bob\nname: x\n", begun + REST);
    assert_eq!(lines(&matching.take_found()), [(0, "name: x", 10)]);
    assert_eq!(matching.counts()[0].matched, 2);
}

#[test]
fn a_very_long_line_is_looked_at_in_pieces_and_over_their_borders() {
    let mut matching = matching(vec![rule("needle", MatchKind::Contains)]);
    let now = Instant::now();
    let mut text = vec![b'-'; 3 * MATCH_WINDOW];
    text[MATCH_WINDOW - 3..MATCH_WINDOW + 3].copy_from_slice(b"needle");
    text.push(b'\n');
    matching.take(Stream::Stdout, 0, &text, now);
    let found = matching.take_found();
    assert_eq!(found.len(), 1);
    assert!(found[0].truncated && found[0].line.len() == SHOWN);
}

#[test]
fn no_more_are_told_than_a_bound() {
    let mut matching = matching(vec![rule("x", MatchKind::Contains)]);
    let text = b"x\n".repeat(MOST_TOLD as usize + 5);
    matching.take(Stream::Stdout, 0, &text, Instant::now());
    assert_eq!(matching.take_found().len(), MOST_TOLD as usize);
    assert_eq!(matching.counts()[0].matched, u64::from(MOST_TOLD) + 5);
}

#[test]
fn an_expression_that_is_none_is_refused() {
    let notify = |pattern: &str, kind| Notifications {
        finish: Vec::new(),
        output: vec![rule(pattern, kind)],
    };
    assert!(check_patterns(&notify("(", MatchKind::Regex)).is_err());
    assert!(check_patterns(&notify("(a{1000}){1000}", MatchKind::Regex)).is_err());
    assert!(check_patterns(&notify("(", MatchKind::Contains)).is_ok());
    assert!(Matching::new(&Notifications::default(), [0, 0]).is_none());
}
