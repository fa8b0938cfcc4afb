use std::fmt;

/// What a process is, to those who ask whether it may
/// ([credentials(7)](https://man7.org/linux/man-pages/man7/credentials.7.html)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// Its supplementary groups.
    Groups,
    /// Its group: the real, the effective and the saved one.
    Gid,
    /// Its user, likewise.
    Uid,
}

impl Credential {
    /// All of them, in the order in which they are set: who is no longer root may set none.
    pub const ALL: [Self; 3] = [Self::Groups, Self::Gid, Self::Uid];
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Groups => "supplementary groups",
            Self::Gid => "group",
            Self::Uid => "user",
        })
    }
}

/// The credentials that a child is to have; `None` for its parent's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub groups: Option<Vec<u32>>,
    pub gid: Option<u32>,
    pub uid: Option<u32>,
}
