mod listing;
mod rows;
mod sorting;

use std::path::{Path, PathBuf};

use foster_model::answer::ListAnswer;
use foster_model::{Cursor, State};
use foster_store::{IndexIter, IndexOrder, Root};

use crate::choosing::job_filter::JobFilter;
use crate::context::Context;
use crate::error::ServiceError;
use listing::Listing;

pub(crate) use rows::complete;

/// What a listing is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SortBy {
    /// When the job was created: the newest first.
    #[default]
    Created,
    /// When it was started: the latest first.
    Started,
    /// When it was over: the latest first.
    Finished,
    /// How long its leader ran: the longest first.
    Duration,
    /// Its name, from A to Z.
    Name,
}

/// What `list` is asked for.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// Whether jobs of other directories are listed too.
    pub all: bool,
    /// The directory at or below which jobs are listed, instead of the caller's.
    pub cwd: Option<PathBuf>,
    /// How many jobs at most; `None` for all.
    pub limit: Option<usize>,
    /// Which jobs.
    pub filter: JobFilter,
    /// In which order. Where the key is the same, or not known, the newest job comes first.
    pub sort: SortBy,
    /// Whether the order is turned round. Jobs without the key come last all the same.
    pub reverse: bool,
    /// Where to go on: the `next` of another answer.
    pub cursor: Option<Cursor>,
}

impl Default for ListRequest {
    /// Returns the defaults of the command line.
    fn default() -> Self {
        Self {
            all: false,
            cwd: None,
            limit: Some(50),
            filter: JobFilter::default(),
            sort: SortBy::Created,
            reverse: false,
            cursor: None,
        }
    }
}

/// Lists jobs from the index. What it calls unfinished is looked at in its folder, and so is what did
/// not fit into it.
///
/// # Errors
/// A root that can't be used; a cursor with another order than that of creation, or from a listing in
/// the other direction. A job that can't be read is listed with the reason.
pub fn list(ctx: &Context, request: &ListRequest) -> Result<ListAnswer, ServiceError> {
    request.check()?;
    let scope = request.scope(ctx);
    let mut listing = Listing::new(request, scope.as_deref());
    if let Some(root) = ctx.look_for_root()? {
        read(&root, request, &mut listing)?;
    }
    let listed = listing.finish();
    Ok(ListAnswer {
        root: ctx.absolute(&ctx.root).to_string_lossy().into_owned(),
        scope: scope.map(|path| path.to_string_lossy().into_owned()),
        hint: hint(listed.truncated, listed.others, listed.next),
        next: listed.next.map(|cursor| cursor.to_string()),
        jobs: listed.jobs,
        truncated: listed.truncated,
        others_outside_scope: listed.others,
    })
}

fn read(root: &Root, request: &ListRequest, listing: &mut Listing<'_>) -> Result<(), ServiceError> {
    let failed = || ServiceError::io("the index can't be read");
    let mut rows = rows_of(root, request).map_err(failed())?;
    listing.read(root, &mut rows);
    rows.take_error()
        .map_or(Ok(()), |error| Err(failed()(error)))
}

fn rows_of(root: &Root, request: &ListRequest) -> std::io::Result<IndexIter> {
    let oldest_first = request.reverse && request.sort == SortBy::Created;
    let order = if oldest_first {
        IndexOrder::OldestFirst
    } else {
        IndexOrder::NewestFirst
    };
    let rows = root.index().newest_first()?.in_order(order);
    let rows = rows.through(request.filter.sieve());
    match request.cursor {
        Some(cursor) => rows.after(cursor.after),
        None => Ok(rows),
    }
}

impl ListRequest {
    /// Returns a request for the running jobs.
    pub fn running() -> Self {
        Self {
            filter: JobFilter {
                states: vec![State::Running],
                ..JobFilter::default()
            },
            ..Self::default()
        }
    }

    fn check(&self) -> Result<(), ServiceError> {
        let Some(cursor) = self.cursor else {
            return Ok(());
        };
        let wrong = match (self.sort, cursor.oldest_first == self.reverse) {
            (SortBy::Created, true) => return Ok(()),
            (SortBy::Created, false) => "the cursor is of a listing in the other direction",
            _ => "a cursor goes on in the order of creation, and in no other",
        };
        Err(ServiceError::Invalid(wrong.to_owned()))
    }

    fn scope(&self, ctx: &Context) -> Option<PathBuf> {
        let cwd = match &self.cwd {
            _ if self.all => return None,
            Some(cwd) => ctx.absolute(cwd),
            None => ctx.cwd.clone(),
        };
        let cwd = cwd.canonicalize().unwrap_or(cwd);
        // As the index has it: text, with U+FFFD where a name is none.
        Some(Path::new(cwd.to_string_lossy().as_ref()).to_owned())
    }
}

fn hint(truncated: bool, others: bool, next: Option<Cursor>) -> Option<String> {
    match (truncated, others, next) {
        (true, _, Some(next)) => Some(format!(
            "there are more: give --limit, or --cursor {next} for those that follow"
        )),
        (true, _, None) => Some("there are more: give --limit".to_owned()),
        (false, true, _) => Some("there are others, of other directories: give --all".to_owned()),
        (false, false, _) => None,
    }
}
