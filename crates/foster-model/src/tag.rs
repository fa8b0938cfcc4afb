use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::JobId;

/// The text can't be a name or a tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLabel {
    /// Not a name.
    #[error(
        "{0:?} is not a name: use 1 to 64 letters, digits, `.`, `_` or `-`, beginning with a \
         letter or a digit, and nothing that is a job id"
    )]
    Name(String),
    /// Not a tag.
    #[error(
        "{0:?} is not a tag: use segments of letters, digits, `_` or `-`, joined by `.`, at most \
         128 characters"
    )]
    Tag(String),
}

/// A name that a person gives to a job, to call it by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct JobName(String);

/// A mark on a job, such as `ci.lint`, by which jobs are found together.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Tag(String);

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

impl TryFrom<String> for JobName {
    type Error = InvalidLabel;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let fits = starts_well && text.len() <= 64 && text.bytes().all(|b| is_word(b) || b == b'.');
        if fits && text.parse::<JobId>().is_err() {
            Ok(Self(text))
        } else {
            Err(InvalidLabel::Name(text))
        }
    }
}

impl TryFrom<String> for Tag {
    type Error = InvalidLabel;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let good = |segment: &str| !segment.is_empty() && segment.bytes().all(is_word);
        if text.len() <= 128 && text.split('.').all(good) {
            Ok(Self(text))
        } else {
            Err(InvalidLabel::Tag(text))
        }
    }
}

impl From<JobName> for String {
    fn from(name: JobName) -> Self {
        name.0
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}

impl AsRef<str> for JobName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Tag {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tags_are_checked() {
        for good in ["web", "web-1", "a.b_c", "1"] {
            assert!(JobName::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "-x",
            "a/b",
            "a b",
            "@1",
            "01h00000000000000000000000",
        ] {
            assert!(JobName::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        for good in ["ci", "ci.lint", "a.b.c"] {
            assert!(Tag::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", "a b", "a.*"] {
            assert!(Tag::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
