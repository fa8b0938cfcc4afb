//! The index against a plain model, through appends, changes, removals and the copying that removals bring.

mod common;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ops::Range;

    use foster_model::{JobId, JobRecord, State};
    use foster_store::{IndexOrder, IndexRow, Root};
    use proptest::prelude::*;

    use super::common::{definition, id, root};

    /// So many jobs there can be: removing half of them has the index copied.
    const JOBS: u64 = 700;

    #[derive(Debug, Clone)]
    enum Change {
        Write(u64, State),
        Remove(Range<u64>),
        Rebuild,
    }

    fn changes() -> impl Strategy<Value = Vec<Change>> {
        let state = prop::sample::select(vec![State::Running, State::Exited, State::Lost]);
        let range = (0..JOBS, 0..400_u64).prop_map(|(from, count)| from..(from + count).min(JOBS));
        let change = prop_oneof![
            6 => (0..JOBS, state).prop_map(|(number, state)| Change::Write(number, state)),
            3 => range.prop_map(Change::Remove),
            1 => Just(Change::Rebuild),
        ];
        prop::collection::vec(change, 1..25)
    }

    fn row(number: u64, state: State) -> IndexRow {
        let mut record = JobRecord::new(id(number));
        record.state = state;
        IndexRow::from_parts(&definition(id(number)), &record)
    }

    fn listed(root: &Root, order: IndexOrder) -> Vec<(JobId, State)> {
        let mut rows = root.index().newest_first().unwrap().in_order(order);
        let listed = rows.by_ref().map(|row| (row.job_id, row.state)).collect();
        assert!(rows.take_error().is_none());
        listed
    }

    /// A job that has no folder is in no index that was made anew: all but this one.
    const WITH_FOLDER: u64 = JOBS;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn it_lists_what_was_written_and_not_removed(changes in changes()) {
            let (_temp, root) = root();
            let index = root.index();
            root.create_job(&definition(id(WITH_FOLDER)), None, None).unwrap();
            index.append(&row(WITH_FOLDER, State::Created)).unwrap();
            let mut model = BTreeMap::from([(id(WITH_FOLDER), State::Created)]);
            // Once removed, a job never comes back: ids are not used again.
            let mut removed = vec![false; JOBS as usize];
            for number in 0..JOBS {
                index.append(&row(number, State::Created)).unwrap();
                model.insert(id(number), State::Created);
            }
            for change in changes {
                match change {
                    Change::Write(number, state) => {
                        if !removed[number as usize] {
                            index.update(&row(number, state)).unwrap();
                            model.insert(id(number), state);
                        }
                    }
                    Change::Remove(numbers) => for number in numbers {
                        index.remove(id(number)).unwrap();
                        removed[number as usize] = true;
                        model.remove(&id(number));
                    }
                    Change::Rebuild => {
                        index.rebuild().unwrap();
                        model.retain(|job, _| *job == id(WITH_FOLDER));
                    }
                }
                prop_assert_eq!(index.count().unwrap(), model.len() as u64);
            }
            let oldest: Vec<_> = model.into_iter().collect();
            prop_assert_eq!(&listed(&root, IndexOrder::OldestFirst), &oldest);
            let newest: Vec<_> = oldest.into_iter().rev().collect();
            prop_assert_eq!(&listed(&root, IndexOrder::NewestFirst), &newest);
        }
    }
}
