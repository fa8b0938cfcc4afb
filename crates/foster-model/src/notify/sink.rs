use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::address::{check_url, conceal_url};
use crate::{InvalidNotification, NativeString, Secrets};

/// Where an event goes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "sink", rename_all = "snake_case")]
pub enum Sink {
    /// A program gets it on standard input.
    Command {
        /// The program and its arguments. Never empty.
        argv: Vec<NativeString>,
    },
    /// A line for `sh -c` gets it on standard input.
    Shell {
        /// The line.
        line: NativeString,
    },
    /// It is appended to a file, as one line.
    File {
        /// The file, absolute.
        path: NativeString,
    },
    /// It is posted to a server.
    Url {
        /// The address, `http` or `https`.
        url: String,
    },
}

impl Sink {
    /// Returns the word for its kind in answers.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Command { .. } => "command",
            Self::Shell { .. } => "shell",
            Self::File { .. } => "file",
            Self::Url { .. } => "url",
        }
    }

    /// Returns what it is called in answers. Of a sink that is concealed this
    /// may be shown.
    pub fn target(&self) -> String {
        match self {
            Self::Command { argv } => {
                let words: Vec<_> = argv.iter().map(NativeString::to_lossy).collect();
                words.join(" ")
            }
            Self::Shell { line } => line.to_lossy().into_owned(),
            Self::File { path } => path.to_lossy().into_owned(),
            Self::Url { url } => url.clone(),
        }
    }

    pub(super) fn concealed(&self, secrets: &Secrets) -> Self {
        let native = |text: &NativeString| secrets.conceal(text.as_bytes());
        match self {
            Self::Command { argv } => Self::Command {
                argv: argv.iter().map(native).collect(),
            },
            Self::Shell { line } => Self::Shell { line: native(line) },
            Self::File { path } => Self::File { path: native(path) },
            Self::Url { url } => Self::Url {
                url: secrets.conceal_text(&conceal_url(url)),
            },
        }
    }

    pub(super) fn check(&self) -> Result<(), InvalidNotification> {
        let has_nul = |text: &NativeString| text.as_bytes().contains(&0);
        let well = match self {
            Self::Command { argv } => {
                let named = argv.first().is_some_and(|word| !word.as_bytes().is_empty());
                named && !argv.iter().any(has_nul)
            }
            Self::Shell { line } => !line.as_bytes().is_empty() && !has_nul(line),
            Self::File { path } => path.as_bytes().starts_with(b"/") && !has_nul(path),
            Self::Url { url } => return check_url(url),
        };
        let kind = self.kind();
        well.then_some(())
            .ok_or(InvalidNotification::Empty { kind })
    }
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = self.concealed(&Secrets::default()).target();
        f.debug_tuple(self.kind()).field(&shown).finish()
    }
}
