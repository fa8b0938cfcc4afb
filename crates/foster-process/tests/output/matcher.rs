use std::ops::ControlFlow;

use foster_process::output::{
    ChunkVisitor as _, Find, Gap, MATCH_WINDOW, Match, Matcher, Pattern, PatternSet, StreamEnd,
};
use proptest::prelude::*;

use crate::{chunks, cuts, text};

fn set(patterns: Vec<Pattern>) -> PatternSet {
    PatternSet::new(patterns).unwrap()
}

fn needles() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let needle = prop::sample::select(vec![
        &b"a"[..],
        b"ba",
        b"aab",
        b"bab",
        b"abab",
        b"b\na",
        b"\r\n",
        b"\n",
        b"\xff\x80",
        "é".as_bytes(),
    ]);
    prop::collection::vec(needle.prop_map(<[u8]>::to_vec), 1..4)
}

/// Returns what a reader that looks after each byte would meet first.
fn first_complete(bytes: &[u8], needles: &[Vec<u8>]) -> Option<(usize, u64, u64)> {
    (1..=bytes.len()).find_map(|end| {
        let ending = |(_, needle): &(usize, &Vec<u8>)| bytes[..end].ends_with(needle);
        let here = needles.iter().enumerate().filter(ending);
        let (pattern, needle) = here.min_by_key(|(index, needle)| (end - needle.len(), *index))?;
        Some((pattern, (end - needle.len()) as u64, end as u64))
    })
}

fn advance_all(mut matcher: Matcher, bytes: &[u8], cuts: &[usize]) -> Option<Match> {
    let found = chunks(bytes, cuts).find_map(|chunk| matcher.advance(chunk));
    found.or_else(|| matcher.settle())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_literal_is_found_where_it_is_complete_first(
        bytes in text(30), cuts in cuts(), needles in needles(),
    ) {
        let mut matcher = Matcher::new(set(needles.iter().map(Pattern::bytes).collect()));
        let found = chunks(&bytes, &cuts).find_map(|chunk| matcher.feed(chunk));
        let found = found.map(|found| (found.pattern, found.range.start, found.range.end));
        prop_assert_eq!(found, first_complete(&bytes, &needles));
    }

    #[test]
    fn any_cut_gives_the_same_match(
        bytes in text(30), cuts in cuts(), needles in needles(), literals: bool, start in 0_u64..9,
    ) {
        let mut patterns: Vec<_> = needles.iter().map(Pattern::bytes).collect();
        if !literals {
            patterns.insert(0, Pattern::regex("^b+(é|a)*$|€").unwrap());
            patterns.push(Pattern::predicate(|line| line.len() == 3));
        }
        let matcher = Matcher::starting_at(set(patterns), start);
        let whole = advance_all(matcher.clone(), &bytes, &[usize::MAX]);
        prop_assert_eq!(advance_all(matcher, &bytes, &cuts), whole);
    }
}

#[test]
fn a_prompt_without_a_newline_matches() {
    let patterns = || {
        vec![
            Pattern::substring("word: "),
            Pattern::regex("^Pass.*: $").unwrap(),
            Pattern::predicate(|line| line == "Password: "),
        ]
    };
    for pattern in patterns() {
        let mut matcher = Matcher::new(set(vec![pattern.clone()]));
        assert_eq!(matcher.feed(b"Welcome\nPass"), None);
        let found = matcher.feed(b"word: ").unwrap();
        assert_eq!(found.line, "Password: ", "{pattern:?}");
        assert_eq!(found.range.end, 18);
        assert_eq!(matcher.feed(b"word: "), None);
    }
}

#[test]
fn the_match_that_ends_first_in_the_line_counts() {
    let patterns = vec![
        Pattern::regex(r"port (\d+)").unwrap(),
        Pattern::substring("ERROR"),
        Pattern::substring("ready"),
    ];
    let mut matcher = Matcher::new(set(patterns));
    let found = matcher.feed(b"start\r\nport 8080 is ready\r\n").unwrap();
    let expected = Match {
        pattern: 0,
        range: 7..16,
        text: "port 8080".to_owned(),
        line: "port 8080 is ready".to_owned(),
    };
    assert_eq!(found, expected);
}

#[test]
fn states_of_a_progress_bar_are_lines() {
    let mut matcher = Matcher::new(set(vec![Pattern::regex("^100%$").unwrap()]));
    assert_eq!(matcher.feed(b"10%\r50%\r1"), None);
    assert_eq!(matcher.feed(b"00%\r").unwrap().range, 8..12);
}

#[test]
fn nothing_is_found_across_a_gap_and_what_was_met_before_it_is_told() {
    let literals = vec![Pattern::substring("ab"), Pattern::regex("zz").unwrap()];
    let mut matcher = Matcher::new(set(literals));
    assert_eq!(matcher.advance(b"a"), None);
    let gap = Gap {
        bytes: 5,
        offset: 1,
    };
    assert_eq!(matcher.gap(gap), None);
    assert_eq!(matcher.advance(b"b ab"), None);
    let later = Gap {
        bytes: 1,
        offset: 10,
    };
    assert_eq!(matcher.gap(later).unwrap().range, 8..10);
}

#[test]
fn a_long_line_fed_byte_by_byte_takes_linear_time_and_bounded_memory() {
    let expression = Pattern::regex("needle$").unwrap();
    let mut matcher = Matcher::new(set(vec![expression, Pattern::substring("absent")]));
    for _ in 0..3 * MATCH_WINDOW {
        assert_eq!(matcher.feed(b"x"), None);
    }
    assert_eq!(matcher.advance(b"needle"), None);
    let found = matcher.settle().unwrap();
    assert_eq!(found.range.end, 3 * MATCH_WINDOW as u64 + 6);
    assert!(found.line.len() <= MATCH_WINDOW);
}

#[test]
fn the_visitor_breaks_at_the_match() {
    let mut find = Find::new(set(vec![Pattern::substring("ready")]));
    assert_eq!(find.chunk(b"not yet\nrea"), ControlFlow::Continue(()));
    assert_eq!(find.chunk(b"dy\n"), ControlFlow::Break(()));
    let found = find.finish(&StreamEnd::Eof).unwrap();
    assert_eq!(
        (found.text.as_str(), found.line.as_str()),
        ("ready", "ready")
    );
}
