use std::time::{Duration, Instant};

use foster_model::control::{Message, Request};
use foster_model::{Amendment, Definition, Event, Secrets};
use foster_store::{JobFolder, Lock, Root};
use foster_supervisor::{AmendError, Amended, Client, ControlError, History, tell_of_the_end};

use crate::error::ServiceError;
use crate::reaching::holder::wait_for_holder;
use crate::reaching::lock::try_lock;
use crate::reaching::sleep::Sleep;
use crate::reaching::watch::{is_settled, settled_record};
use crate::showing::view::is_foreign;

/// How long a supervisor is given to write a change down.
const PATIENCE: Duration = Duration::from_secs(10);

/// Changes a job's definition through whoever may write it: its supervisor, or this process, if
/// nobody looks after the job. `secrets` are concealed in what is written down. Returns the definition as it is then.
pub(crate) fn amend(
    sleep: Sleep<'_>,
    root: &Root,
    folder: &JobFolder,
    change: &Amendment,
    secrets: &Secrets,
) -> Result<Definition, ServiceError> {
    if is_foreign(&folder.definition()?) {
        return Err(ServiceError::Foreign(folder.id()));
    }
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let record = settled_record(root, folder)?;
        if let Ok(client) = Client::connect(folder) {
            match told(sleep, client, change, deadline) {
                // Its successor serves the same socket, or it was over.
                Err(ServiceError::Control(ControlError::HungUp { .. })) => {}
                result => return result.and_then(|()| Ok(folder.definition()?)),
            }
        }
        match try_lock(folder)? {
            Some((_turn, lock)) if is_settled(&folder.record()?) => {
                return amend_locked(root, folder, &lock, change, secrets);
            }
            // Whoever looked after it died just now: the next look recovers it.
            Some(_) => {}
            None => drop(wait_for_holder(sleep, &record, deadline)?),
        }
    }
    let job_id = folder.id();
    Err(ControlError::HungUp { job_id }.into())
}

fn told(
    sleep: Sleep<'_>,
    mut client: Client,
    change: &Amendment,
    deadline: Instant,
) -> Result<(), ServiceError> {
    let change = change.clone();
    client.send(&Request::Amend { change })?;
    loop {
        match sleep.demand(&mut client, deadline)? {
            Message::Amended {} => return Ok(()),
            Message::Refused { code, message } => {
                return Err(ServiceError::Refused { code, message });
            }
            _ => {}
        }
    }
}

fn amend_locked(
    root: &Root,
    folder: &JobFolder,
    _lock: &Lock,
    change: &Amendment,
    secrets: &Secrets,
) -> Result<Definition, ServiceError> {
    let failed = || ServiceError::io("the definition can't be written");
    let mut history = History::open(folder)
        .map_err(std::io::Error::other)
        .map_err(failed())?;
    let before = folder.definition()?;
    let amended = foster_supervisor::amend(folder, &before, history.record(), change, secrets);
    let amended = amended.map_err(|error| match error {
        AmendError::Telling => ServiceError::State {
            job_id: folder.id(),
            message: error.to_string(),
        },
        AmendError::Io(source) => failed()(source),
    })?;
    let Amended {
        definition,
        change,
        tell,
    } = amended;
    history.note(Event::Amended { change, by: None });
    history.close(folder);
    history.update_index(root, folder, &definition);
    if tell {
        tell_of_the_end(root, folder, &definition, history.record());
    }
    Ok(definition)
}
