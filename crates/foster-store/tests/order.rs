//! The index in the order of creation: from either end, from any place, and through a sieve.

mod common;

#[cfg(test)]
mod tests {
    use foster_model::{JobId, JobRecord, State, TagPattern, Time};
    use foster_store::{IndexOrder, IndexRow, Root, Sieve};
    use proptest::prelude::*;

    use super::common::{START, definition, root};

    fn id(ns: u64) -> JobId {
        JobId::made_at(START * 1_000_000 + ns, u128::from(ns) << 7)
    }

    fn row(id: JobId, tag: Option<&str>) -> IndexRow {
        let mut definition = definition(id);
        definition.tags = tag
            .map(|tag| tag.to_owned().try_into().unwrap())
            .into_iter()
            .collect();
        let mut record = JobRecord::new(id);
        record.state = State::Exited;
        record.created_at = Some(Time::from_unix_ms(0));
        IndexRow::from_parts(&definition, &record)
    }

    /// A root whose index has these jobs, in this order.
    fn indexed(ns: &[u64]) -> (tempfile::TempDir, Root) {
        let (temp, root) = root();
        // An index begins with the first folder.
        root.create_job(&definition(id(u64::from(u32::MAX))), None, None)
            .unwrap();
        for ns in ns {
            root.index().append(&row(id(*ns), None)).unwrap();
        }
        (temp, root)
    }

    fn ids(root: &Root, order: IndexOrder, after: Option<JobId>) -> Vec<JobId> {
        let rows = root.index().newest_first().unwrap().in_order(order);
        let rows = match after {
            Some(after) => rows.after(after).unwrap(),
            None => rows,
        };
        rows.map(|row| row.job_id).collect()
    }

    fn check_all(ns: &[u64], step: usize) {
        let (_temp, root) = indexed(ns);
        let mut sorted: Vec<_> = ns.iter().map(|ns| id(*ns)).collect();
        sorted.sort_unstable();
        assert_eq!(ids(&root, IndexOrder::OldestFirst, None), sorted);
        let newest: Vec<_> = sorted.iter().rev().copied().collect();
        assert_eq!(ids(&root, IndexOrder::NewestFirst, None), newest);
        for at in (0..sorted.len()).step_by(step) {
            let after = Some(sorted[at]);
            assert_eq!(ids(&root, IndexOrder::OldestFirst, after), sorted[at + 1..]);
            let below: Vec<_> = sorted[..at].iter().rev().copied().collect();
            assert_eq!(ids(&root, IndexOrder::NewestFirst, after), below);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn whatever_the_order_of_writing(ns in proptest::collection::hash_set(0u64..5000, 1..60)) {
            let ns: Vec<_> = ns.into_iter().collect();
            check_all(&ns, 1);
        }

        #[test]
        fn a_sieve_holds_back_nothing_that_is_wanted(
            tags in proptest::collection::vec(proptest::option::of("(ci|cd)(\\.(lint|test))?"), 1..40),
            pattern in "(ci|cd)(\\.(lint|test))?(\\.\\*)?",
        ) {
            let (_temp, root) = indexed(&[]);
            for (ns, tag) in tags.iter().enumerate() {
                root.index().append(&row(id(ns as u64), tag.as_deref())).unwrap();
            }
            let pattern: TagPattern = pattern.parse().unwrap();
            let takes = |row: &IndexRow| row.tags.iter().any(|tag| pattern.takes(tag));
            let all = root.index().newest_first().unwrap();
            let wanted: Vec<_> = all.filter(|row| takes(row)).collect();
            let some = root.index().newest_first().unwrap().through(Sieve::default().tag(&pattern));
            let found: Vec<_> = some.filter(|row| takes(row)).collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn jobs_of_one_millisecond_stand_as_they_were_made() {
        // Written down in another order, as those who launch at once do it.
        check_all(&[30, 10, 20, 999_999, 40, 500_000], 1);
    }

    #[test]
    fn a_clock_that_was_set_back_is_noticed() {
        // Two thousand jobs from a time that was still to come, and then as many again.
        let future = (0..2000).map(|n| 1_000_000_000 + n * 1000);
        let now = (0..2000).map(|n| n * 1000);
        let ns: Vec<u64> = future.chain(now).collect();
        check_all(&ns, 397);
    }

    #[test]
    fn a_place_outlives_its_job() {
        let ns: Vec<u64> = (0..5000).map(|n| n * 10).collect();
        let (_temp, root) = indexed(&ns);
        let gone = id(25_005);
        let next: Vec<_> = ids(&root, IndexOrder::NewestFirst, Some(gone));
        assert_eq!((next.len(), next[0]), (2501, id(25_000)));
        let next = ids(&root, IndexOrder::OldestFirst, Some(gone));
        assert_eq!((next.len(), next[0]), (2499, id(25_010)));
    }
}
