use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use foster_model::ErrorCode;
use foster_service::{Containment, Context, GcRules, Way};

use crate::failure::Failure;
use crate::render::Format;

/// Names the root, where `--root` doesn't.
pub const ROOT: &str = "FOSTER_ROOT";
/// Names the form of answers, where neither `--output` nor `--json` does.
pub const OUTPUT: &str = "FOSTER_OUTPUT";
/// Names the containment, where `--containment` doesn't.
pub const CONTAINMENT: &str = "FOSTER_CONTAINMENT";

/// What the process was given by whoever started it. Nothing else reads it.
#[derive(Debug)]
pub struct Environment {
    variables: Vec<(OsString, OsString)>,
}

/// Which parts of a [`Context`] a verb can't do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The root alone.
    Root,
    /// Also the caller's directory.
    Directory,
    /// Also the containment that jobs are to have, and the environment that they inherit.
    Launch,
}

impl Environment {
    /// Reads it.
    pub fn read() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
        }
    }

    /// Returns the value of a variable; one that is empty counts as not set.
    fn variable(&self, name: &str) -> Option<&OsStr> {
        let found = self.variables.iter().find(|(key, _)| key == name);
        let value = found.map(|(_, value)| value.as_os_str());
        value.filter(|value| !value.is_empty())
    }

    /// Returns what `FOSTER_OUTPUT` says.
    pub fn format(&self) -> Result<Option<Format>, Failure> {
        let Some(text) = self.variable(OUTPUT) else {
            return Ok(None);
        };
        let format = text.to_str().and_then(Format::from_word);
        format.map(Some).ok_or_else(|| {
            let hint = format!("set {OUTPUT} to json, yaml or text, or unset it");
            Failure::usage(format!("{OUTPUT} is {text:?}"), Some(hint))
        })
    }

    /// Returns whether the caller wants no colours (<https://no-color.org>).
    pub fn no_color(&self) -> bool {
        self.variable("NO_COLOR").is_some()
    }

    /// Returns what the service is told of the caller. `root` and `containment` are what was typed.
    pub fn context(
        &self,
        root: Option<&Path>,
        containment: Option<Containment>,
        needs: Needs,
    ) -> Result<Context, Failure> {
        let root = match root {
            Some(root) => root.to_owned(),
            None => self.root()?,
        };
        let launches = needs == Needs::Launch;
        let containment = match containment {
            None if launches => self.containment()?,
            given => given.unwrap_or_default(),
        };
        Ok(Context {
            cwd: directory(&root, needs)?,
            root,
            env: self.variables.clone(),
            way: Way::Fork,
            containment,
            auto_gc: Some(GcRules::default()),
        })
    }

    fn containment(&self) -> Result<Containment, Failure> {
        let Some(text) = self.variable(CONTAINMENT) else {
            return Ok(Containment::default());
        };
        let wrong = |error: String| {
            let hint = format!("set {CONTAINMENT} to one of these, or unset it");
            Failure::usage(format!("{CONTAINMENT}: {error}"), Some(hint))
        };
        match text.to_str() {
            Some(text) => {
                let parsed: Result<Containment, _> = text.parse();
                parsed.map_err(|error| wrong(error.to_string()))
            }
            None => Err(wrong(format!("{text:?} is no containment"))),
        }
    }

    /// Returns the root that the environment names, or else the platform's place.
    fn root(&self) -> Result<PathBuf, Failure> {
        if let Some(root) = self.variable(ROOT) {
            return Ok(root.into());
        }
        // The specification of these variables: a path that is not absolute is to be ignored.
        let xdg = self.variable("XDG_STATE_HOME").map(Path::new);
        if let Some(state) = xdg.filter(|path| path.is_absolute()) {
            return Ok(state.join("foster"));
        }
        let native = etcetera::base_strategy::choose_native_strategy().ok();
        let state = native.map(|native| native.state_dir().unwrap_or_else(|| native.data_dir()));
        match state.filter(|path| path.is_absolute()) {
            Some(state) => Ok(state.join("foster")),
            None => Err(Failure::with_hint(
                ErrorCode::RootUnusable,
                "there is no home directory to keep the jobs in",
                None,
            )),
        }
    }
}

/// Returns the caller's directory. One that was removed stands in nobody's way who doesn't need it:
/// the jobs of a removed checkout can still be ended from within.
fn directory(root: &Path, needs: Needs) -> Result<PathBuf, Failure> {
    match std::env::current_dir() {
        Ok(directory) => Ok(directory),
        Err(_) if needs == Needs::Root && root.is_absolute() => Ok("/".into()),
        Err(error) => Err(Failure::with_hint(
            ErrorCode::Io,
            format!("the current directory can't be found: {error}"),
            Some("go to a directory that exists".to_owned()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let own = |(key, value): &(&str, &str)| (key.into(), value.into());
        Environment {
            variables: variables.iter().map(own).collect(),
        }
    }

    #[test]
    fn the_root_is_looked_for_in_order() {
        let both = [(ROOT, "/a"), ("XDG_STATE_HOME", "/b")];
        assert_eq!(environment(&both).root().unwrap(), Path::new("/a"));
        let empty = [(ROOT, ""), ("XDG_STATE_HOME", "/b")];
        assert_eq!(environment(&empty).root().unwrap(), Path::new("/b/foster"));
        let relative = environment(&[("XDG_STATE_HOME", "b")]).root();
        assert!(relative.is_ok_and(|root| root.is_absolute() && root.ends_with("foster")));
        let typed = environment(&both).context(Some(Path::new("c")), None, Needs::Root);
        assert_eq!(typed.unwrap().root, Path::new("c"));
    }

    #[test]
    fn unknown_words_are_refused_where_they_count() {
        let wrong = environment(&[(OUTPUT, "xml"), (CONTAINMENT, "jail"), (ROOT, "/a")]);
        let code = wrong.format().unwrap_err().body().code;
        assert_eq!(code, ErrorCode::InvalidArgument);
        let refused = wrong.context(None, None, Needs::Launch).unwrap_err();
        assert_eq!(refused.body().code, ErrorCode::InvalidArgument);
        assert!(wrong.context(None, None, Needs::Root).is_ok());
        let typed = wrong.context(None, Some(Containment::Group), Needs::Launch);
        assert_eq!(typed.unwrap().containment, Containment::Group);
    }
}
