use std::io;
use std::path::PathBuf;

use rustix::io::Errno;

use crate::Role;

/// What is done at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Kill,
    Stop,
    /// What was to be tried fails.
    Fail(Errno),
}

/// The errors that what is tried may fail with, as the system calls them.
const ERRORS: [(&str, Errno); 5] = [
    ("ENOSPC", Errno::NOSPC),
    ("EIO", Errno::IO),
    ("EMFILE", Errno::MFILE),
    ("EAGAIN", Errno::AGAIN),
    ("ENOMEM", Errno::NOMEM),
];

/// One fault that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub role: Role,
    pub point: String,
    /// The how-manieth passing it is, from 1.
    pub occurrence: u32,
    pub action: Action,
}

impl Fault {
    /// Reads the name of a fault.
    pub fn parse(name: &str) -> Option<Self> {
        let (place, action) = name.rsplit_once('=')?;
        let (role, point) = place.split_once(':')?;
        let (point, occurrence) = match point.split_once('@') {
            Some((point, number)) => (point, number.parse().ok().filter(|number| *number > 0)?),
            None => (point, 1),
        };
        Some(Self {
            role: Role::ALL.into_iter().find(|known| known.as_str() == role)?,
            point: point.to_owned(),
            occurrence,
            action: Action::parse(action)?,
        })
    }
}

impl Action {
    fn parse(text: &str) -> Option<Self> {
        let error = || ERRORS.iter().find(|(name, _)| *name == text);
        match text {
            "kill" => Some(Self::Kill),
            "stop" => Some(Self::Stop),
            _ => error().map(|(_, errno)| Self::Fail(*errno)),
        }
    }
}

/// Why the faults could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ArmError {
    /// The folder is given by a path that means another one after the next change of directory.
    #[error("the folder of faults {0:?} is no absolute path")]
    Relative(PathBuf),
    /// The folder can't be read.
    #[error("the folder of faults {path:?} can't be read")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file in it names no fault.
    #[error("{0:?} is no fault: ROLE:POINT@N=ACTION")]
    Name(String),
}
