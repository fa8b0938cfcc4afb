use std::time::{Duration, Instant};

use foster_model::control::{Message, Request};
use foster_model::{Amendment, Definition, Event, Secrets};
use foster_store::{JobFolder, Lock, Root};
use foster_supervisor::{AmendError, Amended, Client, ControlError, History, tell_of_the_end};

use crate::error::ServiceError;
use crate::reaching::holder::wait_for_holder;
use crate::reaching::lock::{try_lock, wait_turn};
use crate::reaching::watch::settled_in_turn;
use crate::showing::view::is_foreign;

/// How long a supervisor is given to write a change down.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often somebody is sought who can write it down.
const ATTEMPTS: u32 = 8;

/// Changes a job's definition through whoever may write it: its supervisor, or this process, if
/// nobody looks after the job. `secrets` are concealed in what is written down. Returns the definition as it is then.
pub(crate) fn amend(
    root: &Root,
    folder: &JobFolder,
    change: &Amendment,
    secrets: &Secrets,
) -> Result<Definition, ServiceError> {
    if is_foreign(&folder.definition()?) {
        return Err(ServiceError::Foreign(folder.id()));
    }
    let turn = wait_turn(folder)?;
    let deadline = Instant::now() + PATIENCE;
    for _ in 0..ATTEMPTS {
        let record = settled_in_turn(root, folder, &turn)?;
        if let Ok(client) = Client::connect(folder) {
            match told(client, change, deadline) {
                // Its successor serves the same socket, or it was over.
                Err(ServiceError::Control(ControlError::HungUp { .. })) => {}
                result => return result.and_then(|()| Ok(folder.definition()?)),
            }
        }
        match try_lock(folder)? {
            Some(lock) => return amend_locked(root, folder, &lock, change, secrets),
            None => drop(wait_for_holder(&record, deadline)?),
        }
    }
    let job_id = folder.id();
    Err(ControlError::HungUp { job_id }.into())
}

fn told(mut client: Client, change: &Amendment, deadline: Instant) -> Result<(), ServiceError> {
    let change = change.clone();
    client.send(&Request::Amend { change })?;
    loop {
        match client.next(Some(deadline))? {
            Some(Message::Amended {}) => return Ok(()),
            Some(Message::Refused { code, message }) => {
                return Err(ServiceError::Refused { code, message });
            }
            Some(_) => {}
            None => {
                let job_id = client.job_id();
                return Err(ControlError::Silent { job_id }.into());
            }
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
    history.save(folder);
    history.update_index(root, folder, &definition);
    if tell {
        tell_of_the_end(root, folder, &definition, history.record());
    }
    Ok(definition)
}
