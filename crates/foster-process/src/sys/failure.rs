use std::io;

/// A step between clone and exec, told by number from the child to its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Stage {
    /// Making the child.
    Clone = 1,
    /// Entering the control group, or making the namespace.
    Containment = 2,
    /// Making a session or a process group.
    Session = 3,
    /// Putting the streams into their places.
    Stdio = 4,
    /// Tying it to its parent's life.
    ParentDeath = 5,
    /// Entering the working directory.
    Chdir = 6,
    /// Executing the program.
    Exec = 7,
    /// Putting a further descriptor into its place; the detail is its number.
    Descriptors = 8,
    /// Setting its nice value.
    Nice = 9,
    /// Setting its I/O priority.
    IoPriority = 10,
    /// Setting a resource limit; the detail is its place in `Resource::ALL`.
    Limits = 11,
    /// Resetting signals.
    Signals = 12,
    /// Becoming another user; the detail is its place in `Credential::ALL`.
    Credentials = 13,
}

const ALL: [Stage; 13] = [
    Stage::Clone,
    Stage::Containment,
    Stage::Session,
    Stage::Stdio,
    Stage::ParentDeath,
    Stage::Chdir,
    Stage::Exec,
    Stage::Descriptors,
    Stage::Nice,
    Stage::IoPriority,
    Stage::Limits,
    Stage::Signals,
    Stage::Credentials,
];

/// What could not be done, and why. Plain numbers: a child may do no more than store them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// At which step.
    pub stage: Stage,
    /// The system's error number.
    pub errno: i32,
    /// What the step was about to do, if it does several things.
    pub detail: i32,
}

impl Failure {
    /// Returns a failure of the parent's own.
    pub fn of(stage: Stage, error: &io::Error) -> Self {
        Self {
            stage,
            errno: error.raw_os_error().unwrap_or(0),
            detail: 0,
        }
    }

    /// Returns the system's error.
    pub fn error(&self) -> io::Error {
        io::Error::from_raw_os_error(self.errno)
    }

    /// Returns it as three numbers.
    pub fn words(&self) -> [i32; 3] {
        [self.stage as i32, self.errno, self.detail]
    }

    /// Returns what these numbers mean; a stage of 0 means that nothing failed.
    pub fn from_words([stage, errno, detail]: [i32; 3]) -> Option<Self> {
        let stage = ALL.into_iter().find(|known| *known as i32 == stage)?;
        Some(Self {
            stage,
            errno,
            detail,
        })
    }
}
