use std::fmt;
use std::str::FromStr;

use crate::{JobId, JobName};

/// How a caller names a job: by its id, by a part of it, by its name, or by its age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobSelector {
    /// The whole id.
    Id(JobId),
    /// `@1` is the newest job, `@2` the one before it.
    Newest(usize),
    /// The job's name, or else the beginning or the end of its id, in lower case.
    Label {
        /// As typed.
        text: String,
    },
}

/// The text can't name a job. Said before any path is made of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} can't name a job")]
pub struct InvalidSelector(pub String);

impl JobSelector {
    /// The fewest characters of an id that a verb takes which ends or deletes.
    pub const SHORTEST_FOR_ENDING: usize = 6;
}

impl FromStr for JobSelector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let invalid = || InvalidSelector(text.to_owned());
        if let Some(age) = text.strip_prefix('@') {
            let digits = age.bytes().all(|b| b.is_ascii_digit());
            return match age.parse() {
                Ok(n) if digits && n > 0 => Ok(Self::Newest(n)),
                _ => Err(invalid()),
            };
        }
        // Whatever may be a name may be a part of an id too: names are the wider set.
        match JobName::try_from(text.to_owned()) {
            Ok(_) => Ok(Self::Label {
                text: text.to_owned(),
            }),
            Err(_) => Err(invalid()),
        }
    }
}

impl fmt::Display for JobSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Newest(n) => write!(f, "@{n}"),
            Self::Label { text } => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_be_a_path_is_refused() {
        for text in [
            "", ".", "..", "../x", "/abs", "a/b", "a\\b", "@", "@0", "@-1", "@+1", "~", "a\0",
        ] {
            assert!(text.parse::<JobSelector>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_selector_holds_a_separator(text: String) {
            if let Ok(selector) = text.parse::<JobSelector>() {
                let shown = selector.to_string();
                prop_assert!(!shown.contains('/') && shown != ".." && shown != "." && !shown.is_empty());
            }
        }
    }
}
