use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display};
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use foster_model::{
    EnvValue, ErrorCode, JOB_VARIABLE, NativeString, Secrets, StartFailure, Variables,
};

use crate::context::Context;
use crate::defining::hiding::Hiding;
use crate::error::ServiceError;

/// How much of an environment file is taken: more than any system takes for an environment.
const MOST_IN_A_FILE: u64 = 4 << 20;

/// A variable for a job, as the caller gives it.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvSetting {
    /// Its name.
    pub name: OsString,
    /// Its value; `None` for the caller's own.
    pub value: Option<OsString>,
}

impl fmt::Debug for EnvSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.as_ref().map(|_| "***");
        f.debug_struct("EnvSetting")
            .field("name", &self.name)
            .field("value", &value)
            .finish()
    }
}

/// The environment that a job gets, and what of it may be shown.
#[derive(Default)]
pub(crate) struct JobEnvironment {
    /// All of it, each name once.
    pub all: Vec<(OsString, OsString)>,
    /// What was given explicitly, in the order in which it counts; masked values left out.
    pub shown: Vec<EnvValue>,
    /// The values that must not be shown.
    pub secrets: Secrets,
    /// Those of them that are taken out of the output.
    pub redact: Secrets,
}

/// What an environment is made of.
pub(crate) struct Sources<'a> {
    /// What comes first, if anything does.
    pub inherited: Option<&'a [(OsString, OsString)]>,
    /// What was given by files and by settings, in the order in which it counts.
    pub explicit: &'a [(OsString, OsString)],
    /// Whose values are shown nowhere.
    pub hiding: &'a Hiding,
}

/// Returns the settings with the caller's values filled in.
///
/// # Errors
/// A name that is empty or holds `=` or NUL, and a variable that the caller doesn't have.
pub(crate) fn resolve_settings(
    ctx: &Context,
    settings: &[EnvSetting],
) -> Result<Vec<(OsString, OsString)>, ServiceError> {
    let resolve = |setting: &EnvSetting| {
        if setting.name == JOB_VARIABLE {
            let text = format!("{JOB_VARIABLE} is Foster's own: each job gets its mark in it");
            return Err(ServiceError::Env(text));
        }
        if !can_be_set(&setting.name, setting.value.as_deref().unwrap_or_default()) {
            let text = format!("{:?} can't be set in an environment", setting.name);
            return Err(ServiceError::Env(text));
        }
        let value = match &setting.value {
            Some(value) => value.clone(),
            None => ctx
                .variable(&setting.name.to_string_lossy())
                .map(OsStr::to_owned)
                .ok_or_else(|| {
                    let text = format!("the caller has no variable {:?} to pass on", setting.name);
                    ServiceError::Env(text)
                })?,
        };
        Ok((setting.name.clone(), value))
    };
    settings.iter().map(resolve).collect()
}

/// Returns the variables of an environment file: dotenv syntax without substitution, so that a
/// `$` in a value stays one.
pub(crate) fn read_file(path: &Path) -> Result<Vec<(OsString, OsString)>, StartFailure> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| bad_file(path, error))?;
    let read = file.take(MOST_IN_A_FILE + 1).read_to_end(&mut bytes);
    if read.map_err(|error| bad_file(path, error))? as u64 > MOST_IN_A_FILE {
        let reason = format!("it holds more than {MOST_IN_A_FILE} bytes");
        return Err(bad_file(path, reason));
    }
    parse_file(path, bytes)
}

/// Returns the variables of the environment file at `path`, which has this content.
pub(crate) fn parse_file(
    path: &Path,
    content: Vec<u8>,
) -> Result<Vec<(OsString, OsString)>, StartFailure> {
    let text = String::from_utf8(content).map_err(|_| bad_file(path, "it is not UTF-8"))?;
    let document = adotenv::parse_strict(&text).map_err(|error| bad_file(path, error))?;
    let pairs = document.entries().filter_map(|entry| {
        let value = entry.value()?;
        Some((OsString::from(entry.key()), OsString::from(value)))
    });
    let pairs: Vec<_> = pairs.collect();
    match pairs.iter().find(|(name, value)| !can_be_set(name, value)) {
        Some((name, _)) => Err(bad_file(
            path,
            format!("{name:?} can't be set in an environment"),
        )),
        None => Ok(pairs),
    }
}

/// Returns whether an environment can hold this: a name is told from its value by `=`, and both end at
/// a NUL.
fn can_be_set(name: &OsStr, value: &OsStr) -> bool {
    let (name, value) = (name.as_bytes(), value.as_bytes());
    !name.is_empty() && !name.contains(&b'=') && !name.contains(&0) && !value.contains(&0)
}

fn bad_file(path: &Path, reason: impl Display) -> StartFailure {
    StartFailure {
        code: ErrorCode::BadEnvFile.as_str().to_owned(),
        message: format!("the environment file {}: {reason}", path.display()),
    }
}

impl JobEnvironment {
    /// Puts it together: inherited, then files, then settings, the last one winning, then the mark
    /// of the job itself.
    pub fn build(sources: Sources<'_>, job: &str) -> Self {
        let mut environment = Self::default();
        for (name, value) in sources.inherited.unwrap_or_default() {
            environment.set(name, value);
        }
        for (name, value) in sources.explicit {
            environment.set(name, value);
        }
        // Also those that others replace: they were given, and may stand in the command.
        let given = sources.inherited.unwrap_or_default().iter();
        let hidden = given
            .chain(sources.explicit)
            .filter(|(name, _)| sources.hiding.hides(name));
        environment.secrets = Secrets::new(hidden.map(|(_, value)| value.as_bytes()));
        environment.redact = sources.hiding.redacted(&environment.all);
        for (name, value) in sources.explicit {
            let shown = !sources.hiding.hides(name);
            let value = shown.then(|| environment.secrets.conceal(value.as_bytes()));
            environment.show(name, value);
        }
        environment.set(OsStr::new(JOB_VARIABLE), OsStr::new(job));
        environment
    }

    fn set(&mut self, name: &OsStr, value: &OsStr) {
        match self.all.iter_mut().find(|(known, _)| known == name) {
            Some(entry) => value.clone_into(&mut entry.1),
            None => self.all.push((name.to_owned(), value.to_owned())),
        }
    }

    fn show(&mut self, name: &OsStr, value: Option<NativeString>) {
        let name = NativeString::from(name.as_bytes().to_vec());
        self.shown.retain(|known| known.name != name);
        self.shown.push(EnvValue { name, value });
    }
}

/// Returns text of the system as the system has it.
pub(crate) fn to_os(text: &NativeString) -> OsString {
    OsString::from_vec(text.as_bytes().to_vec())
}

/// Returns text of the system as files have it.
pub(crate) fn from_os(text: impl AsRef<OsStr>) -> NativeString {
    text.as_ref().as_bytes().to_vec().into()
}

/// Returns variables as files have them.
pub(crate) fn to_variables(pairs: &[(OsString, OsString)]) -> Variables {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| (from_os(name), from_os(value)))
        .collect()
}

/// Returns variables as the system has them.
pub(crate) fn from_variables(variables: &Variables) -> Vec<(OsString, OsString)> {
    let variables = variables.iter();
    variables
        .map(|(name, value)| (to_os(name), to_os(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".env");
        fs::write(&path, text).unwrap();
        let pairs = read_file(&path).unwrap().into_iter();
        pairs
            .map(|(k, v)| (k.into_string().unwrap(), v.into_string().unwrap()))
            .collect()
    }

    #[test]
    fn dotenv_rows() {
        let rows = [
            ("A=a#b", "a#b"),
            ("A=a # b", "a"),
            ("A=\"x\"", "x"),
            ("A=$6$salt", "$6$salt"),
            ("A='$6$salt#'", "$6$salt#"),
            ("export A=v", "v"),
            ("A=", ""),
            ("A=\"two words # no comment\"", "two words # no comment"),
            ("# comment\n\nA=1", "1"),
        ];
        for (text, value) in rows {
            assert_eq!(read(text), [("A".to_owned(), value.to_owned())], "{text}");
        }
    }

    #[test]
    fn a_file_that_is_none_is_refused_with_its_path() {
        let failure = read_file(Path::new("/nonexistent/x.env")).unwrap_err();
        assert_eq!(failure.code, "bad_env_file");
        assert!(failure.message.contains("/nonexistent/x.env"));
    }

    #[test]
    fn what_no_environment_can_hold_is_refused_and_its_value_not_told() {
        let failure = parse_file(Path::new("/x.env"), b"TOKEN=sec\0ret\n".to_vec()).unwrap_err();
        assert_eq!(failure.code, "bad_env_file");
        assert!(failure.message.contains("TOKEN") && !failure.message.contains("ret"));
    }

    #[test]
    fn masked_values_are_concealed_wherever_they_stand() {
        let pair = |k: &str, v: &str| (k.into(), v.into());
        let sources = Sources {
            inherited: Some(&[pair("TOKEN", "s3cret")]),
            explicit: &[
                pair("TOKEN", "another"),
                pair("TOKEN", ""),
                pair("K", "1"),
                pair("K", "2"),
                pair("URL", "http://s3cret@h"),
            ],
            hiding: &Hiding {
                mask: vec!["TOKEN".into()],
                redact: vec![],
                env_like: false,
            },
        };
        let environment = JobEnvironment::build(sources, "j/n");
        let shown: Vec<_> = environment
            .shown
            .iter()
            .map(|v| {
                (
                    v.name.to_lossy().into_owned(),
                    v.value.as_ref().map(|v| v.to_lossy().into_owned()),
                )
            })
            .collect();
        let pair = |k: &str, v: &str| (k.to_owned(), Some(v.to_owned()));
        let masked = ("TOKEN".to_owned(), None);
        let expected = [masked, pair("K", "2"), pair("URL", "http://***@h")];
        assert_eq!(shown, expected);
        assert_eq!(
            environment.secrets.conceal(b"echo s3cret another"),
            "echo *** ***".into()
        );
        assert_eq!(
            environment.all.last(),
            Some(&(JOB_VARIABLE.into(), "j/n".into()))
        );
    }
}
