use foster_model::{JobId, JobRecord};
use foster_store::{IndexRow, Root};

use crate::choosing::job_filter::JobFilter;
use crate::error::ServiceError;
use crate::list::complete;
use crate::reaching::watch::is_only_defined;

/// Jobs that were not named but found: by their group, or by a tag. Of all directories, as with names.
#[derive(Default)]
pub(crate) struct FoundJobs {
    /// Those that are not over; newest first.
    open: Vec<JobId>,
    /// Those that are over and still have a supervisor: processes of theirs may be left.
    lingering: Vec<JobId>,
    /// The others that are over; newest first.
    over: Vec<JobId>,
}

impl FoundJobs {
    /// Looks through the index. Jobs that were only defined are none of either.
    pub fn find(root: &Root, filter: &JobFilter) -> Result<Self, ServiceError> {
        let failed = || ServiceError::io("the index can't be read");
        let rows = root.index().newest_first().map_err(failed())?;
        let mut rows = rows.through(filter.sieve());
        let mut found = Self::default();
        for row in rows.by_ref() {
            let row = if row.more { complete(root, row) } else { row };
            if filter.takes(&row) {
                found.sort_in(root, &row);
            }
        }
        match rows.take_error() {
            Some(error) => Err(failed()(error)),
            None => Ok(found),
        }
    }

    fn sort_in(&mut self, root: &Root, row: &IndexRow) {
        let id = row.job_id;
        let Ok(folder) = root.job(id) else {
            // It was deleted, and the index does not know yet.
            return;
        };
        let held = folder.lock_is_held().is_ok_and(|held| held);
        // The index may be behind.
        let record = folder.record();
        let is_over = |record: &JobRecord| record.state.is_final();
        if row.state.is_final() || record.as_ref().is_ok_and(is_over) {
            let over = if held {
                &mut self.lingering
            } else {
                &mut self.over
            };
            over.push(id);
        } else if held || !record.is_ok_and(|record| is_only_defined(&record)) {
            self.open.push(id);
        }
    }

    /// Returns those to which something can be done.
    pub fn living(self) -> Vec<JobId> {
        newest_first(self.open, self.lingering)
    }

    /// Returns those that are not over, and those that are.
    pub fn open_and_over(self) -> (Vec<JobId>, Vec<JobId>) {
        (self.open, newest_first(self.lingering, self.over))
    }
}

fn newest_first(mut ids: Vec<JobId>, others: Vec<JobId>) -> Vec<JobId> {
    ids.extend(others);
    ids.sort_unstable_by(|one, two| two.cmp(one));
    ids
}
