//! The platforms. Each has the same functions under the same names; nothing above this module
//! knows which was chosen.

mod child;
mod groups;
#[cfg(all(target_os = "linux", not(foster_portable)))]
mod linux;
#[cfg(all(unix, any(not(target_os = "linux"), foster_portable)))]
mod portable;
mod socket;
mod unix;

pub use groups::*;
#[cfg(all(target_os = "linux", not(foster_portable)))]
pub use linux::*;
#[cfg(all(unix, any(not(target_os = "linux"), foster_portable)))]
pub use portable::*;
pub use socket::send_quietly;
pub use unix::*;

/// A step between clone and exec, told by number from the child to its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Stage {
    /// Making the child.
    Clone = 1,
    /// Entering the control group.
    Cgroup = 2,
    /// Making a session.
    Session = 3,
    /// Putting the streams into their places.
    Stdio = 4,
    /// Tying it to its parent's life.
    ParentDeath = 5,
    /// Entering the working directory.
    Chdir = 6,
    /// Executing the program.
    Exec = 7,
}

impl Stage {
    /// Returns the stage of this number; 0 and others mean none.
    pub fn from_number(number: i32) -> Option<Self> {
        let all = [
            Self::Clone,
            Self::Cgroup,
            Self::Session,
            Self::Stdio,
            Self::ParentDeath,
            Self::Chdir,
            Self::Exec,
        ];
        all.into_iter().find(|stage| *stage as i32 == number)
    }
}
