use std::io;
use std::path::PathBuf;

/// The configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("the configuration {} can't be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file was not named, and somebody else may write it.
    #[error("the configuration {} {reason}", path.display())]
    NotTrusted {
        /// The file.
        path: PathBuf,
        /// Who may write it.
        reason: String,
    },
    /// Something in the file is not understood, or not known.
    #[error("{}:{line}: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
        /// What to write instead, where that can be said.
        hint: Option<String>,
    },
    /// The value of a variable is not one of its setting's.
    #[error("{variable}: {reason}")]
    Variable {
        /// Its name.
        variable: String,
        /// What is wrong with its value.
        reason: String,
    },
}

impl ConfigError {
    /// Returns what to do about it, where that can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => None,
            Self::NotTrusted { .. } => Some(
                "own it, and let nobody else write it; or name it with --config, if you trust it"
                    .to_owned(),
            ),
            Self::Refused { hint, .. } => hint.clone(),
            Self::Variable { variable, .. } => Some(format!(
                "set {variable} to something else, or unset it; `foster config show` lists all"
            )),
        }
    }
}
