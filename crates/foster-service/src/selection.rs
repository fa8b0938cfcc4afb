use foster_model::JobId;
use foster_store::{IndexRow, Root};

use crate::error::ServiceError;
use crate::job_filter::JobFilter;
use crate::list::complete;
use crate::watch::is_only_defined;

/// Jobs that were not named but found: by their group, or by a tag. Of all directories, as with names.
#[derive(Default)]
pub(crate) struct Selection {
    /// Those that are not over, or of which processes may be left; newest first.
    pub open: Vec<JobId>,
    /// Those that are over; newest first.
    pub over: Vec<JobId>,
}

impl Selection {
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
        let held = || folder.lock_is_held().is_ok_and(|held| held);
        let only_defined = |record| is_only_defined(&record) && !held();
        if row.state.is_final() && !held() {
            self.over.push(id);
        } else if !folder.record().is_ok_and(only_defined) {
            self.open.push(id);
        }
    }
}
