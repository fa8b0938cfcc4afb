use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use foster_model::{Secrets, looks_secret};

use crate::error::ServiceError;

/// The longest value that is looked for in output, in bytes: so much may have to be held back.
const LONGEST: usize = 16 * 1024;

/// The fewest bytes of a value that is looked for only because its variable's name looks like one:
/// `TOKEN=true` must not take every `true` out of the output.
const SHORTEST_GUESSED: usize = 8;

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

#[cfg(test)]
mod tests {
    use super::*;

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
