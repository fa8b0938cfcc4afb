use std::cmp::Ordering;

use foster_model::answer::ListRow;

use super::SortBy;

/// Keeps the rows that come first in an order. Never holds many more than are wanted.
pub(super) struct Sorting {
    by: SortBy,
    reverse: bool,
    limit: Option<usize>,
    rows: Vec<ListRow>,
}

impl Sorting {
    pub fn new(by: SortBy, reverse: bool, limit: Option<usize>) -> Self {
        Self {
            by,
            reverse,
            limit,
            rows: Vec::new(),
        }
    }

    /// Adds a row. Returns whether there was room for it, beside all the others.
    pub fn add(&mut self, row: ListRow) -> bool {
        let Some(limit) = self.limit else {
            self.rows.push(row);
            return true;
        };
        if self.by == SortBy::Created {
            // They come in their order.
            let fits = self.rows.len() < limit;
            self.rows.extend(fits.then_some(row));
            return fits;
        }
        self.rows.push(row);
        let fits = self.rows.len() <= limit;
        if self.rows.len() > limit.saturating_mul(2) + 64 {
            self.sort();
            self.rows.truncate(limit);
        }
        fits
    }

    pub fn finish(mut self) -> Vec<ListRow> {
        self.sort();
        self.rows.truncate(self.limit.unwrap_or(usize::MAX));
        self.rows
    }

    fn sort(&mut self) {
        let (by, reverse) = (self.by, self.reverse);
        if by != SortBy::Created {
            self.rows.sort_by(|one, two| compare(by, reverse, one, two));
        }
    }
}

fn compare(by: SortBy, reverse: bool, one: &ListRow, two: &ListRow) -> Ordering {
    let order = match by {
        SortBy::Created => Ordering::Equal,
        SortBy::Started => descending(one.started_at, two.started_at, reverse),
        SortBy::Finished => descending(one.finished_at, two.finished_at, reverse),
        SortBy::Duration => descending(one.duration_ms, two.duration_ms, reverse),
        SortBy::Name => {
            let name = |row: &ListRow| row.name.as_ref().map(|name| name.as_ref().to_owned());
            descending(name(one), name(two), !reverse)
        }
    };
    order.then_with(|| two.job_id.cmp(&one.job_id))
}

/// Compares two keys, the greater first unless turned round; one that is not known comes last.
fn descending<K: Ord>(one: Option<K>, two: Option<K>, reverse: bool) -> Ordering {
    match (one, two) {
        (Some(one), Some(two)) if reverse => one.cmp(&two),
        (Some(one), Some(two)) => two.cmp(&one),
        (one, two) => two.is_some().cmp(&one.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use foster_model::{JobId, State, Time};
    use proptest::prelude::*;

    use super::*;

    fn row(number: u64, name: Option<&str>, duration: Option<u64>) -> ListRow {
        ListRow {
            job_id: JobId::from_parts(number, 0),
            name: name.map(|name| name.to_owned().try_into().unwrap()),
            tags: Vec::new(),
            group: None,
            state: State::Exited,
            cause: None,
            exit_code: None,
            signal: None,
            command: String::new(),
            cwd: String::new(),
            created_at: Time::from_unix_ms(number as i64),
            started_at: None,
            finished_at: None,
            duration_ms: duration,
            damage: None,
            foreign: false,
        }
    }

    fn order(by: SortBy, reverse: bool) -> Vec<u64> {
        let mut sorting = Sorting::new(by, reverse, None);
        let rows = [
            row(4, Some("b"), Some(7)),
            row(3, None, Some(9)),
            row(2, Some("a"), None),
            row(1, Some("c"), Some(7)),
        ];
        for row in rows {
            assert!(sorting.add(row));
        }
        let ids = sorting.finish().into_iter();
        ids.map(|row| row.job_id.time().unix_ms() as u64).collect()
    }

    #[test]
    fn what_is_not_known_comes_last_and_the_newest_first_of_equals() {
        assert_eq!(order(SortBy::Duration, false), [3, 4, 1, 2]);
        assert_eq!(order(SortBy::Duration, true), [4, 1, 3, 2]);
        assert_eq!(order(SortBy::Name, false), [2, 4, 1, 3]);
        assert_eq!(order(SortBy::Name, true), [1, 4, 2, 3]);
        assert_eq!(order(SortBy::Created, false), [4, 3, 2, 1]);
    }

    proptest! {
        #[test]
        fn a_limit_keeps_what_comes_first(
            durations in proptest::collection::vec(proptest::option::of(0u64..50), 0..400),
            limit in 0usize..40,
            reverse: bool,
        ) {
            let all = || durations.iter().enumerate().map(|(n, ms)| row(n as u64, None, *ms));
            let sorted = |limit| {
                let mut sorting = Sorting::new(SortBy::Duration, reverse, limit);
                let full = all().map(|row| sorting.add(row)).filter(|fits| !fits).count() > 0;
                (sorting.finish(), full)
            };
            let (mut expected, _) = sorted(None);
            let (kept, full) = sorted(Some(limit));
            prop_assert_eq!(full, expected.len() > limit);
            expected.truncate(limit);
            prop_assert_eq!(kept, expected);
        }
    }
}
