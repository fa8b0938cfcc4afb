use std::ffi::OsString;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::ConfigError;
use super::kind::Form;
use super::suggest::suggest;
use super::table::{KEYS, Key, key};

/// What a configuration file sets.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    values: Vec<(&'static Key, OsString, usize)>,
}

impl ConfigFile {
    /// Reads the text of the file at `path`, which is used in messages alone.
    ///
    /// # Errors
    /// It is not TOML; or it has a key that is not known, or a value that is not one of its key's:
    /// with the line, and what was probably meant.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let mut reader = Reader {
            path,
            text,
            values: Vec::new(),
        };
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            reader.refusal(at, error.message().replace('\n', ", "), None)
        })?;
        reader.top(table.get_ref())?;
        Ok(Self {
            path: path.to_owned(),
            values: reader.values,
        })
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the value that it has for a key, and the line.
    pub(super) fn value(&self, wanted: &Key) -> Option<(&OsString, usize)> {
        let found = self
            .values
            .iter()
            .find(|(key, ..)| std::ptr::eq(*key, wanted));
        found.map(|(_, value, line)| (value, *line))
    }
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    values: Vec<(&'static Key, OsString, usize)>,
}

type Entry<'a, 'b> = (&'b Spanned<DeString<'a>>, &'b Spanned<DeValue<'a>>);

impl Reader<'_> {
    fn top(&mut self, table: &DeTable<'_>) -> Result<(), ConfigError> {
        for (name, value) in in_order(table) {
            match value.get_ref() {
                DeValue::Table(section) if is_section(name.get_ref()) => {
                    for entry in in_order(section) {
                        self.entry(Some(name.get_ref()), entry)?;
                    }
                }
                _ if is_section(name.get_ref()) => {
                    let heading = format!("[{}]", name.get_ref());
                    let reason = format!("{} is a section", name.get_ref());
                    let hint = format!("write the heading {heading}, and its keys below");
                    return Err(self.refusal(name.span().start, reason, Some(hint)));
                }
                _ => self.entry(None, (name, value))?,
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        section: Option<&str>,
        (name, value): Entry<'_, '_>,
    ) -> Result<(), ConfigError> {
        let path = match section {
            Some(section) => format!("{section}.{}", name.get_ref()),
            None => name.get_ref().to_string(),
        };
        let Some(key) = key(&path) else {
            let is_table = matches!(value.get_ref(), DeValue::Table(_));
            return Err(self.unknown(section, name, is_table));
        };
        let at = value.span().start;
        let wrong = |reader: &Self, reason: String| {
            let hint = format!("{path} is {}", key.expects);
            Err(reader.refusal(at, reason, Some(hint)))
        };
        let text = match as_text(key.form, value.get_ref()) {
            Ok(text) => OsString::from(text),
            Err(reason) => return wrong(self, format!("{path}: {reason}")),
        };
        if let Err(reason) = (key.check)(&text) {
            return wrong(self, format!("{path}: {reason}"));
        }
        if key.path() == "root" && !Path::new(&text).is_absolute() {
            // The file is read from anywhere: there is no directory that it could start from.
            return wrong(self, format!("{path}: {text:?} is not an absolute path"));
        }
        self.values.push((key, text, self.line(at)));
        Ok(())
    }

    fn unknown(
        &self,
        section: Option<&str>,
        name: &Spanned<DeString<'_>>,
        is_table: bool,
    ) -> ConfigError {
        let word = name.get_ref().as_ref();
        let (reason, meant) = match section {
            None if is_table => {
                let sections = KEYS.iter().filter_map(Key::section);
                let meant = suggest(word, sections).map(|section| format!("[{section}]"));
                (format!("there is no section [{word}]"), meant)
            }
            _ => {
                let near = KEYS.iter().filter(|key| key.section() == section);
                let meant = suggest(word, near.map(|key| key.name)).map(str::to_owned);
                let place = section.map_or(String::new(), |section| format!(" in [{section}]"));
                let meant = meant.or_else(|| elsewhere(word));
                (format!("there is no key {word:?}{place}"), meant)
            }
        };
        let hint = match meant {
            Some(meant) => format!("did you mean {meant}?"),
            None => "`foster config show` lists all keys".to_owned(),
        };
        self.refusal(name.span().start, reason, Some(hint))
    }

    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().iter().take(at);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    fn refusal(&self, at: usize, reason: String, hint: Option<String>) -> ConfigError {
        ConfigError::Refused {
            path: self.path.to_owned(),
            line: self.line(at),
            reason,
            hint,
        }
    }
}

/// Returns a key of another section that is called so: the heading was forgotten, or the wrong one.
fn elsewhere(word: &str) -> Option<String> {
    let all: Vec<String> = KEYS.iter().map(Key::path).collect();
    let named = KEYS.iter().find(|key| key.name == word).map(Key::path);
    named.or_else(|| suggest(word, all.iter().map(String::as_str)).map(str::to_owned))
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.section() == Some(name))
}

/// Returns the entries as they stand in the file, so that the first mistake is told of first.
fn in_order<'a, 'b>(table: &'b DeTable<'a>) -> Vec<Entry<'a, 'b>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

/// Returns a value of TOML as it is written everywhere else.
fn as_text(form: Form, value: &DeValue<'_>) -> Result<String, String> {
    match (form, value) {
        (Form::Text, DeValue::String(text)) => Ok(text.to_string()),
        (Form::Boolean, DeValue::Boolean(value)) => Ok(value.to_string()),
        (Form::IntegerOrNone, DeValue::String(text)) if text == "none" => Ok("none".to_owned()),
        (Form::Integer | Form::IntegerOrNone, DeValue::Integer(number)) => {
            let value = i64::from_str_radix(number.as_str(), number.radix());
            value
                .map(|value| value.to_string())
                .map_err(|_| format!("{} is too large", number.as_str()))
        }
        (_, other) => Err(format!("{} is not taken here", a(other.type_str()))),
    }
}

fn a(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {kind}")
}
