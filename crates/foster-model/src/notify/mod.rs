//! Whom a job tells of itself, and of what.

mod address;
mod rule;
mod sink;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{InvalidNotification, Secrets};
pub use rule::{
    DEFAULT_NOTIFY_INTERVAL, Frequency, LONGEST_PATTERN, MatchKind, MatchStream, OutputRule,
};
pub use sink::Sink;

/// How many sinks and how many rules a job may have each: a notifier tells them side by side.
pub const MOST_SINKS: usize = 16;

/// Whom a job tells of itself, and of what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notifications {
    /// Who is told that a run of the job is over.
    #[serde(default)]
    pub finish: Vec<Sink>,
    /// Of what in its output somebody is told.
    #[serde(default)]
    pub output: Vec<OutputRule>,
}

/// Which notifications are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotificationParts {
    /// Those of a run's end.
    pub finish: bool,
    /// Those of output.
    pub output: bool,
}

impl Notifications {
    /// Returns whether nobody is told of anything.
    pub fn is_empty(&self) -> bool {
        self.finish.is_empty() && self.output.is_empty()
    }

    /// Returns all sinks, those of the rules included.
    pub fn sinks(&self) -> impl Iterator<Item = &Sink> {
        let of_rules = self.output.iter().flat_map(|rule| &rule.sinks);
        self.finish.iter().chain(of_rules)
    }

    /// Takes some of them away.
    pub fn clear(&mut self, parts: NotificationParts) {
        if parts.finish {
            self.finish.clear();
        }
        if parts.output {
            self.output.clear();
        }
    }

    /// Returns the same as it may be shown: without masked values, and without what of an address
    /// may be a secret.
    #[must_use]
    pub fn concealed(&self, secrets: &Secrets) -> Self {
        let sinks = |sinks: &[Sink]| sinks.iter().map(|sink| sink.concealed(secrets)).collect();
        let rule = |rule: &OutputRule| OutputRule {
            pattern: secrets.conceal_text(&rule.pattern),
            sinks: sinks(&rule.sinks),
            ..rule.clone()
        };
        Self {
            finish: sinks(&self.finish),
            output: self.output.iter().map(rule).collect(),
        }
    }

    /// Returns why they can't be carried out, if they can't. Regular expressions are for those to
    /// check who look for them.
    ///
    /// # Errors
    /// Too many; an empty command, line, pattern or path; an address that is none; a rule without
    /// anybody to tell.
    pub fn check(&self) -> Result<(), InvalidNotification> {
        if self.finish.len() > MOST_SINKS || self.output.len() > MOST_SINKS {
            return Err(InvalidNotification::TooMany { most: MOST_SINKS });
        }
        for rule in &self.output {
            if rule.sinks.is_empty() {
                return Err(InvalidNotification::NoSink);
            }
            if rule.pattern.is_empty() {
                return Err(InvalidNotification::EmptyPattern);
            }
            if rule.pattern.len() > LONGEST_PATTERN || rule.sinks.len() > MOST_SINKS {
                return Err(InvalidNotification::TooLong {
                    most: LONGEST_PATTERN,
                });
            }
        }
        self.sinks().try_for_each(Sink::check)
    }
}
