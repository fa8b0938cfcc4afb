use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use etcetera::BaseStrategy as _;
use foster_api::Failure;
use foster_model::ErrorCode;
use foster_service::{Containment, Context, GcRules, Way};

/// Names the configuration file, where `--config` doesn't.
const CONFIG: &str = "FOSTER_CONFIG";
/// Names the shell that asks what could be typed next; set by what `foster completions` prints.
pub const COMPLETE: &str = "FOSTER_COMPLETE";

/// What the process was given by whoever started it. Nothing else reads it.
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
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        let found = self.variables.iter().find(|(key, _)| key == name);
        let value = found.map(|(_, value)| value.as_os_str());
        value.filter(|value| !value.is_empty())
    }

    /// Returns all variables.
    pub fn variables(&self) -> &[(OsString, OsString)] {
        &self.variables
    }

    /// Returns the name of the shell that asks for completions, if one does.
    pub fn completing_shell(&self) -> Option<&OsStr> {
        self.variable(COMPLETE).filter(|shell| *shell != "0")
    }

    /// Returns whether colours are wanted wherever the output goes (<https://bixense.com/clicolors/>).
    pub fn forces_colors(&self) -> bool {
        self.variable("CLICOLOR_FORCE")
            .is_some_and(|value| value != "0")
    }

    /// Returns whether the terminal can do nothing but print one character after the other.
    pub fn dumb_terminal(&self) -> bool {
        self.variable("TERM").is_none_or(|term| term == "dumb")
    }

    /// Returns what the service is told of the caller.
    pub fn context(
        &self,
        root: PathBuf,
        containment: Containment,
        auto_gc: Option<GcRules>,
        needs: Needs,
    ) -> Result<Context, Failure> {
        Ok(Context {
            cwd: directory(&root, needs)?,
            root,
            env: self.variables.clone(),
            way: Way::Fork,
            containment,
            auto_gc,
            interrupt: None,
        })
    }

    /// Returns the configuration file that the environment names.
    pub fn named_config(&self) -> Option<&Path> {
        self.variable(CONFIG).map(Path::new)
    }

    /// Returns the place of the configuration file, if there is a home directory.
    pub fn usual_config(&self) -> Option<PathBuf> {
        let below = |config: PathBuf| config.join("foster").join("config.toml");
        if let Some(config) = self.absolute("XDG_CONFIG_HOME") {
            return Some(below(config.to_owned()));
        }
        let home = etcetera::home_dir().ok().filter(|home| home.is_absolute());
        home.map(|home| below(home.join(".config")))
    }

    /// Returns the platform's place for the root, if there is a home directory.
    pub fn usual_root(&self) -> Option<PathBuf> {
        if let Some(state) = self.absolute("XDG_STATE_HOME") {
            return Some(state.join("foster"));
        }
        let native = etcetera::base_strategy::choose_native_strategy().ok()?;
        let state = native.state_dir().unwrap_or_else(|| native.data_dir());
        state.is_absolute().then(|| state.join("foster"))
    }

    /// Returns the folder that a variable names. The specification of these variables says that a path
    /// that is not absolute is to be ignored.
    fn absolute(&self, name: &str) -> Option<&Path> {
        let path = self.variable(name).map(Path::new);
        path.filter(|path| path.is_absolute())
    }
}

/// Returns the path of this program, if the system tells.
pub fn program() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// Has a browser open an address: the one that `BROWSER` names, else the system's. Returns whether a program for that
/// could be started.
pub fn open_in_browser(environment: &Environment, address: &str) -> bool {
    let named = environment.variable("BROWSER").map(OsStr::to_owned);
    let usual = ["xdg-open", "open"].map(OsString::from);
    let programs = named.map_or_else(|| usual.to_vec(), |named| vec![named]);
    programs.iter().any(|program| {
        let started = Command::new(program)
            .arg(address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        // A browser may live as long as it likes. Those that only tell another one are waited for, so that no zombie
        // of theirs is left.
        started
            .map(|mut child| drop(thread::spawn(move || drop(child.wait()))))
            .is_ok()
    })
}

/// Returns the caller's home directory.
pub fn home() -> Result<PathBuf, Failure> {
    let home = etcetera::home_dir().ok().filter(|home| home.is_absolute());
    home.ok_or_else(|| {
        let hint = Some("set HOME, or name a folder".to_owned());
        Failure::with_hint(ErrorCode::Io, "there is no home directory", hint)
    })
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
    fn folders_that_the_environment_names_go_before_the_home_s() {
        let both = [("XDG_STATE_HOME", "/b"), ("XDG_CONFIG_HOME", "/c")];
        let both = environment(&both);
        assert_eq!(both.usual_root().unwrap(), Path::new("/b/foster"));
        let config = both.usual_config().unwrap();
        assert_eq!(config, Path::new("/c/foster/config.toml"));
        let relative = environment(&[("XDG_STATE_HOME", "b"), ("XDG_CONFIG_HOME", "c")]);
        let root = relative.usual_root();
        assert!(root.is_some_and(|root| root.is_absolute() && root.ends_with("foster")));
        assert!(
            relative
                .usual_config()
                .is_some_and(|path| path.is_absolute())
        );
    }

    #[test]
    fn what_is_empty_is_not_set() {
        let empty = environment(&[(CONFIG, ""), (COMPLETE, "")]);
        assert_eq!(empty.named_config(), None);
        assert_eq!(empty.completing_shell(), None);
        assert_eq!(environment(&[(COMPLETE, "0")]).completing_shell(), None);
    }
}
