use foster_model::JobRecord;
use foster_model::answer::ListRow;
use foster_store::{IndexRow, Root};

use crate::error::ServiceError;
use crate::reaching::watch::shown_record;
use crate::showing::view::{cut, is_foreign};

/// How much of a command a listing shows, in bytes: as much as the index has at most.
const LONGEST_COMMAND: usize = 512;

/// Fills in what did not fit into the index.
pub(crate) fn complete(root: &Root, row: IndexRow) -> IndexRow {
    let folder = root.job(row.job_id).ok();
    let read = folder.and_then(|folder| Some((folder.definition().ok()?, folder.record().ok()?)));
    let Some((definition, record)) = read else {
        return row;
    };
    IndexRow {
        more: true,
        ..IndexRow::from_parts(&definition, &record)
    }
}

/// Returns a row of a job that may be over by now.
pub(super) fn judged(root: &Root, row: IndexRow) -> ListRow {
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

/// Returns a row as it is shown.
pub(super) fn shown(row: IndexRow) -> ListRow {
    ListRow {
        job_id: row.job_id,
        name: row.name,
        tags: row.tags,
        group: row.group,
        state: row.state,
        cause: row.cause,
        exit_code: row.exit_code,
        signal: row.signal,
        command: cut(row.command, LONGEST_COMMAND),
        cwd: row.cwd,
        created_at: row.created_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
        duration_ms: row.duration_ms,
        damage: None,
        foreign: false,
    }
}
