use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use foster_model::Secrets;

use crate::error::ServiceError;

/// The longest value that is looked for in output, in bytes: so much may have to be held back.
const LONGEST: usize = 16 * 1024;

/// The fewest bytes of a value that is looked for only because its variable's name looks like one:
/// `TOKEN=true` must not take every `true` out of the output.
const SHORTEST_GUESSED: usize = 8;

/// Ends of words in names that hold secrets. `KEY` counts only as a whole word: not in `MONKEY`.
const SECRET_WORDS: [&str; 8] = [
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "CREDENTIALS",
    "APIKEY",
];

/// Which variables' values are taken out of everything that a job prints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Redaction<'a> {
    /// These.
    pub names: &'a [OsString],
    /// And those whose names look like a secret's.
    pub env_like: bool,
}

impl Redaction<'_> {
    /// Refuses what could not be kept: a value that is not there, and one that is too short or too
    /// long to be looked for.
    pub fn check(self, env: &[(OsString, OsString)]) -> Result<(), ServiceError> {
        for name in self.names {
            let value = env.iter().find(|(known, _)| known == name);
            let reason = match value.map(|(_, value)| value.len()) {
                None => "it is not set for this job".to_owned(),
                Some(0..Secrets::SHORTEST) => {
                    format!("its value is shorter than {} bytes", Secrets::SHORTEST)
                }
                Some(len) if len > LONGEST => {
                    format!("its value is longer than {LONGEST} bytes")
                }
                Some(_) => continue,
            };
            let text = format!("the value of {name:?} can't be redacted: {reason}");
            return Err(ServiceError::Env(text));
        }
        Ok(())
    }

    /// Returns the values that are to be looked for.
    pub fn values(self, env: &[(OsString, OsString)]) -> Secrets {
        let wanted = env.iter().filter(|(name, value)| {
            let fits = value.len() <= LONGEST;
            let guessed = || self.guesses(name) && value.len() >= SHORTEST_GUESSED;
            fits && (self.names.contains(name) || guessed())
        });
        Secrets::new(wanted.map(|(_, value)| value.as_bytes()))
    }

    /// Returns the names of variables whose values are shown nowhere: `mask`, and those that are
    /// redacted.
    pub fn masked<'e>(
        self,
        mask: &[OsString],
        env: impl IntoIterator<Item = &'e (OsString, OsString)>,
    ) -> Vec<OsString> {
        let mut masked = [mask, self.names].concat();
        let names = env.into_iter().map(|(name, _)| name);
        masked.extend(names.filter(|name| self.guesses(name)).cloned());
        masked
    }

    fn guesses(self, name: &OsStr) -> bool {
        self.env_like && looks_secret(&name.to_string_lossy())
    }
}

/// Returns whether a variable of this name is likely to hold a secret, and not the place of one.
fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let place = ["FILE", "PATH", "DIR", "SOCK", "URL", "ID", "NAME"];
    let last = words.clone().next_back().unwrap_or_default();
    !place.contains(&last)
        && words.any(|word| {
            let plain = word.trim_end_matches(|c: char| c.is_ascii_digit());
            plain == "KEY" || SECRET_WORDS.iter().any(|end| plain.ends_with(end))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_a_secret_s() {
        for name in [
            "API_TOKEN",
            "aws_secret_access_key",
            "DB_PASSWORD",
            "GITHUB_TOKEN",
            "OPENAI_API_KEY",
            "MYAPIKEY",
            "TOKEN2",
            "SSH_PASSPHRASE",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in [
            "PATH",
            "HOME",
            "PWD",
            "SSH_AUTH_SOCK",
            "SECRET_FILE",
            "TOKEN_PATH",
            "KEYBOARD",
            "MONKEY",
            "AWS_ACCESS_KEY_ID",
            "",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn what_can_t_be_kept_is_refused() {
        let env = |value: &str| vec![(OsString::from("K"), OsString::from(value))];
        let names = [OsString::from("K")];
        let redaction = Redaction {
            names: &names,
            env_like: false,
        };
        assert!(redaction.check(&[]).is_err());
        assert!(redaction.check(&env("abc")).is_err());
        assert!(redaction.check(&env(&"x".repeat(LONGEST + 1))).is_err());
        assert!(redaction.check(&env("abcd")).is_ok());
        assert_eq!(redaction.values(&env("abcd")).iter().count(), 1);
    }
}
