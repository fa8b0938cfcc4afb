use serde::{Deserialize, Serialize};

use crate::NativeString;

/// What stands in the place of a value that is not shown.
pub const REDACTED: &[u8; 3] = b"***";

/// Values that must not be shown in any answer or file.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Secrets(Vec<NativeString>);

impl Secrets {
    /// The fewest bytes of a value that is looked for in other texts: a shorter one stands in
    /// everything by chance.
    pub const SHORTEST: usize = 4;

    /// Returns the values that can be looked for in other texts. The longest come first, so that
    /// one that holds another leaves no rest.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let long = values
            .into_iter()
            .filter(|value| value.len() >= Self::SHORTEST);
        let mut values: Vec<NativeString> = long.map(|value| value.to_vec().into()).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.as_bytes().len()));
        Self(values)
    }

    /// Returns the values, the longest first.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(NativeString::as_bytes)
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether one of the values stands in `text`.
    pub fn are_in(&self, text: &[u8]) -> bool {
        self.iter().any(|secret| find(text, secret).is_some())
    }

    /// Returns `text` with `***` in the place of each value.
    pub fn conceal(&self, text: &[u8]) -> NativeString {
        let mut text = text.to_vec();
        for secret in self.iter() {
            replace(&mut text, secret);
        }
        text.into()
    }

    /// The same for a message, which may quote a value: with its quotes, backslashes and line ends
    /// escaped, as Rust's `{:?}` does.
    pub fn conceal_text(&self, text: &str) -> String {
        let mut text = text.as_bytes().to_vec();
        for secret in self.iter() {
            replace(&mut text, secret);
            let quoted = format!("{:?}", String::from_utf8_lossy(secret));
            replace(&mut text, &quoted.as_bytes()[1..quoted.len() - 1]);
        }
        NativeString::from(text).to_lossy().into_owned()
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

fn replace(text: &mut Vec<u8>, secret: &[u8]) {
    let mut from = 0;
    while let Some(at) = find(&text[from..], secret) {
        text.splice(from + at..from + at + secret.len(), *REDACTED);
        from += at + REDACTED.len();
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_concealed_wherever_they_stand() {
        let secrets = Secrets::new([b"abcd".as_slice(), b"abcdef", b"xy"]);
        assert_eq!(
            secrets.conceal(b"echo abcdef abcd xy"),
            "echo *** *** xy".into()
        );
        assert_eq!(format!("{secrets:?}"), "2 secrets");
        assert!(secrets.are_in(b"an-abcde"));
        assert!(!secrets.are_in(b"abc-xy"));
    }

    #[test]
    fn a_value_that_is_quoted_is_concealed_as_well() {
        let secrets = Secrets::new([b"a\"b\\c\nd".as_slice()]);
        let path = std::path::Path::new("/no/a\"b\\c\nd");
        assert_eq!(secrets.conceal_text(&format!("{path:?}")), "\"/no/***\"");
        assert_eq!(secrets.conceal_text("a\"b\\c\nd"), "***");
    }
}
