use std::path::{Path, PathBuf};

use foster_model::answer::{ListAnswer, ListRow};
use foster_model::{JobRecord, State, Tag};
use foster_store::{IndexRow, Root};

use crate::context::Context;
use crate::error::ServiceError;
use crate::view::is_foreign;
use crate::watch::shown_record;

/// How many rows beyond the last one shown are looked at to tell whether there are others.
const LOOK_AHEAD: usize = 4096;

/// What `list` is asked for.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// Whether jobs of other directories are listed too.
    pub all: bool,
    /// How many jobs at most.
    pub limit: usize,
    /// The states to list; all, if empty.
    pub states: Vec<State>,
    /// A mark that they must bear.
    pub tag: Option<Tag>,
}

/// Lists jobs, newest first, from the index. What it calls unfinished is looked at in its folder.
///
/// # Errors
/// A root that can't be used. A job that can't be read is listed with the reason.
pub fn list(ctx: &Context, request: &ListRequest) -> Result<ListAnswer, ServiceError> {
    let scope = ctx.cwd.canonicalize().unwrap_or_else(|_| ctx.cwd.clone());
    // As the index has it: text, with U+FFFD where a name is none.
    let scope = PathBuf::from(scope.to_string_lossy().into_owned());
    let scope = (!request.all).then_some(scope);
    let mut listing = Listing::default();
    if let Some(root) = ctx.look_for_root()? {
        listing.read(&root, request, scope.as_deref())?;
    }
    let hint = listing.hint();
    Ok(ListAnswer {
        root: ctx.absolute(&ctx.root).to_string_lossy().into_owned(),
        scope: scope.map(|path| path.to_string_lossy().into_owned()),
        jobs: listing.jobs,
        truncated: listing.truncated,
        others_outside_scope: listing.others,
        hint,
    })
}

#[derive(Default)]
struct Listing {
    jobs: Vec<ListRow>,
    truncated: bool,
    others: bool,
    beyond: usize,
}

impl Listing {
    fn read(
        &mut self,
        root: &Root,
        request: &ListRequest,
        scope: Option<&Path>,
    ) -> Result<(), ServiceError> {
        let failed = || ServiceError::io("the index can't be read");
        let mut rows = root.index().newest_first().map_err(failed())?;
        for row in rows.by_ref() {
            if !self.take(root, request, scope, row) {
                break;
            }
        }
        rows.take_error()
            .map_or(Ok(()), |error| Err(failed()(error)))
    }

    /// Takes in a row of the index. Returns whether more are wanted.
    fn take(
        &mut self,
        root: &Root,
        request: &ListRequest,
        scope: Option<&Path>,
        row: IndexRow,
    ) -> bool {
        let row = if row.more { complete(root, row) } else { row };
        let tagged = request
            .tag
            .as_ref()
            .is_none_or(|tag| row.tags.contains(tag));
        if scope.is_some_and(|scope| !Path::new(&row.cwd).starts_with(scope)) {
            self.others = true;
        } else if tagged {
            self.consider(root, request, row);
        }
        self.beyond += usize::from(self.truncated);
        let all_is_known = self.truncated && (self.others || scope.is_none());
        !all_is_known && self.beyond < LOOK_AHEAD
    }

    fn consider(&mut self, root: &Root, request: &ListRequest, row: IndexRow) {
        let could_match =
            |state: State| request.states.is_empty() || request.states.contains(&state);
        // The index may be behind: what it calls unfinished may be over, never the other way.
        let settled = row.state.is_final();
        if (settled && !could_match(row.state)) || self.truncated {
            return;
        }
        let row = if settled {
            shown(row)
        } else {
            judged(root, row)
        };
        if could_match(row.state) {
            if self.jobs.len() < request.limit {
                self.jobs.push(row);
            } else {
                self.truncated = true;
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match (self.truncated, self.others) {
            (true, _) => Some("there are more: give --limit".to_owned()),
            (false, true) => Some("there are others, of other directories: give --all".to_owned()),
            (false, false) => None,
        }
    }
}

/// Fills in what did not fit into the index.
pub(crate) fn complete(root: &Root, row: IndexRow) -> IndexRow {
    let folder = root.job(row.job_id).ok();
    let read = folder.and_then(|folder| Some((folder.definition().ok()?, folder.record().ok()?)));
    let Some((definition, record)) = read else {
        return row;
    };
    let cwd = definition.cwd.to_lossy().into_owned();
    let (name, tags) = (definition.name.clone(), definition.tags.clone());
    let group = definition.group.clone();
    IndexRow {
        cwd,
        name,
        tags,
        group,
        more: true,
        ..IndexRow::from_parts(&definition, &record)
    }
}

fn judged(root: &Root, row: IndexRow) -> ListRow {
    let judged = (|| -> Result<(JobRecord, bool), ServiceError> {
        let folder = root.job(row.job_id)?;
        let foreign = is_foreign(&folder.definition()?);
        Ok((shown_record(root, &folder)?, foreign))
    })();
    match judged {
        Ok((record, foreign)) => ListRow {
            state: record.state,
            cause: record.cause,
            exit_code: record.exit_code,
            signal: record.signal,
            started_at: record.started_at,
            finished_at: record.finished_at,
            duration_ms: record.duration_ms,
            foreign,
            ..shown(row)
        },
        Err(error) => ListRow {
            damage: Some(error.body().message),
            ..shown(row)
        },
    }
}

fn shown(row: IndexRow) -> ListRow {
    ListRow {
        job_id: row.job_id,
        name: row.name,
        tags: row.tags,
        group: row.group,
        state: row.state,
        cause: row.cause,
        exit_code: row.exit_code,
        signal: row.signal,
        command: row.command,
        cwd: row.cwd,
        created_at: row.created_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
        duration_ms: row.duration_ms,
        damage: None,
        foreign: false,
    }
}
