use std::path::{Path, PathBuf};

use foster_model::{JobId, JobName, State, Tag, TagPattern};
use foster_store::{IndexRow, Root, Sieve};

use crate::context::Context;
use crate::error::ServiceError;
use crate::list::complete;

/// Several jobs, by what they have in common.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Whether jobs of other directories than the caller's are meant too.
    pub everywhere: bool,
    /// The group that they belong to.
    pub group: Option<JobName>,
    /// A mark that they bear.
    pub tag: Option<Tag>,
    /// The states that they are in; those that are over, if empty.
    pub states: Vec<State>,
}

impl Selection {
    /// Returns the directory at or below which jobs are meant; `None` for all.
    pub(crate) fn scope(&self, ctx: &Context) -> Option<PathBuf> {
        let scope = ctx.cwd.canonicalize().unwrap_or_else(|_| ctx.cwd.clone());
        // As the index has it: text, with U+FFFD where a name is none.
        let scope = PathBuf::from(scope.to_string_lossy().into_owned());
        (!self.everywhere).then_some(scope)
    }

    /// Returns the jobs that have this in common, in whichever state, the newest first.
    pub(crate) fn jobs(
        &self,
        root: &Root,
        scope: Option<&Path>,
    ) -> Result<Vec<JobId>, ServiceError> {
        let failed = || ServiceError::io("the index can't be read");
        let rows = root.index().newest_first().map_err(failed())?;
        let mut rows = rows.through(self.sieve(scope));
        let mut ids = Vec::new();
        for row in rows.by_ref() {
            let row = if row.more { complete(root, row) } else { row };
            if self.means(&row, scope) {
                ids.push(row.job_id);
            }
        }
        rows.take_error()
            .map_or(Ok(ids), |error| Err(failed()(error)))
    }

    fn sieve(&self, scope: Option<&Path>) -> Sieve {
        let mut sieve = Sieve::default();
        if let Some(scope) = scope {
            sieve = sieve.within(scope);
        }
        if let Some(group) = &self.group {
            sieve = sieve.group(group);
        }
        match &self.tag {
            Some(tag) => sieve.tag(&TagPattern::Exact(tag.clone())),
            None => sieve,
        }
    }

    fn means(&self, row: &IndexRow, scope: Option<&Path>) -> bool {
        let within = scope.is_none_or(|scope| Path::new(&row.cwd).starts_with(scope));
        let grouped = self.group.is_none() || row.group == self.group;
        let tagged = self.tag.as_ref().is_none_or(|tag| row.tags.contains(tag));
        within && grouped && tagged
    }

    /// Returns whether a job in this state is meant.
    pub(crate) fn takes(&self, state: State) -> bool {
        match self.states.as_slice() {
            [] => state.is_final(),
            states => states.contains(&state),
        }
    }
}
