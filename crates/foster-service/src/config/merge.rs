use std::ffi::{OsStr, OsString};

use foster_model::answer::{ConfigSource, Setting};

use super::error::ConfigError;
use super::file::ConfigFile;
use super::table::{KEYS, Key, Settings, key};

/// Where values come from. The first that has one wins.
#[derive(Debug, Clone, Copy)]
pub struct Layers<'a> {
    /// What was typed, by the keys' names: `("root", …)`.
    pub flags: &'a [(&'static str, OsString)],
    /// The environment. A variable that is empty counts as not set.
    pub environment: &'a [(OsString, OsString)],
    /// The file, if there is one.
    pub file: Option<&'a ConfigFile>,
    /// The root for callers who name none; empty if no place is known.
    pub root: &'a OsStr,
}

/// What is set, and where each value came from.
#[derive(Debug, Clone)]
pub struct Config {
    /// The values.
    pub settings: Settings,
    resolved: Vec<Resolved>,
}

/// The value of one key.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The key.
    pub key: &'static Key,
    /// Its value, as it can be typed.
    pub text: OsString,
    /// Where it came from.
    pub source: ConfigSource,
    /// The line of the file that it stands in, if it came from there.
    pub line: Option<usize>,
    /// A value in the environment that was passed over because it can't be one.
    wrong: Option<(String, String)>,
}

impl Config {
    /// Merges the layers.
    ///
    /// A variable with a value that its key can't have is passed over here, and is refused by
    /// [`Config::value`] where it counts: it should not keep anybody from ending a job.
    ///
    /// # Errors
    /// A flag that is no value of its key's.
    pub fn merge(layers: Layers<'_>) -> Result<Self, ConfigError> {
        let resolved: Vec<Resolved> = KEYS.iter().map(|key| resolve(key, layers)).collect();
        let mut texts = resolved.iter().map(|one| one.text.as_os_str());
        let settings = Settings::read(|_| Ok(texts.next().unwrap_or_default()))?;
        Ok(Self { settings, resolved })
    }

    /// Returns the value of the key that is called so (`run.drain`), for a verb that uses it; `None`
    /// if there is no such key.
    ///
    /// # Errors
    /// The environment has another that can't be one.
    pub fn value(&self, path: &str) -> Result<Option<&Resolved>, ConfigError> {
        let wanted = key(path);
        let is_wanted = |one: &&Resolved| wanted.is_some_and(|key| std::ptr::eq(one.key, key));
        match self.resolved.iter().find(is_wanted) {
            Some(Resolved {
                wrong: Some((variable, reason)),
                ..
            }) => Err(ConfigError::Variable {
                variable: variable.clone(),
                reason: reason.clone(),
            }),
            found => Ok(found),
        }
    }

    /// Returns whether something is set, rightly or wrongly, in the environment or the file, beside what concerns every
    /// verb.
    pub fn sets_verbs(&self) -> bool {
        let is_set = |one: &Resolved| {
            let untouched = matches!(one.source, ConfigSource::Default | ConfigSource::Flag);
            !untouched || one.wrong.is_some()
        };
        let of_verbs = |one: &&Resolved| one.key.section().is_some();
        self.resolved.iter().filter(of_verbs).any(is_set)
    }

    /// Returns all values, as `config show` answers with them.
    pub fn shown(&self) -> Vec<Setting> {
        self.resolved.iter().map(Resolved::shown).collect()
    }
}

impl Resolved {
    fn shown(&self) -> Setting {
        Setting {
            key: self.key.path(),
            value: self.text.to_string_lossy().into_owned(),
            source: self.source,
            line: self.line,
            variable: self.key.variable(),
            default: self.key.default.map(str::to_owned),
            expects: self.key.expects.to_owned(),
            meaning: self.key.meaning.trim().to_owned(),
            problem: self
                .wrong
                .as_ref()
                .map(|(variable, reason)| format!("{variable}: {reason}")),
        }
    }
}

fn resolve(key: &'static Key, layers: Layers<'_>) -> Resolved {
    let of = |text: &OsStr, source, line| Resolved {
        key,
        text: text.to_owned(),
        source,
        line,
        wrong: None,
    };
    let path = key.path();
    if let Some((_, text)) = layers.flags.iter().find(|(name, _)| *name == path) {
        return of(text, ConfigSource::Flag, None);
    }
    let variable = key.variable();
    let mut set = layers.environment.iter();
    let set = set.find(|(name, text)| *name == *variable && !text.is_empty());
    let wrong = match set.map(|(_, text)| (text, (key.check)(text))) {
        Some((text, Ok(()))) => return of(text, ConfigSource::Environment, None),
        Some((_, Err(reason))) => Some((variable, reason)),
        None => None,
    };
    let below = if let Some((text, line)) = layers.file.and_then(|file| file.value(key)) {
        of(text, ConfigSource::File, Some(line))
    } else {
        let text = key.default.map_or(layers.root, OsStr::new);
        of(text, ConfigSource::Default, None)
    };
    Resolved { wrong, ..below }
}
