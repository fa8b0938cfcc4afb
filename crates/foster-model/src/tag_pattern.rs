use std::fmt;
use std::str::FromStr;

use crate::{InvalidLabel, Tag};

/// Which tags are meant: one, or with `ns.*` all those below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagPattern {
    /// This tag.
    Exact(Tag),
    /// The tags that begin with this one and a dot; not this one itself.
    Below(Tag),
}

impl TagPattern {
    /// Returns whether the tag is meant.
    pub fn takes(&self, tag: &Tag) -> bool {
        match self {
            Self::Exact(wanted) => wanted == tag,
            Self::Below(above) => {
                let rest = tag.as_ref().strip_prefix(above.as_ref());
                rest.is_some_and(|rest| rest.starts_with('.'))
            }
        }
    }
}

impl FromStr for TagPattern {
    type Err = InvalidLabel;

    fn from_str(text: &str) -> Result<Self, InvalidLabel> {
        match text.strip_suffix(".*") {
            Some(above) => Tag::try_from(above.to_owned()).map(Self::Below),
            None => Tag::try_from(text.to_owned()).map(Self::Exact),
        }
    }
}

impl fmt::Display for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(tag) => f.write_str(tag.as_ref()),
            Self::Below(above) => write!(f, "{}.*", above.as_ref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_one_tag_or_all_below_it() {
        let rows = [
            ("ci", "ci", true),
            ("ci", "ci.lint", false),
            ("ci.*", "ci.lint", true),
            ("ci.*", "ci.lint.fast", true),
            ("ci.*", "ci", false),
            ("ci.*", "cite.lint", false),
            ("ci.lint.*", "ci.lint", false),
        ];
        for (pattern, tag, expected) in rows {
            let parsed: TagPattern = pattern.parse().unwrap();
            assert_eq!(parsed.to_string(), pattern);
            let tag = Tag::try_from(tag.to_owned()).unwrap();
            assert_eq!(parsed.takes(&tag), expected, "{pattern} {tag:?}");
        }
        for bad in ["", "*", ".*", "ci*", "ci.*.x", "ci..*", "*.ci"] {
            assert!(bad.parse::<TagPattern>().is_err(), "{bad}");
        }
    }
}
