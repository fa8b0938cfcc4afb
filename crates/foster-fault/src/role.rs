/// What a process is to a job. The store is used by all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Role {
    /// Whoever calls a verb: what a process is until it says otherwise.
    Launcher,
    /// It waits for the supervisor's end.
    Keeper,
    /// It looks after the job.
    Supervisor,
    /// It tells others of the job.
    Notifier,
}

#[cfg(feature = "armed")]
impl Role {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 4] = [
        Self::Launcher,
        Self::Keeper,
        Self::Supervisor,
        Self::Notifier,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Launcher => "launcher",
            Self::Keeper => "keeper",
            Self::Supervisor => "supervisor",
            Self::Notifier => "notifier",
        }
    }
}
