use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Definition, NotificationParts, Notifications, Secrets, Tag};

/// A change of a job's definition after it was made. Whoever holds the job's lock carries it out:
/// the supervisor, asked over the control socket, or a verb that has taken the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Amendment {
    /// Other marks. A change rather than the result, so that two who make one at once both get
    /// what they asked for.
    Tags {
        /// Whether those that it bears are taken away first.
        clear: bool,
        /// Marks that it gets, behind those that it has.
        add: Vec<Tag>,
        /// Marks that it loses.
        remove: Vec<Tag>,
    },
    /// Another time that each run may take, from the next one on.
    Timeout {
        /// In milliseconds; `null` for ever.
        #[serde(rename = "timeout_ms", with = "crate::definition::optional_ms")]
        #[schemars(with = "Option<u64>")]
        timeout: Option<Duration>,
    },
    /// Others to tell, in place of those that there are.
    Notify {
        /// Who, and of what.
        notify: Notifications,
    },
    /// Nobody to tell any more.
    Unnotify {
        /// Of what.
        parts: NotificationParts,
    },
}

impl Amendment {
    /// Changes the definition.
    pub fn apply(&self, definition: &mut Definition) {
        match self {
            Self::Tags { clear, add, remove } => {
                let tags = &mut definition.tags;
                tags.retain(|tag| !clear && !remove.contains(tag));
                for tag in add {
                    if !tags.contains(tag) {
                        tags.push(tag.clone());
                    }
                }
            }
            Self::Timeout { timeout } => definition.timeout = *timeout,
            _ => self.apply_to_notifications(&mut definition.notify),
        }
    }

    /// Changes whom a job tells, if that is what it changes.
    pub fn apply_to_notifications(&self, present: &mut Notifications) {
        match self {
            Self::Notify { notify } => present.clone_from(notify),
            Self::Unnotify { parts } => present.clear(*parts),
            Self::Tags { .. } | Self::Timeout { .. } => {}
        }
    }

    /// Returns the same as it may be written down.
    #[must_use]
    pub fn concealed(&self, secrets: &Secrets) -> Self {
        match self {
            Self::Notify { notify } => Self::Notify {
                notify: notify.concealed(secrets),
            },
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_changed_in_order() {
        let tags = |names: &[&str]| -> Vec<Tag> {
            let tags = names.iter().map(|name| Tag::try_from((*name).to_owned()));
            tags.collect::<Result<_, _>>().unwrap()
        };
        let rows = [
            (false, vec!["c", "a"], vec![], vec!["a", "b", "c"]),
            (false, vec![], vec!["a", "x"], vec!["b"]),
            (true, vec!["b", "b"], vec![], vec!["b"]),
            (true, vec![], vec![], vec![]),
        ];
        for (clear, add, remove, expected) in rows {
            let (add, remove) = (tags(&add), tags(&remove));
            let mut definition = crate::definition::sample();
            definition.tags = tags(&["a", "b"]);
            Amendment::Tags { clear, add, remove }.apply(&mut definition);
            assert_eq!(definition.tags, tags(&expected));
        }
    }
}
