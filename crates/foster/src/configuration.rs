use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use foster_api::Failure;
use foster_api::args::Common;
use foster_api::args::Format;
use foster_model::answer::{ConfigFileView, ConfigSource, RulesFrom};
use foster_model::{ErrorCode, GcRules};
use foster_service::config::{AnswerForm, Config, ConfigError, ConfigFile, Layers};
use foster_service::{Containment, Context, ServiceError};

use crate::environment::{Environment, Needs};

/// The longest file that is read, in bytes: one of another kind was named by mistake.
const LONGEST: u64 = 1 << 20;

/// What is configured, and what is known of the file.
pub struct Configuration {
    /// The values, and where they came from. Where the file can't be used, those without it.
    pub config: Config,
    /// The file.
    pub file: ConfigFileView,
    /// Why the file can't be used, if it can't.
    problem: Option<ServiceError>,
}

impl Configuration {
    /// Reads the file, and merges it with what was typed and with the environment.
    ///
    /// # Errors
    /// Something typed can't be a value of its setting. What is wrong with the file is
    /// [`Configuration::refuse`]d, or told of, by each verb.
    pub fn load(common: Option<&Common>, environment: &Environment) -> Result<Self, Failure> {
        let typed = common.and_then(|common| common.config.as_deref());
        let flags = common.map(flags).unwrap_or_default();
        Self::read(typed, &flags, environment)
    }

    /// [`Configuration::load`] for whoever has no whole command line: `typed` is the file that it names.
    ///
    /// # Errors
    /// None that such a caller could bring about.
    pub fn read(
        typed: Option<&Path>,
        flags: &[(&'static str, OsString)],
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let named = typed.or_else(|| environment.named_config());
        let path = named
            .map(Path::to_owned)
            .or_else(|| environment.usual_config());
        let read = path
            .as_deref()
            .map_or(Ok(None), |path| read(path, named.is_some()));
        let (file, problem) = match read {
            Ok(file) => (file, None),
            Err(error) => (None, Some(ServiceError::from(error))),
        };
        let place = environment.usual_root().unwrap_or_default();
        let layers = Layers {
            flags,
            environment: environment.variables(),
            file: file.as_ref(),
            root: place.as_os_str(),
        };
        let config = Config::merge(layers).map_err(ServiceError::from)?;
        let found = path.as_deref().is_some_and(Path::exists);
        let file = ConfigFileView {
            path: path.map(|path| absolute(&path).to_string_lossy().into_owned()),
            named: named.is_some(),
            found,
            problem: problem.as_ref().map(ServiceError::body),
        };
        Ok(Self {
            config,
            file,
            problem,
        })
    }

    /// Returns why the file can't be used, if it can't.
    pub fn refuse(&mut self) -> Result<(), Failure> {
        self.problem
            .take()
            .map_or(Ok(()), |error| Err(error.into()))
    }

    /// Returns the form of answers that is set, if one is.
    pub fn format(&self) -> Result<Option<Format>, Failure> {
        self.config.value("output").map_err(ServiceError::from)?;
        Ok(match self.config.settings.general.output {
            AnswerForm::Auto => None,
            AnswerForm::Json => Some(Format::Json),
            AnswerForm::Yaml => Some(Format::Yaml),
            AnswerForm::Text => Some(Format::Text),
        })
    }

    /// Returns what the service is told of the caller. `containment` is what was typed.
    pub fn context(
        &self,
        common: &Common,
        containment: Option<Containment>,
        environment: &Environment,
        needs: Needs,
    ) -> Result<Context, Failure> {
        let general = &self.config.settings.general;
        let Some(root) = common.root.as_ref().or(general.root.as_ref()) else {
            return Err(Failure::with_hint(
                ErrorCode::RootUnusable,
                "there is no home directory to keep the jobs in",
                None,
            ));
        };
        if needs == Needs::Launch && containment.is_none() {
            self.config
                .value("containment")
                .map_err(ServiceError::from)?;
        }
        let containment = containment.unwrap_or(general.containment);
        let auto_gc = match needs {
            Needs::Launch => self.auto_gc()?,
            // A wrong word about deleting keeps nobody from ending or starting what there is.
            Needs::Root | Needs::Directory => self.auto_gc().unwrap_or_default(),
        };
        environment.context(root.clone(), containment, auto_gc, needs)
    }

    /// Returns the rules by which old jobs are deleted, and whether somebody has set any of them.
    pub fn gc_rules(&self) -> Result<(GcRules, RulesFrom), Failure> {
        let mut from = RulesFrom::Default;
        for key in ["gc.older_than", "gc.max_jobs", "gc.max_bytes"] {
            let value = self.config.value(key).map_err(ServiceError::from)?;
            if value.is_some_and(|value| value.source != ConfigSource::Default) {
                from = RulesFrom::Configuration;
            }
        }
        let set = &self.config.settings.gc;
        let rules = GcRules {
            older_than: set.older_than,
            max_jobs: set.max_jobs.map(|jobs| jobs as u64),
            max_bytes: set.max_bytes,
        };
        Ok((rules, from))
    }

    /// Returns the rules for whoever deletes without being asked, if that is wanted.
    fn auto_gc(&self) -> Result<Option<GcRules>, Failure> {
        self.config.value("gc.auto").map_err(ServiceError::from)?;
        let rules = self.gc_rules()?.0;
        Ok(Some(rules).filter(|_| self.config.settings.gc.auto))
    }
}

/// Returns what was typed of that which can be set in other ways too. The options of verbs are left to
/// their parser.
fn flags(common: &Common) -> Vec<(&'static str, OsString)> {
    let root = common
        .root
        .as_ref()
        .map(|root| ("root", root.clone().into()));
    let format = common.format().ok().flatten();
    let output = format.map(|format| ("output", format.word().into()));
    root.into_iter().chain(output).collect()
}

fn read(path: &Path, named: bool) -> Result<Option<ConfigFile>, ConfigError> {
    // A home directory that may not be entered, or is none, has no configuration in it either: it is
    // often another user's, whose variables were kept.
    if !named && path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let unreadable = |source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    };
    demand_regular(path, named).map_err(unreadable)?;
    let file = File::open(path).map_err(unreadable)?;
    if !named {
        trust(path, &file.metadata().map_err(unreadable)?)?;
    }
    let text = read_text(file).map_err(unreadable)?;
    ConfigFile::parse(path, &text).map(Some)
}

/// A file that is named may be a pipe (`--config <(generate)`); one that nobody has named, and that would
/// be waited for, is there by mistake.
fn demand_regular(path: &Path, named: bool) -> io::Result<()> {
    if named || path.metadata()?.is_file() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is not a regular file",
    ))
}

/// Refuses a file that was found and not named, if it may be somebody else's word: the rules for
/// deleting jobs stand in it, and `HOME` may be another user's. Whoever names a file has looked at it.
fn trust(path: &Path, file: &Metadata) -> Result<(), ConfigError> {
    let (owner, mode) = (file.uid(), file.mode() & 0o7777);
    // Many systems give each user a group of their own, which may write what they make.
    let own_group = file.gid() == rustix::process::getegid().as_raw();
    let others = if own_group { 0o002 } else { 0o022 };
    let reason = if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        format!("belongs to user {owner}")
    } else if mode & others != 0 {
        format!("may be written to by others (mode {mode:04o})")
    } else {
        return Ok(());
    };
    let path = path.to_owned();
    Err(ConfigError::NotTrusted { path, reason })
}

fn read_text(file: File) -> io::Result<String> {
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
