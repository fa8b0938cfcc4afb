use std::collections::BTreeMap;
use std::io;

use foster_model::{Event, JobId};
use foster_store::{Change, Changes, JobFolder, JournalPlace, JournalReader, OpenError, Root};

use super::Out;
use super::guards::Guards;
use super::network::shared_filesystem;
use crate::error::ServiceError;
use crate::reaching::sleep::Sleep;
use crate::showing::view::is_foreign;

/// Follows the journals of one job or of all.
///
/// A folder is watched before it is read, so nothing is missed between the two; a journal is read on
/// from where it was read up to, so nothing is told twice, however often a change is told of.
pub(super) struct Follower<'a, 'b> {
    sleep: Sleep<'a>,
    root: &'a Root,
    out: &'a mut Out<'b>,
    changes: Changes,
    guards: Guards,
    jobs: BTreeMap<JobId, Followed>,
    /// The job, if it is one alone.
    only: Option<JobId>,
}

/// How far a job has been followed.
enum Followed {
    /// It is not over. Its journal is held open, so that all of it is read also if it is deleted.
    Open(JournalReader),
    /// It is over, and costs no descriptor: its journal is opened again if something is written to it.
    Over(JournalPlace),
    /// Its journal can't be read, which was told.
    GivenUp,
}

impl<'a, 'b> Follower<'a, 'b> {
    /// Follows a job until it is over.
    pub fn of_one(
        sleep: Sleep<'a>,
        root: &'a Root,
        folder: &JobFolder,
        out: &'a mut Out<'b>,
    ) -> Result<Self, ServiceError> {
        let id = folder.id();
        let foreign = folder.definition().is_ok_and(|d| is_foreign(&d));
        if foreign && !folder.record()?.state.is_final() {
            return Err(ServiceError::Foreign(id));
        }
        let mut follower = Self::new(sleep.over(id), root, out, Some(id))?;
        follower.begin(id)?;
        Ok(follower)
    }

    /// Follows all jobs, also those that are made later.
    pub fn of_all(
        sleep: Sleep<'a>,
        root: &'a Root,
        out: &'a mut Out<'b>,
    ) -> Result<Self, ServiceError> {
        if let Some(kind) = shared_filesystem(root.path()) {
            let source = io::Error::new(io::ErrorKind::Unsupported, format!("it lies on {kind}"));
            let what = "other machines may write to the root unseen: follow one job";
            return Err(ServiceError::io(what)(source));
        }
        let mut follower = Self::new(sleep, root, out, None)?;
        let ids = follower.changes.watch_root(root).map_err(not_watched())?;
        for id in ids {
            follower.begin(id)?;
        }
        Ok(follower)
    }

    fn new(
        sleep: Sleep<'a>,
        root: &'a Root,
        out: &'a mut Out<'b>,
        only: Option<JobId>,
    ) -> Result<Self, ServiceError> {
        let changes = Changes::new().map_err(not_watched())?;
        Ok(Self {
            sleep,
            root,
            out,
            guards: Guards::new(&changes, sleep).map_err(not_watched())?,
            changes,
            jobs: BTreeMap::new(),
            only,
        })
    }

    /// Goes on until the job is over; for ever, if all are followed.
    pub fn run(mut self) -> Result<(), ServiceError> {
        while self.goes_on() {
            // What had happened by then was given out.
            self.sleep.go_on()?;
            for id in self.guards.wait().map_err(not_watched())? {
                self.renew_guard(id)?;
            }
            for change in self.changes.take(self.root).map_err(not_watched())? {
                match change {
                    Change::New(id) => self.begin(id)?,
                    Change::Written(id) => self.read(id)?,
                    Change::Gone(id) => self.end(id)?,
                    Change::Everything => self.look_at_everything()?,
                }
            }
        }
        Ok(())
    }

    fn goes_on(&self) -> bool {
        let open = |id| matches!(self.jobs.get(&id), Some(Followed::Open(_)));
        self.only.is_none_or(open)
    }

    /// Takes in a job, with what has happened to it so far.
    fn begin(&mut self, id: JobId) -> Result<(), ServiceError> {
        if self.jobs.contains_key(&id) {
            return self.read(id);
        }
        let folder = match self.root.job(id) {
            Err(OpenError::NotFound { .. }) if self.only.is_none() => return Ok(()),
            folder => folder,
        };
        let begun = folder.map_err(ServiceError::from).and_then(|folder| {
            self.changes.watch_job(&folder).map_err(not_watched())?;
            Ok(folder.journal_reader()?)
        });
        match begun {
            Ok(journal) => {
                self.jobs.insert(id, Followed::Open(journal));
                self.read(id)
            }
            Err(error) => self.give_up(id, error),
        }
    }

    /// Gives out what was written to the journal of a job since the last time.
    fn read(&mut self, id: JobId) -> Result<(), ServiceError> {
        let followed = self.jobs.remove(&id);
        let over = matches!(followed, Some(Followed::Over(_)));
        let journal = match followed {
            None => return Ok(()),
            Some(Followed::Open(journal)) => Ok(journal),
            Some(Followed::Over(place)) => match self.root.job(id) {
                // Its end is told next.
                Err(OpenError::NotFound { .. }) => return Ok(()),
                folder => folder
                    .map_err(ServiceError::from)
                    .and_then(|folder| Ok(folder.journal_reader_from(place)?)),
            },
            Some(Followed::GivenUp) => {
                self.jobs.insert(id, Followed::GivenUp);
                return Ok(());
            }
        };
        match journal.and_then(|journal| self.read_from(id, journal, over)) {
            Ok(followed) => {
                self.jobs.insert(id, followed);
                Ok(())
            }
            Err(error) => self.give_up(id, error),
        }
    }

    fn read_from(
        &mut self,
        id: JobId,
        mut journal: JournalReader,
        mut over: bool,
    ) -> Result<Followed, ServiceError> {
        let mut holders_changed = false;
        while let Some(entry) = journal.next()? {
            match &entry.event {
                Event::Finished { .. } => over = true,
                Event::Created {} | Event::Restarted { .. } => over = false,
                Event::Launched { .. } | Event::Supervision { .. } => holders_changed = true,
                _ => {}
            }
            self.out.give(id, entry)?;
        }
        if over {
            self.guards.drop(id);
            return Ok(Followed::Over(journal.place()));
        }
        if holders_changed {
            self.guards.renew(self.root, id)?;
        }
        Ok(Followed::Open(journal))
    }

    fn renew_guard(&mut self, id: JobId) -> Result<(), ServiceError> {
        match self.guards.renew(self.root, id) {
            Err(error) => self.give_up(id, error),
            Ok(()) => Ok(()),
        }
    }

    /// A job's folder was removed: what is left to be read of it is given out.
    fn end(&mut self, id: JobId) -> Result<(), ServiceError> {
        self.guards.drop(id);
        let mut was_over = true;
        if let Some(Followed::Open(mut journal)) = self.jobs.remove(&id) {
            was_over = false;
            while let Ok(Some(entry)) = journal.next() {
                was_over |= matches!(entry.event, Event::Finished { .. });
                self.out.give(id, entry)?;
            }
        }
        if self.only.is_some() && !was_over {
            return Err(OpenError::NotFound { id }.into());
        }
        Ok(())
    }

    fn look_at_everything(&mut self) -> Result<(), ServiceError> {
        let mut ids = match self.only {
            Some(id) => vec![id],
            None => self.root.job_ids().map_err(not_watched())?,
        };
        ids.reverse();
        for id in &ids {
            self.begin(*id)?;
        }
        let gone = |id: &JobId| matches!(self.root.job(*id), Err(OpenError::NotFound { .. }));
        let gone: Vec<_> = self.jobs.keys().copied().filter(gone).collect();
        for id in gone {
            self.end(id)?;
        }
        Ok(())
    }

    /// With one job that is the end; with all, the others go on.
    fn give_up(&mut self, id: JobId, error: ServiceError) -> Result<(), ServiceError> {
        self.guards.drop(id);
        let whole = matches!(error, ServiceError::Io { .. });
        if self.only.is_some() || whole {
            return Err(error);
        }
        self.jobs.insert(id, Followed::GivenUp);
        self.out.unreadable(id, &error)
    }
}

fn not_watched() -> impl FnOnce(io::Error) -> ServiceError {
    |error| {
        let what = match error.kind() {
            io::ErrorKind::StorageFull => {
                "more folders than may be watched (raise fs.inotify.max_user_watches)"
            }
            io::ErrorKind::Unsupported => "this system does not tell of changes in folders",
            _ => "the jobs can't be watched (see fs.inotify.max_user_instances)",
        };
        ServiceError::io(what)(error)
    }
}
