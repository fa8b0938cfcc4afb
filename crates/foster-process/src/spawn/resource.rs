use std::fmt;

/// What a process may be limited in, in the units of
/// [setrlimit(2)](https://man7.org/linux/man-pages/man2/setrlimit.2.html).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// `RLIMIT_AS`: its address space, in bytes.
    AddressSpace,
    /// `RLIMIT_CORE`: a core file, in bytes.
    Core,
    /// `RLIMIT_CPU`: processor time, in seconds. XCPU is sent at the soft limit, KILL at the hard one.
    Cpu,
    /// `RLIMIT_DATA`: its data segment, in bytes.
    Data,
    /// `RLIMIT_FSIZE`: a file that it writes, in bytes.
    FileSize,
    /// `RLIMIT_MEMLOCK`: memory that it locks, in bytes.
    LockedMemory,
    /// `RLIMIT_NOFILE`: the highest descriptor, plus one.
    OpenFiles,
    /// `RLIMIT_NPROC`: the processes and threads of its *user*, wherever they were started. Root is
    /// not bound by it.
    Processes,
    /// `RLIMIT_STACK`: its stack, in bytes.
    Stack,
}

/// A limit, in the unit of its resource; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceLimit {
    /// What is limited.
    pub resource: Resource,
    /// The limit in force, which the process may raise up to `hard`.
    pub soft: Option<u64>,
    /// What the process can only lower. To raise it above the caller's takes privilege.
    pub hard: Option<u64>,
}

impl Resource {
    /// Every resource.
    pub const ALL: [Self; 9] = [
        Self::AddressSpace,
        Self::Core,
        Self::Cpu,
        Self::Data,
        Self::FileSize,
        Self::LockedMemory,
        Self::OpenFiles,
        Self::Processes,
        Self::Stack,
    ];

    /// Returns the word for it, that of `prlimit(1)`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AddressSpace => "as",
            Self::Core => "core",
            Self::Cpu => "cpu",
            Self::Data => "data",
            Self::FileSize => "fsize",
            Self::LockedMemory => "memlock",
            Self::OpenFiles => "nofile",
            Self::Processes => "nproc",
            Self::Stack => "stack",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ResourceLimit {
    /// Returns the limit that neither the process nor anybody without privilege can raise again.
    pub fn fixed(resource: Resource, limit: u64) -> Self {
        Self {
            resource,
            soft: Some(limit),
            hard: Some(limit),
        }
    }

    /// Returns whether the soft limit is within the hard one: the kernel refuses any other.
    pub fn is_valid(&self) -> bool {
        let as_number = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
        as_number(self.soft) <= as_number(self.hard)
    }

    /// Returns the stricter of two limits of one resource.
    pub(crate) fn stricter(self, other: Self) -> Self {
        let least = |one: Option<u64>, two: Option<u64>| one.into_iter().chain(two).min();
        let hard = least(self.hard, other.hard);
        Self {
            resource: self.resource,
            soft: least(least(self.soft, other.soft), hard),
            hard,
        }
    }
}
