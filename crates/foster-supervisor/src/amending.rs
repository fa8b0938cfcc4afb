use std::io;

use foster_model::{
    Amendment, CompletionFile, Definition, FinishEvent, JobRecord, Notifications, PrivateValues,
    Secrets,
};
use foster_store::{JobFolder, Stream};

/// Why a definition could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum AmendError {
    /// The run is over, and is being told of just now.
    #[error("the end of its last run is just being told: try again later")]
    Telling,
    /// A file could not be read or written.
    #[error("the definition can't be written")]
    Io(#[from] io::Error),
}

/// A definition that was changed.
#[derive(Debug)]
pub struct Amended {
    /// As it is now.
    pub definition: Definition,
    /// The change, fit to be written down.
    pub change: Amendment,
    /// Whether the job is over and somebody is to be told of that now.
    pub tell: bool,
}

/// Changes a job's definition on disk. To be called by the lock's holder only, who notes it then.
///
/// What an answer may not show of it goes to the private values. Where the job is over, sinks that
/// are given now are to be told of its last run at once.
pub fn amend(
    folder: &JobFolder,
    definition: &Definition,
    record: &JobRecord,
    change: &Amendment,
    secrets: &Secrets,
) -> Result<Amended, AmendError> {
    let mut amended = definition.clone();
    let shown = change.concealed(secrets);
    shown.apply(&mut amended);
    let tell = match change {
        Amendment::Notify { .. } | Amendment::Unnotify { .. } => {
            demand_quiet(folder, record)?;
            keep_private(folder, definition, &amended, change)?;
            let over = record.state.is_final();
            over && matches!(change, Amendment::Notify { notify } if !notify.finish.is_empty())
        }
        Amendment::Tags { .. } | Amendment::Timeout { .. } => false,
    };
    folder.write_definition(&amended)?;
    if tell {
        write_end(folder, &amended, record)?;
    }
    Ok(Amended {
        definition: amended,
        change: shown,
        tell,
    })
}

/// Returns whom a job tells, as it is and not as it is shown.
pub fn notifications(folder: &JobFolder, definition: &Definition) -> io::Result<Notifications> {
    let private = folder.private_values()?;
    Ok(private.map_or_else(|| definition.notify.clone(), |private| private.notify))
}

/// Writes down that a run is over, for the notifier. Only once it is whole the notifier is woken.
pub(crate) fn write_end(
    folder: &JobFolder,
    definition: &Definition,
    record: &JobRecord,
) -> io::Result<()> {
    let path = |stream| folder.log_path(record.run, stream);
    let logs = Stream::ALL.map(|stream| path(stream).to_string_lossy().into_owned());
    folder.run(record.run)?.write_completion(&CompletionFile {
        event: FinishEvent::new(definition, record, logs),
        delivered: definition.notify.finish.is_empty(),
        delivery_results: Vec::new(),
    })
}

/// The notifier of a run that is over owns the record of its end.
fn demand_quiet(folder: &JobFolder, record: &JobRecord) -> Result<(), AmendError> {
    let run = folder.run(record.run).map_err(io::Error::from)?;
    if !record.state.is_final() || !run.is_notifying()? {
        return Ok(());
    }
    let completion = run.completion().map_err(io::Error::from)?;
    if completion.is_some_and(|completion| completion.delivered) {
        return Ok(run.wait_for_notifier()?);
    }
    Err(AmendError::Telling)
}

fn keep_private(
    folder: &JobFolder,
    before: &Definition,
    after: &Definition,
    change: &Amendment,
) -> io::Result<()> {
    let known = folder.private_values()?;
    let mut private = match &known {
        Some(private) => private.clone(),
        None => PrivateValues::shown(before),
    };
    change.apply_to_notifications(&mut private.notify);
    let apart = known.is_some() || private.notify != after.notify;
    if apart {
        folder.write_private_values(Some(&private))?;
    }
    Ok(())
}
