use std::io;

use foster_model::JobId;

use crate::dir::Dir;
use crate::removing::removal::GONE;
use crate::{Lock, Problem, Removal, Root};

/// What a sweep has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many folders were removed.
    pub removed: u64,
    /// How many can't be, or are being removed by somebody.
    pub left: u64,
    /// How many bytes of disk were given back.
    pub freed_bytes: u64,
}

impl Root {
    /// Removes what removals that were cut short have left.
    pub fn sweep_gone(&self) -> io::Result<Swept> {
        let mut swept = Swept::default();
        self.for_each_entry(|day, name| {
            let id = name
                .strip_prefix(GONE)
                .and_then(|rest| rest.get(..JobId::LENGTH));
            let Some(id) = id.and_then(|id| id.parse::<JobId>().ok()) else {
                return;
            };
            match self.sweep_one(day, name, id) {
                Some(freed) => {
                    swept.removed += 1;
                    swept.freed_bytes += freed;
                }
                None => swept.left += 1,
            }
        })?;
        Ok(swept)
    }

    fn sweep_one(&self, day: &Dir, name: &str, id: JobId) -> Option<u64> {
        let lock = match day.subdir(name).map(|dir| Lock::take(&dir)) {
            Ok(Ok(None)) => return None,
            Ok(Ok(lock)) => lock,
            // Whatever stands in the lock's place, or in the folder's: nobody can hold it.
            Ok(Err(_)) | Err(_) => None,
        };
        let unlisted = day.stat(&id.to_string()).is_err();
        let day = day.try_clone().ok()?;
        let removal = Removal::resumed(self.clone(), id, day, name, unlisted, lock);
        removal.finish().ok()
    }

    /// Calls `visit` with every name in every day's folder.
    pub(crate) fn for_each_entry(&self, mut visit: impl FnMut(&Dir, &str)) -> io::Result<()> {
        let jobs = match self.dir()?.subdir("jobs") {
            Ok(jobs) => jobs,
            Err(damage) if matches!(damage.problem, Problem::Missing) => return Ok(()),
            Err(damage) => return Err(damage.into()),
        };
        for day in jobs.names()? {
            let Ok(day) = jobs.subdir(&day) else { continue };
            for name in day.names()? {
                visit(&day, &name);
            }
        }
        Ok(())
    }
}
