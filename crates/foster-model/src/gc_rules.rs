use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{JobId, Time};

/// Which finished jobs may go. Each rule works alone, and a job goes if one of them says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GcRules {
    /// Those that have been over for longer than this, in milliseconds; `null` for none.
    #[serde(rename = "older_than_ms", with = "crate::definition::optional_ms")]
    #[schemars(with = "Option<u64>")]
    pub older_than: Option<Duration>,
    /// The oldest of more than so many finished jobs; `null` for none.
    pub max_jobs: Option<u64>,
    /// The oldest, until the folders of finished jobs take no more than so many bytes of disk;
    /// `null` for none.
    pub max_bytes: Option<u64>,
}

/// A rule by which a job goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GcRule {
    /// It has been over for longer than was allowed.
    OlderThan,
    /// There were too many.
    MaxJobs,
    /// They took too much of the disk.
    MaxBytes,
}

impl GcRule {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OlderThan => "older_than",
            Self::MaxJobs => "max_jobs",
            Self::MaxBytes => "max_bytes",
        }
    }
}

/// A job that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinishedJob {
    /// The job.
    pub job_id: JobId,
    /// When it was over.
    pub finished_at: Time,
    /// What its folder takes on disk. Only [`GcRules::max_bytes`] asks for it.
    pub bytes: u64,
}

impl GcRules {
    /// Rules by which nothing goes.
    pub const NONE: Self = Self {
        older_than: None,
        max_jobs: None,
        max_bytes: None,
    };

    /// Returns whether nothing can go by these rules.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// Returns the age that a job has reached which this rule chose; `None` if its age was no matter.
    pub fn age(&self, rule: GcRule) -> Option<Duration> {
        self.older_than.filter(|_| rule == GcRule::OlderThan)
    }

    /// Returns the moment before which a job must have been over to be too old.
    pub fn cutoff(&self, now: Time) -> Option<Time> {
        let age = i64::try_from(self.older_than?.as_millis()).unwrap_or(i64::MAX);
        Some(Time::from_unix_ms(now.unix_ms().saturating_sub(age)))
    }

    /// Returns which of the finished jobs go, and by which rule, the one that was over first first.
    /// A job that is given twice counts once.
    pub fn choose(&self, mut finished: Vec<FinishedJob>, now: Time) -> Vec<(FinishedJob, GcRule)> {
        finished.sort_by_key(|job| (job.finished_at, job.job_id));
        finished.dedup_by_key(|job| job.job_id);
        let cutoff = self.cutoff(now);
        let too_old = finished.partition_point(|job| cutoff.is_some_and(|c| job.finished_at < c));
        let too_many = self.max_jobs.map_or(too_old, |most| {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            finished.len().saturating_sub(most).max(too_old)
        });
        let too_much = self.max_bytes.map_or(too_many, |most| {
            let mut left: u64 = finished[too_many..].iter().map(|job| job.bytes).sum();
            let over = finished[too_many..].iter().take_while(|job| {
                let goes = left > most;
                left = left.saturating_sub(job.bytes);
                goes
            });
            too_many + over.count()
        });
        finished.truncate(too_much);
        let rule = |at: usize| match at {
            _ if at < too_old => GcRule::OlderThan,
            _ if at < too_many => GcRule::MaxJobs,
            _ => GcRule::MaxBytes,
        };
        let chosen = finished.into_iter().enumerate();
        chosen.map(|(at, job)| (job, rule(at))).collect()
    }
}

impl Default for GcRules {
    /// Returns the rules where nobody gave any: what has been over for 30 days goes.
    fn default() -> Self {
        Self {
            older_than: Some(Duration::from_hours(30 * 24)),
            ..Self::NONE
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn job(number: u32, bytes: u64) -> FinishedJob {
        FinishedJob {
            job_id: JobId::from_parts(u64::from(number), 1),
            finished_at: Time::from_unix_ms(i64::from(number)),
            bytes,
        }
    }

    fn chosen(rules: GcRules, jobs: Vec<FinishedJob>, now: i64) -> Vec<(i64, &'static str)> {
        let chosen = rules.choose(jobs, Time::from_unix_ms(now));
        let shown = chosen
            .iter()
            .map(|(job, rule)| (job.finished_at.unix_ms(), rule.as_str()));
        shown.collect()
    }

    #[test]
    fn each_rule_works_alone() {
        let jobs = || [3, 1, 4, 2, 5].map(|number| job(number, 10)).to_vec();
        let age = GcRules {
            older_than: Some(Duration::from_millis(7)),
            ..GcRules::NONE
        };
        assert_eq!(
            chosen(age, jobs(), 10),
            [(1, "older_than"), (2, "older_than")]
        );
        let count = GcRules {
            max_jobs: Some(3),
            ..GcRules::NONE
        };
        assert_eq!(
            chosen(count, jobs(), 10),
            [(1, "max_jobs"), (2, "max_jobs")]
        );
        let size = GcRules {
            max_bytes: Some(35),
            ..GcRules::NONE
        };
        assert_eq!(
            chosen(size, jobs(), 10),
            [(1, "max_bytes"), (2, "max_bytes")]
        );
        assert_eq!(chosen(GcRules::NONE, jobs(), 10), []);
        assert!(GcRules::NONE.is_empty() && !GcRules::default().is_empty());
    }

    #[test]
    fn together_the_first_that_says_so_is_told() {
        let all = GcRules {
            older_than: Some(Duration::from_millis(8)),
            max_jobs: Some(3),
            max_bytes: Some(25),
        };
        let jobs = (1..=5).map(|number| job(number, 10)).collect();
        let expected = [(1, "older_than"), (2, "max_jobs"), (3, "max_bytes")];
        assert_eq!(chosen(all, jobs, 10), expected);
    }

    proptest! {
        #[test]
        fn what_stays_keeps_every_rule_and_is_the_youngest(
            jobs in prop::collection::vec((0u32..50, 0u64..100), 0..40),
            age in prop::option::of(0u64..60),
            max_jobs in prop::option::of(0u64..40),
            max_bytes in prop::option::of(0u64..2000),
        ) {
            let rules = GcRules { older_than: age.map(Duration::from_millis), max_jobs, max_bytes };
            let mut jobs: Vec<_> = jobs.into_iter().map(|(number, bytes)| job(number, bytes)).collect();
            let now = Time::from_unix_ms(50);
            let gone = rules.choose(jobs.clone(), now);
            jobs.sort_by_key(|job| job.finished_at);
            jobs.dedup_by_key(|job| job.job_id);
            let kept = &jobs[gone.len()..];
            prop_assert!(gone.iter().zip(&jobs).all(|((gone, _), job)| gone.job_id == job.job_id));
            prop_assert!(rules.cutoff(now).is_none_or(|c| kept.iter().all(|job| job.finished_at >= c)));
            prop_assert!(max_jobs.is_none_or(|most| kept.len() as u64 <= most));
            prop_assert!(max_bytes.is_none_or(|most| kept.iter().map(|job| job.bytes).sum::<u64>() <= most));
        }
    }
}
