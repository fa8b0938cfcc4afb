use super::*;

fn lost(bytes: u64) -> Gap {
    Gap { bytes, offset: 0 }
}

#[test]
fn head_and_tail_with_the_middle_counted() {
    let mut kept = Kept::new(Keep::HeadAndTail { head: 3, tail: 4 });
    for chunk in ["ab", "cdef", "g", "hijkl"] {
        kept.push(chunk.as_bytes());
    }
    assert_eq!(kept.to_vec(), b"abcijkl");
    assert_eq!((kept.omitted_bytes(), kept.total()), (5, 12));
    let text = kept.to_string_lossy_with_marker();
    assert_eq!(text, "abc\n[... 5 bytes omitted ...]\nijkl");
}

#[test]
fn nothing_is_missing_when_all_fits() {
    let mut kept = Kept::new(Keep::HeadAndTail { head: 3, tail: 5 });
    kept.push("ab€def".as_bytes());
    assert!(!kept.truncated());
    assert_eq!(kept.to_string_lossy_with_marker(), "ab€def");
    assert_eq!(kept.into_vec(), "ab€def".as_bytes());
}

#[test]
fn a_gap_is_seen_where_it_is() {
    for keep in [Keep::All, Keep::Tail(9), Keep::Head(9)] {
        let mut kept = Kept::new(keep);
        kept.push(b"ab");
        kept.gap(lost(1));
        kept.gap(lost(6));
        kept.push(b"cd");
        assert!(kept.truncated());
        assert_eq!(kept.gaps(), Gaps { count: 2, bytes: 7 });
        let text = kept.to_string_lossy_with_marker();
        assert_eq!(text, "ab\n[... 7 bytes omitted ...]\ncd", "{keep:?}");
    }
}

#[test]
fn more_gaps_than_places_join_nothing() {
    for (keep, pieces) in [(Keep::Tail(100_000), 1024), (Keep::Head(100_000), 1025)] {
        let mut kept = Kept::new(keep);
        for _ in 0..3000 {
            kept.push(b"ab");
            kept.gap(lost(1));
        }
        let text = kept.to_string_lossy_with_marker();
        assert_eq!(text.matches("ab").count(), pieces, "{keep:?}");
        assert!(!text.contains("abab"));
        assert_eq!(kept.kept_bytes(), 2 * pieces as u64);
    }
}

#[test]
fn a_tail_that_is_never_filled_takes_little() {
    let mut kept = Kept::new(Keep::Tail(usize::MAX));
    kept.push(&[1; 1000]);
    assert_eq!(kept.tail().0.len(), 1000);
}
