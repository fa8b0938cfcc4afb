use std::fmt;
use std::str::FromStr;

use regex::bytes::Regex;

use crate::error::ServiceError;

/// Which names are meant: `*` stands for any characters, `?` for one.
#[derive(Debug, Clone)]
pub struct NamePattern {
    text: String,
    expression: Regex,
}

/// Longer than two names; nothing that long is meant.
const LONGEST: usize = 128;

impl NamePattern {
    /// Returns whether the name is meant.
    pub fn takes(&self, name: &str) -> bool {
        self.expression.is_match(name.as_bytes())
    }

    /// Returns how each name that is meant begins.
    pub(crate) fn beginning(&self) -> &str {
        self.text.split(['*', '?']).next().unwrap_or_default()
    }
}

impl FromStr for NamePattern {
    type Err = ServiceError;

    fn from_str(text: &str) -> Result<Self, ServiceError> {
        let invalid = || {
            ServiceError::Invalid(format!(
                "{text:?} is no pattern for names: write letters, digits, `.`, `_`, `-`, `*` and `?`"
            ))
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-*?".contains(c);
        if text.is_empty() || text.len() > LONGEST || !text.chars().all(fits) {
            return Err(invalid());
        }
        let mut expression = String::from("^");
        for c in text.chars() {
            match c {
                '*' => expression.push_str(".*"),
                '?' => expression.push('.'),
                c => expression.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        expression.push('$');
        Ok(Self {
            text: text.to_owned(),
            expression: Regex::new(&expression).map_err(|_| invalid())?,
        })
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_characters() {
        let rows = [
            ("web", "web", true),
            ("web", "web1", false),
            ("web*", "web", true),
            ("w?b", "wob", true),
            ("w?b", "wb", false),
            ("*-1", "a-b-1", true),
            ("a.b", "axb", false),
            ("*", "x", true),
        ];
        for (pattern, name, expected) in rows {
            let pattern: NamePattern = pattern.parse().unwrap();
            assert_eq!(pattern.takes(name), expected, "{pattern} {name}");
        }
        for (pattern, beginning) in [("web-1", "web-1"), ("we?*", "we"), ("*b", "")] {
            let pattern: NamePattern = pattern.parse().unwrap();
            assert_eq!(pattern.beginning(), beginning);
        }
        for bad in ["", "a/b", "[ab]", "a b", "é"] {
            assert!(bad.parse::<NamePattern>().is_err(), "{bad}");
        }
        assert!("*".repeat(129).parse::<NamePattern>().is_err());
    }
}
