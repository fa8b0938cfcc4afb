use std::io;
use std::os::fd::AsFd as _;
use std::path::PathBuf;

use foster_model::JobId;

use crate::dir::Dir;
use crate::removing::tree_removal::{TreeRemoval, blocks, given_back};
use crate::{DamageError, JobFolder, Lock, Problem, Root, lock};

/// What the name of a folder begins with that is being removed. No id does.
pub(crate) const GONE: &str = ".gone-";
/// How many folders of one id may lie about half removed.
const MOST_GONE: u32 = 10;
/// How often a folder is emptied anew into which somebody goes on putting things.
const ATTEMPTS: u32 = 8;

/// A job can't be removed.
#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    /// It is not there, or somebody else has removed it.
    #[error("there is no job {id}")]
    NotFound {
        /// The job.
        id: JobId,
    },
    /// The system refused. What is left bears a name that no job has, and is removed by the next
    /// [`Root::sweep_gone`].
    #[error("{} can't be removed", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// A job that is being taken out of the root, step by step.
///
/// First its row is marked, so that listings, which else read nothing but rows, ask for its folder. Then that gets a name that no job has: from that moment it is not found any more, and
/// whoever dies at any later step leaves nothing but waste, which [`Root::sweep_gone`] takes away.
/// Then its row goes; then what is in the folder, the folder, and
/// the folder of its day, if that is empty.
#[derive(Debug)]
pub struct Removal {
    root: Root,
    id: JobId,
    day: Dir,
    name: String,
    next: Step,
    attempts: u32,
    freed: u64,
    /// Held to the end: who sweeps leaves alone what is locked.
    lock: Option<Lock>,
}

#[derive(Debug)]
enum Step {
    Mark,
    Rename,
    Unlist,
    Open,
    Empty(Dir, TreeRemoval),
    RemoveFolder(u64),
    RemoveDay,
    Done,
}

impl Root {
    /// Begins to remove a job. `lock` is its lock, which is held to the end; `None` only where there
    /// is no lock that anybody could hold. Nothing has happened when this returns.
    pub fn removal(&self, id: JobId, lock: Option<Lock>) -> Result<Removal, RemovalError> {
        let day = self.day(id).map_err(|damage| match damage.problem {
            Problem::Missing => RemovalError::NotFound { id },
            _ => self.unremovable(id)(damage.into()),
        })?;
        Ok(Removal {
            root: self.clone(),
            id,
            day,
            name: id.to_string(),
            next: Step::Mark,
            attempts: 0,
            freed: 0,
            lock,
        })
    }

    fn day(&self, id: JobId) -> Result<Dir, DamageError> {
        let root = self.dir().map_err(|error| DamageError {
            path: self.path().to_owned(),
            problem: error.into(),
        })?;
        root.subdir("jobs")?.subdir(&id.day())
    }

    fn unremovable(&self, id: JobId) -> impl FnOnce(io::Error) -> RemovalError + use<> {
        let path = self.job_path(id);
        move |source| RemovalError::Io { path, source }
    }
}

impl Removal {
    /// Goes on with one that was cut short. `unlist` unless another folder bears the id again.
    pub(crate) fn resumed(
        root: Root,
        id: JobId,
        day: Dir,
        gone: &str,
        unlist: bool,
        lock: Option<Lock>,
    ) -> Self {
        let next = if unlist { Step::Unlist } else { Step::Open };
        Self {
            root,
            id,
            day,
            name: gone.to_owned(),
            next,
            attempts: 0,
            freed: 0,
            lock,
        }
    }

    /// Does the next step. Returns whether there is another.
    ///
    /// # Errors
    ///
    /// [`RemovalError::NotFound`] where somebody else was quicker.
    pub fn step(&mut self) -> Result<bool, RemovalError> {
        let next = std::mem::replace(&mut self.next, Step::Done);
        let path = self.day.path().join(&self.name);
        let failed = |source| RemovalError::Io { path, source };
        self.next = match next {
            Step::Rename => return self.rename().map(|()| true),
            other => self.go_on(other).map_err(failed)?,
        };
        Ok(!matches!(self.next, Step::Done))
    }

    /// Does all steps, and returns how many bytes of disk were given back.
    ///
    /// # Errors
    ///
    /// As [`Removal::step`].
    pub fn finish(mut self) -> Result<u64, RemovalError> {
        while self.step()? {}
        Ok(self.freed)
    }

    fn go_on(&mut self, step: Step) -> io::Result<Step> {
        Ok(match step {
            Step::Mark => {
                // A cache: who dies before the row goes leaves one that is shown until a sweep.
                let _ = self.root.index().mark_leaving(self.id);
                foster_fault::step("store.removal.marked");
                Step::Rename
            }
            Step::Unlist => {
                // A cache: a row that stays is found to be nobody's, and goes with the next sweep.
                let _ = self.root.index().remove(self.id);
                foster_fault::step("store.removal.unlisted");
                Step::Open
            }
            Step::Open => self.open()?,
            Step::Empty(dir, mut tree) => {
                foster_fault::attempt("store.removal.unlink")?;
                if tree.step()? {
                    return Ok(Step::Empty(dir, tree));
                }
                self.freed += tree.freed();
                Step::RemoveFolder(blocks(&rustix::fs::fstat(&dir)?))
            }
            Step::RemoveFolder(bytes) => self.remove_folder(bytes)?,
            Step::RemoveDay => {
                self.remove_day();
                Step::Done
            }
            Step::Rename | Step::Done => Step::Done,
        })
    }

    fn rename(&mut self) -> Result<(), RemovalError> {
        let own = self.id.to_string();
        for number in 0..MOST_GONE {
            let gone = match number {
                0 => format!("{GONE}{own}"),
                _ => format!("{GONE}{own}-{number}"),
            };
            let allowed = foster_fault::attempt("store.removal.rename");
            match allowed.and_then(|()| self.day.rename_new(&own, &gone)) {
                Ok(()) => {
                    foster_fault::step("store.removal.renamed");
                    self.name = gone;
                    self.next = Step::Unlist;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(RemovalError::NotFound { id: self.id });
                }
                Err(error) => return Err(self.root.unremovable(self.id)(error)),
            }
        }
        Err(self.root.unremovable(self.id)(
            io::ErrorKind::AlreadyExists.into(),
        ))
    }

    fn open(&mut self) -> io::Result<Step> {
        match self.day.subdir(&self.name) {
            Ok(dir) => {
                let tree = TreeRemoval::new(dir.as_fd(), lock::NAME)?;
                Ok(Step::Empty(dir, tree))
            }
            Err(damage) => match damage.problem {
                Problem::Missing => Ok(Step::RemoveDay),
                // A link or a file stood in the folder's place: it goes, and nothing behind it.
                Problem::NotDirectory => {
                    self.freed += self.day.raw_stat(&self.name).map_or(0, |s| given_back(&s));
                    self.day.unlink(&self.name)?;
                    Ok(Step::RemoveDay)
                }
                _ => Err(damage.into()),
            },
        }
    }

    fn remove_folder(&mut self, bytes: u64) -> io::Result<Step> {
        foster_fault::attempt("store.removal.folder")?;
        match self.day.remove_subdir(&self.name) {
            Ok(()) => self.freed += bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error)
                if error.kind() == io::ErrorKind::DirectoryNotEmpty && self.attempts < ATTEMPTS =>
            {
                self.attempts += 1;
                return Ok(Step::Open);
            }
            Err(error) => return Err(error),
        }
        Ok(Step::RemoveDay)
    }

    /// That it is not empty is the usual case. Who makes a job in it just now makes it again.
    fn remove_day(&mut self) {
        foster_fault::step("store.removal.folder_gone");
        self.lock = None;
        if let Ok(jobs) = self.root.dir().and_then(|root| Ok(root.subdir("jobs")?)) {
            let _ = jobs.remove_subdir(&self.id.day());
        }
    }
}

impl JobFolder {
    /// Returns whether the folder still bears its name: one that is being removed does not.
    pub fn is_in_place(&self) -> io::Result<bool> {
        let own = rustix::fs::fstat(self.dir())?;
        // From the descriptor, not by the path: the root may have been moved.
        match self.files().raw_stat(&format!("../{}", self.id())) {
            Ok(named) => Ok((named.st_dev, named.st_ino) == (own.st_dev, own.st_ino)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}
