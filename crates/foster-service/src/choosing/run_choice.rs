use foster_model::{Event, JobRecord};
use foster_store::{JobFolder, Root};

use crate::error::ServiceError;
use crate::reaching::watch::shown_record;

/// Returns the record of the run that was asked for; of the newest, if none was.
///
/// # Errors
/// There is no such run: the error tells which there are.
pub(crate) fn record_of(
    root: &Root,
    folder: &JobFolder,
    run: Option<u32>,
) -> Result<JobRecord, ServiceError> {
    let newest = shown_record(root, folder)?;
    match run {
        Some(run) if run != newest.run => earlier(folder, run),
        _ => Ok(newest),
    }
}

fn earlier(folder: &JobFolder, run: u32) -> Result<JobRecord, ServiceError> {
    let runs = folder.runs();
    let runs = runs.map_err(ServiceError::io("the job's runs can't be listed"))?;
    if !runs.contains(&run) {
        let runs: Vec<_> = runs.iter().map(u32::to_string).collect();
        return Err(ServiceError::Invalid(format!(
            "the job {} has no run {run}; it has {}",
            folder.id(),
            runs.join(", ")
        )));
    }
    let journal = folder.journal()?;
    let later = |event: &Event| matches!(event, Event::Restarted { run: begun } if *begun > run);
    let entries = journal.iter().take_while(|entry| !later(&entry.event));
    JobRecord::replay(folder.id(), entries).map_err(|illegal| {
        let source = std::io::Error::other(illegal);
        ServiceError::io(format!("the journal of {}", folder.id()))(source)
    })
}
