use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use foster_model::{Definition, Secrets, looks_secret};

use crate::defining::environment::to_os;
use crate::error::ServiceError;

/// The longest value that is looked for in output, in bytes: so much may have to be held back.
const LONGEST: usize = 16 * 1024;

/// The fewest bytes of a value that is looked for only because its variable's name looks like one:
/// `TOKEN=true` must not take every `true` out of the output.
const SHORTEST_GUESSED: usize = 8;

/// Which variables' values are shown nowhere, and which are also taken out of everything that a job
/// prints.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hiding {
    /// The values of these are not shown.
    pub mask: Vec<OsString>,
    /// Nor are those of these, and they are taken out of the output.
    pub redact: Vec<OsString>,
    /// As are those of variables whose names look like a secret's.
    pub env_like: bool,
}

impl Hiding {
    /// Returns what a job was made with.
    pub fn of(definition: &Definition) -> Self {
        Self {
            mask: definition.mask.iter().map(to_os).collect(),
            redact: definition.redact.iter().map(to_os).collect(),
            env_like: definition.redact_env_like,
        }
    }

    /// Refuses to redact what could not be: a value that is not there, and one that is too short or
    /// too long to be looked for.
    pub fn check_redacted(&self, env: &[(OsString, OsString)]) -> Result<(), ServiceError> {
        for name in &self.redact {
            let reason = match value(env, name).map(OsStr::len) {
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

    /// Refuses to mask a variable that is not set: most likely its name is misspelled, and the value
    /// of the one that was meant would be shown.
    ///
    /// Only where the name was just given. Later the variable may be gone with whose environment it
    /// was, and there is nothing to show.
    pub fn check_masked(&self, env: &[(OsString, OsString)]) -> Result<(), ServiceError> {
        match self.mask.iter().find(|name| value(env, name).is_none()) {
            Some(name) => Err(ServiceError::Env(format!(
                "the value of {name:?} can't be masked: it is not set for this job"
            ))),
            None => Ok(()),
        }
    }

    /// Returns the values that are to be looked for in the output.
    pub fn redacted(&self, env: &[(OsString, OsString)]) -> Secrets {
        let wanted = env.iter().filter(|(name, value)| {
            let fits = value.len() <= LONGEST;
            let guessed = || self.guesses(name) && value.len() >= SHORTEST_GUESSED;
            fits && (self.redact.contains(name) || guessed())
        });
        Secrets::new(wanted.map(|(_, value)| value.as_bytes()))
    }

    /// Returns whether the value of this variable is shown nowhere.
    pub fn hides(&self, name: &OsString) -> bool {
        self.mask.contains(name) || self.redact.contains(name) || self.guesses(name)
    }

    fn guesses(&self, name: &OsStr) -> bool {
        self.env_like && looks_secret(&name.to_string_lossy())
    }
}

fn value<'e>(env: &'e [(OsString, OsString)], name: &OsStr) -> Option<&'e OsStr> {
    let found = env.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_os_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_t_be_kept_is_refused() {
        let env = |value: &str| vec![(OsString::from("K"), OsString::from(value))];
        let hiding = Hiding {
            mask: vec!["M".into()],
            redact: vec!["K".into()],
            env_like: false,
        };
        assert!(hiding.check_redacted(&[]).is_err());
        assert!(hiding.check_redacted(&env("abc")).is_err());
        let long = env(&"x".repeat(LONGEST + 1));
        assert!(hiding.check_redacted(&long).is_err());
        assert!(hiding.check_redacted(&env("abcd")).is_ok());
        assert_eq!(hiding.redacted(&env("abcd")).iter().count(), 1);
        assert!(hiding.check_masked(&env("abcd")).is_err());
        assert!(hiding.check_masked(&[("M".into(), "".into())]).is_ok());
    }
}
