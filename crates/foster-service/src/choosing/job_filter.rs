use foster_model::{Cause, JobName, State, TagPattern, Time};
use foster_store::{IndexRow, Sieve};

use crate::choosing::name_pattern::NamePattern;

/// Which jobs are meant: those that all of this fits.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// In one of these states; in any, if empty.
    pub states: Vec<State>,
    /// Over for one of these causes; for any, or not over, if empty.
    pub causes: Vec<Cause>,
    /// Bearing a tag for each of these.
    pub tags: Vec<TagPattern>,
    /// Of this group.
    pub group: Option<JobName>,
    /// With a name like this.
    pub name: Option<NamePattern>,
    /// Created then or later.
    pub since: Option<Time>,
    /// Created then or before.
    pub until: Option<Time>,
    /// With this text in the command, its words joined by spaces.
    pub command: Option<String>,
}

impl JobFilter {
    /// Returns what holds back rows that can't be meant.
    pub(crate) fn sieve(&self) -> Sieve {
        let mut sieve = Sieve::default().states(&self.states).causes(&self.causes);
        for tag in &self.tags {
            sieve = sieve.tag(tag);
        }
        if let Some(group) = &self.group {
            sieve = sieve.group(group);
        }
        if let Some(name) = &self.name {
            sieve = sieve.name_begins(name.beginning());
        }
        match &self.command {
            Some(text) => sieve.command_holds(text),
            None => sieve,
        }
    }

    /// Returns whether the job's definition is meant. The row has to be complete.
    pub(crate) fn takes(&self, row: &IndexRow) -> bool {
        let bears = |pattern: &TagPattern| row.tags.iter().any(|tag| pattern.takes(tag));
        let name = row.name.as_ref().map(AsRef::as_ref);
        let named = |pattern: &NamePattern| name.is_some_and(|name| pattern.takes(name));
        let group = |group| row.group.as_ref() == Some(group);
        self.tags.iter().all(bears)
            && self.name.as_ref().is_none_or(named)
            && self.group.as_ref().is_none_or(group)
            && self.since.is_none_or(|since| row.created_at >= since)
            && self.until.is_none_or(|until| row.created_at <= until)
            && self
                .command
                .as_ref()
                .is_none_or(|text| row.command.contains(text))
    }

    /// Returns whether a job that stands so is meant.
    pub(crate) fn takes_standing(&self, state: State, cause: Option<Cause>) -> bool {
        let caused = |cause| self.causes.contains(&cause);
        (self.states.is_empty() || self.states.contains(&state))
            && (self.causes.is_empty() || cause.is_some_and(caused))
    }
}
