use std::path::Path;

use foster_model::Cursor;
use foster_model::answer::ListRow;
use foster_store::{IndexIter, IndexRow, Root, Sieve};

use super::rows::{complete, judged, shown};
use super::sorting::Sorting;
use super::{ListRequest, SortBy};

/// How many records of the index beyond the last job that is shown are looked at to tell whether there are
/// others.
const LOOK_AHEAD: u64 = 4096;

/// A listing in the making.
pub(super) struct Listing<'a> {
    request: &'a ListRequest,
    scope: Option<&'a Path>,
    jobs: Sorting,
    truncated: bool,
    others: bool,
    narrowed: bool,
}

/// What is listed.
pub(super) struct Listed {
    pub jobs: Vec<ListRow>,
    pub truncated: bool,
    pub others: bool,
    pub next: Option<Cursor>,
}

impl<'a> Listing<'a> {
    pub fn new(request: &'a ListRequest, scope: Option<&'a Path>) -> Self {
        Self {
            request,
            scope,
            jobs: Sorting::new(request.sort, request.reverse, request.limit),
            truncated: false,
            others: false,
            narrowed: false,
        }
    }

    /// Takes in rows of the index, as far as more are wanted.
    pub fn read(&mut self, root: &Root, rows: &mut IndexIter) {
        while let Some(row) = rows.next() {
            if !self.take(root, row) {
                return;
            }
            self.narrow(rows);
        }
    }

    /// Leaves out rows that can tell nothing new any more: of a hundred thousand jobs, those of other
    /// directories, once it is known that there are others.
    fn narrow(&mut self, rows: &mut IndexIter) {
        let Some(scope) = self.scope.filter(|_| !self.narrowed) else {
            return;
        };
        let all_are_shown = self.truncated && self.request.sort == SortBy::Created;
        if self.others {
            rows.narrow(Sieve::default().within(scope));
        } else if all_are_shown {
            rows.narrow(Sieve::default().outside(scope));
            rows.end_after(LOOK_AHEAD);
        }
        self.narrowed = self.others || all_are_shown;
    }

    /// Takes in a row of the index. Returns whether more are wanted.
    fn take(&mut self, root: &Root, row: IndexRow) -> bool {
        if self.is_past_the_end(&row) {
            return false;
        }
        if row.leaving && !root.has_folder(row.job_id) {
            return true;
        }
        let row = if row.more || self.wants_more_of(&row) {
            complete(root, row)
        } else {
            row
        };
        let within = |scope: &Path| Path::new(&row.cwd).starts_with(scope);
        if !self.request.filter.takes(&row) {
            // It is none of those that are meant.
        } else if !self.scope.is_none_or(within) {
            self.others = true;
        } else if !self.truncated || self.request.sort != SortBy::Created {
            self.consider(root, row);
        }
        if self.request.sort != SortBy::Created {
            // Whatever comes first may come last here.
            return true;
        }
        let all_is_known = self.truncated && (self.others || self.scope.is_none());
        !all_is_known
    }

    /// Returns whether what is looked for in the command may be where the index has cut it.
    fn wants_more_of(&self, row: &IndexRow) -> bool {
        let missing = |text: &String| !row.command.contains(text);
        let wanted = self.request.filter.command.as_ref().is_some_and(missing);
        wanted && row.command.ends_with('…')
    }

    /// Returns whether neither this job nor any that follows was created when it had to be.
    fn is_past_the_end(&self, row: &IndexRow) -> bool {
        let (filter, made) = (&self.request.filter, row.job_id.time());
        let oldest_first = self.request.reverse && self.request.sort == SortBy::Created;
        if oldest_first {
            filter.until.is_some_and(|until| made > until)
        } else {
            filter.since.is_some_and(|since| made < since)
        }
    }

    fn consider(&mut self, root: &Root, row: IndexRow) {
        let filter = &self.request.filter;
        // The index may be behind: what it calls unfinished may be over, never the other way.
        let settled = row.state.is_final();
        if settled && !filter.takes_standing(row.state, row.cause) {
            return;
        }
        let row = if settled {
            shown(row)
        } else {
            judged(root, row)
        };
        if filter.takes_standing(row.state, row.cause) {
            self.truncated |= !self.jobs.add(row);
        }
    }

    pub fn finish(self) -> Listed {
        let jobs = self.jobs.finish();
        let by_creation = self.request.sort == SortBy::Created && self.truncated;
        let last = jobs.last().filter(|_| by_creation);
        Listed {
            next: last.map(|row| Cursor {
                after: row.job_id,
                oldest_first: self.request.reverse,
            }),
            jobs,
            truncated: self.truncated,
            others: self.others,
        }
    }
}
