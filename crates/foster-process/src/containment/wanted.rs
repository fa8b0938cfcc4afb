use std::io;
use std::str::FromStr;

/// How a caller wants a tree to be held.
///
/// It means the same to [`Scope::prepare`](super::Scope::prepare) and to [`Command`](crate::Command), but for what is left
/// when there is no control group: a scope is then this process's own descendants
/// ([`Level::Subreaper`](super::Level::Subreaper)), since its user has said that this process is theirs; a `Command` takes
/// [`Level::Group`](super::Level::Group), since its user may have other children, and other trees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Containment {
    /// The strongest that is to be had.
    #[default]
    Auto,
    /// A control group or nothing.
    Cgroup,
    /// Descendants of a subreaper, also where a control group is to be had. Linux only. A
    /// [`Command`](crate::Command) takes it if this process is a subreaper and holds no other such
    /// tree.
    Subreaper,
    /// The leader's process group and session and whoever bears the tree's mark, also where more is
    /// to be had. [`Scope::prepare`](super::Scope::prepare) refuses it on Linux.
    Group,
    /// A PID namespace or nothing. Linux only. The tree ends with the *thread* that starts it.
    PidNamespace,
}

/// The containment that was demanded is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum ContainmentError {
    /// This machine, or this user on it, doesn't offer it.
    #[error("containment {wanted} is not available here: {reason}")]
    Unavailable {
        /// What was demanded.
        wanted: &'static str,
        /// Why it is not to be had.
        reason: String,
        /// The system's reason, if one was given.
        source: Option<io::Error>,
    },
}

/// The text names no containment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no containment: use auto, cgroup, subreaper, group or pidns")]
pub struct UnknownContainment(pub String);

impl FromStr for Containment {
    type Err = UnknownContainment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "cgroup" => Ok(Self::Cgroup),
            "subreaper" => Ok(Self::Subreaper),
            "group" => Ok(Self::Group),
            "pidns" => Ok(Self::PidNamespace),
            other => Err(UnknownContainment(other.to_owned())),
        }
    }
}

impl Containment {
    /// Returns the word for it, which [`Containment::from_str`] reads.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cgroup => "cgroup",
            Self::Subreaper => "subreaper",
            Self::Group => "group",
            Self::PidNamespace => "pidns",
        }
    }
}
