use std::io;
use std::time::{Duration, Instant};

use foster_model::answer::{DiskUse, JobUse};
use foster_store::Root;

/// How long folders are measured. Ten thousand take about a third of it.
const AT_MOST: Duration = Duration::from_secs(1);
/// How many of the biggest are told.
const BIGGEST: usize = 5;

/// Returns what the jobs of a root take on disk: the newest are measured first, as long as there is
/// time, and all are counted.
pub(crate) fn disk_use(root: &Root) -> io::Result<DiskUse> {
    let began = Instant::now();
    let leftovers = root.leftovers()?;
    let mut found = DiskUse {
        complete: true,
        drafts: leftovers.drafts,
        gone: leftovers.gone,
        ..DiskUse::default()
    };
    let mut rows = root.index().newest_first()?;
    for row in rows.by_ref() {
        let state = row.state.as_str().to_owned();
        *found.states.entry(state).or_default() += 1;
        if began.elapsed() >= AT_MOST {
            found.complete = false;
            continue;
        }
        let folder = root.job(row.job_id).ok();
        let Some(bytes) = folder.and_then(|folder| folder.disk_use().ok()) else {
            continue;
        };
        found.bytes += bytes;
        let (job_id, state) = (row.job_id, row.state);
        let at = found.biggest.partition_point(|job| job.bytes >= bytes);
        found.biggest.insert(
            at,
            JobUse {
                job_id,
                state,
                bytes,
            },
        );
        found.biggest.truncate(BIGGEST);
    }
    rows.take_error().map_or(Ok(found), Err)
}
