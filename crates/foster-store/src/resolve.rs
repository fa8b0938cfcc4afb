use std::io;

use foster_model::{JobId, JobSelector};
use memchr::memmem;

use crate::index::row::id_in;
use crate::{IndexRow, OpenError, Root};

/// How many candidates an answer lists at most.
const MOST_CANDIDATES: usize = 20;

/// The text names no job, or more than one.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// There is no such job.
    #[error("no job is named {0:?}")]
    NotFound(String),
    /// Several jobs could be meant.
    #[error("{text:?} could be any of {} jobs", candidates.len())]
    Ambiguous {
        /// As typed.
        text: String,
        /// The newest 20 of them at most, newest first.
        candidates: Vec<JobId>,
    },
    /// A part of an id that is too short for a verb that ends or deletes.
    #[error("{0:?} is too short to name a job that is to be ended")]
    TooShort(String),
    /// The index or a folder could not be read.
    #[error("the jobs can't be looked through")]
    Io(#[from] io::Error),
}

/// What the index tells of a label.
#[derive(Default)]
struct Matches {
    /// Jobs of that name, newest first.
    named: Vec<IndexRow>,
    /// Jobs whose id begins or ends so, newest first.
    parts: Vec<JobId>,
}

impl Root {
    /// Returns the job that a caller means. With `ending` (verbs that end or delete), a part of an
    /// id has to have six characters; a name may have any length.
    ///
    /// A name goes before a part of an id. Of several jobs of one name, the only unfinished one is
    /// meant, or else the newest, if none is unfinished.
    pub fn resolve(&self, selector: &JobSelector, ending: bool) -> Result<JobId, ResolveError> {
        match selector {
            JobSelector::Id(id) if self.exists(*id)? => Ok(*id),
            JobSelector::Id(id) => Err(ResolveError::NotFound(id.to_string())),
            JobSelector::Newest(age) => self.newest(*age),
            JobSelector::Label { text } => self.labelled(text, ending),
        }
    }

    /// Returns whether the job has a folder; a damaged one counts.
    fn exists(&self, id: JobId) -> io::Result<bool> {
        match self.job(id) {
            Ok(_) | Err(OpenError::Damaged(_)) => Ok(true),
            Err(OpenError::NotFound { .. }) => Ok(false),
            Err(OpenError::Io { source, .. }) => Err(source),
        }
    }

    fn newest(&self, age: usize) -> Result<JobId, ResolveError> {
        let mut left = age;
        let mut rows = self.index().newest_first()?;
        while let Some(row) = rows.next_matching(|_| true)? {
            if self.exists(row.job_id)? {
                left = left.saturating_sub(1);
                if left == 0 {
                    return Ok(row.job_id);
                }
            }
        }
        Err(ResolveError::NotFound(format!("@{age}")))
    }

    fn labelled(&self, text: &str, ending: bool) -> Result<JobId, ResolveError> {
        let mut found = self.matches(text)?;
        if found.named.is_empty() && found.parts.is_empty() && self.index_lags()? {
            self.index().rebuild()?;
            found = self.matches(text)?;
        }
        if !found.named.is_empty() {
            return self.of_that_name(text, &found.named);
        }
        // What is no part of any id was meant as a name, which may be as short.
        let too_short = text.len() < JobSelector::SHORTEST_FOR_ENDING && !found.parts.is_empty();
        if ending && too_short {
            return Err(ResolveError::TooShort(text.to_owned()));
        }
        only(text, found.parts)
    }

    pub(crate) fn index_lags(&self) -> io::Result<bool> {
        Ok(self.index().count()? != self.job_ids()?.len() as u64)
    }

    fn matches(&self, text: &str) -> io::Result<Matches> {
        // A name has no character that JSON would write otherwise.
        let name = format!(r#","n":"{text}","#);
        let name = memmem::Finder::new(&name);
        let part = text.to_ascii_lowercase();
        let is_part = |id: &str| id.starts_with(&part) || id.ends_with(&part);
        let wanted =
            |record: &[u8]| id_in(record).is_some_and(is_part) || name.find(record).is_some();
        let mut matches = Matches::default();
        let mut rows = self.index().newest_first()?;
        while let Some(row) = rows.next_matching(wanted)? {
            let named = row.name.as_ref().is_some_and(|name| name.as_ref() == text);
            // One more than can be listed is enough to know that there are too many; each costs a
            // look at its folder.
            let part = matches.parts.len() <= MOST_CANDIDATES && is_part(&row.job_id.to_string());
            if !(named || part) || !self.exists(row.job_id)? {
                continue;
            }
            if part {
                matches.parts.push(row.job_id);
            }
            if named {
                matches.named.push(row);
            }
        }
        Ok(matches)
    }

    fn of_that_name(&self, text: &str, named: &[IndexRow]) -> Result<JobId, ResolveError> {
        let unfinished: Vec<JobId> = named
            .iter()
            .filter(|row| !self.is_over(row))
            .map(|row| row.job_id)
            .collect();
        match (unfinished.is_empty(), named.first()) {
            (true, Some(newest)) => Ok(newest.job_id),
            _ => only(text, unfinished),
        }
    }

    /// Asks the folder where the index says that a job is not over: the index may lag behind.
    fn is_over(&self, row: &IndexRow) -> bool {
        let in_folder = || self.job(row.job_id).ok()?.record().ok();
        row.state.is_final() || in_folder().is_some_and(|record| record.state.is_final())
    }
}

fn only(text: &str, mut candidates: Vec<JobId>) -> Result<JobId, ResolveError> {
    match candidates[..] {
        [] => Err(ResolveError::NotFound(text.to_owned())),
        [id] => Ok(id),
        _ => {
            candidates.truncate(MOST_CANDIDATES);
            Err(ResolveError::Ambiguous {
                text: text.to_owned(),
                candidates,
            })
        }
    }
}
