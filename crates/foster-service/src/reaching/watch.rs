use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use foster_model::control::{Message, Request};
use foster_model::{JobRecord, State};
use foster_process::ProcessRef;
use foster_store::{JobFolder, Root};
use foster_supervisor::{Client, ControlError, MOST_SUCCESSORS};

use crate::error::ServiceError;
use crate::reaching::holder::process;
use crate::reaching::lock::try_lock;
use crate::reaching::sleep::{Sleep, time_left};
use crate::showing::view::is_foreign;

/// Watches one job until it is over, whatever becomes of those who look after it.
pub(crate) struct Watcher<'a> {
    root: &'a Root,
    folder: &'a JobFolder,
    link: Link,
    wants_output: bool,
    /// How often the link broke before anything was heard over it.
    broken: u32,
}

enum Link {
    /// Nothing is known yet, or the one before has broken.
    None,
    /// The supervisor will tell.
    Supervisor(Client),
    /// It holds the lock and does not listen; its end will tell.
    Process(ProcessRef),
    /// The job is over.
    Over,
}

/// What a job is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Over.
    Over,
    /// Not over; nothing new until its descriptor is readable.
    Going,
}

impl<'a> Watcher<'a> {
    /// Returns a watcher that uses `client`, if there is one that watches already.
    pub fn new(root: &'a Root, folder: &'a JobFolder, client: Option<Client>) -> Self {
        let link = client.map_or(Link::None, Link::Supervisor);
        Self {
            root,
            folder,
            link,
            wants_output: false,
            broken: 0,
        }
    }

    /// Also wakes whenever output has come.
    pub fn with_output(mut self) -> Self {
        self.wants_output = true;
        self
    }

    /// Finds out how the job stands, without waiting. Where nobody looks after it any more, its
    /// record is brought up to the truth.
    pub fn look(&mut self) -> Result<Standing, ServiceError> {
        loop {
            match &mut self.link {
                Link::Over => return Ok(Standing::Over),
                Link::None => self.find_link()?,
                Link::Process(process) => {
                    if !process
                        .wait_ended(Some(Duration::ZERO))
                        .map_err(self.failed())?
                    {
                        return Ok(Standing::Going);
                    }
                    self.link = Link::None;
                }
                Link::Supervisor(client) => match client.take() {
                    Ok(Some(Message::Finished {})) => self.link = Link::Over,
                    Ok(Some(Message::Refused { code, message })) => {
                        return Err(ServiceError::Refused { code, message });
                    }
                    Ok(Some(_)) => self.broken = 0,
                    Ok(None) => return Ok(Standing::Going),
                    // Its keeper takes over and serves the same socket.
                    Err(ControlError::HungUp { .. }) if self.broken < MOST_SUCCESSORS => {
                        self.broken += 1;
                        self.link = Link::None;
                    }
                    Err(error) => return Err(error.into()),
                },
            }
        }
    }

    /// Returns the descriptor that tells of news; `None` when the job is over.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match &self.link {
            Link::Supervisor(client) => Some(client.as_fd()),
            Link::Process(process) => Some(process.as_fd()),
            Link::None | Link::Over => None,
        }
    }

    fn find_link(&mut self) -> Result<(), ServiceError> {
        let record = settled_record(self.root, self.folder)?;
        if record.state.is_final() {
            self.link = Link::Over;
            return Ok(());
        }
        if let Ok(mut client) = Client::connect(self.folder) {
            let output = self.wants_output;
            match client.send(&Request::Watch { output }) {
                Ok(()) => self.link = Link::Supervisor(client),
                // It died between the two; its keeper listens on the same socket.
                Err(ControlError::HungUp { .. }) if self.broken < MOST_SUCCESSORS => {
                    self.broken += 1;
                }
                Err(error) => return Err(error.into()),
            }
            return Ok(());
        }
        // Whoever starts or recovers it just now has the turn as long.
        drop(self.folder.wait_turn().map_err(self.failed())?);
        // The end may have come between the two looks.
        let record = settled_record(self.root, self.folder)?;
        self.link = match record.supervisor.or(record.keeper) {
            _ if record.state.is_final() => Link::Over,
            None => return Err(ServiceError::NotStarted(self.folder.id())),
            // It may listen by now, or be gone, and its lock with it.
            Some(_) if self.broken < MOST_SUCCESSORS => {
                self.broken += 1;
                Link::None
            }
            Some(identity) => Link::Process(process(identity).map_err(self.failed())?),
        };
        Ok(())
    }

    fn failed(&self) -> impl FnOnce(std::io::Error) -> ServiceError + use<> {
        ServiceError::io(format!("the job {} can't be watched", self.folder.id()))
    }
}

/// Waits until one of them (`any`), or all, are over, or the deadline has come. Returns whether it
/// was the former.
///
/// # Errors
/// One of them can't be watched, or the caller has interrupted it.
pub(crate) fn wait_for(
    sleep: Sleep<'_>,
    watchers: &mut [Watcher<'_>],
    any: bool,
    deadline: Option<Instant>,
) -> Result<bool, ServiceError> {
    let sleep = match watchers {
        [alone] => sleep.over(alone.folder.id()),
        _ => sleep,
    };
    loop {
        let mut over = 0;
        for watcher in watchers.iter_mut() {
            over += usize::from(watcher.look()? == Standing::Over);
        }
        if over == watchers.len() || (any && over > 0) {
            return Ok(true);
        }
        let left = time_left(deadline);
        if left == Some(Duration::ZERO) {
            return Ok(false);
        }
        let descriptors: Vec<_> = watchers.iter().filter_map(Watcher::descriptor).collect();
        let what = "the jobs can't be watched";
        sleep.until(&descriptors, left.unwrap_or(Duration::MAX), what)?;
    }
}

/// Returns the job's record as it is true: one that nobody looks after any more is recovered first.
///
/// A job of another machine is returned as its files tell it, but may not be waited for.
pub(crate) fn settled_record(root: &Root, folder: &JobFolder) -> Result<JobRecord, ServiceError> {
    let record = folder.record()?;
    if record.state.is_final() {
        return Ok(record);
    }
    // One whose definition can't be read is judged by its lock: whoever holds it can be asked.
    if folder
        .definition()
        .is_ok_and(|definition| is_foreign(&definition))
    {
        return Err(ServiceError::Foreign(folder.id()));
    }
    // A definition needs nobody, unless somebody has begun to launch it, or the journal knows of a launch
    // that its state has missed.
    let never_begun = || folder.replay().is_ok_and(|told| is_only_defined(&told));
    if is_only_defined(&record) && !folder.has_socket() && never_begun() {
        return Ok(record);
    }
    // Asking leaves the lock alone: one that is taken only to look would make others believe that
    // somebody looks after the job.
    let held = folder.lock_is_held();
    if held.map_err(ServiceError::io("the job's lock can't be read"))? {
        return Ok(record);
    }
    match try_lock(folder)? {
        Some((_turn, lock)) => Ok(foster_supervisor::recover(root, folder, &lock)?.record),
        // Somebody else was quicker, to recover it or to start it.
        None => Ok(folder.record()?),
    }
}

/// Returns the record for a verb that only shows: a foreign job is shown as its files tell it.
pub(crate) fn shown_record(root: &Root, folder: &JobFolder) -> Result<JobRecord, ServiceError> {
    match settled_record(root, folder) {
        Err(ServiceError::Foreign(_)) => Ok(folder.record()?),
        result => result,
    }
}

/// Returns whether nobody has to look after the job: it is over, or has not begun.
pub(crate) fn is_settled(record: &JobRecord) -> bool {
    record.state.is_final() || is_only_defined(record)
}

/// Returns whether a job was defined and never launched.
pub(crate) fn is_only_defined(record: &JobRecord) -> bool {
    record.state == State::Created && record.keeper.is_none()
}
