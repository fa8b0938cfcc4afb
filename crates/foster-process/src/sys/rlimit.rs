//! Resource limits.
#![expect(unsafe_code, reason = "the limits that libc names have no other way")]

use crate::spawn::{Resource, ResourceLimit};

/// A limit as the kernel takes it.
pub struct Rlimit {
    /// What is limited.
    pub resource: Resource,
    value: libc::rlimit,
}

impl Rlimit {
    /// Returns the limit in the kernel's form.
    pub fn new(limit: &ResourceLimit) -> Self {
        let number = |limit: Option<u64>| limit.map_or(libc::RLIM_INFINITY, |n| n as libc::rlim_t);
        Self {
            resource: limit.resource,
            value: libc::rlimit {
                rlim_cur: number(limit.soft),
                rlim_max: number(limit.hard),
            },
        }
    }

    /// Sets it for this process; whether it could. Only calls the system.
    pub fn set(&self) -> bool {
        // SAFETY: a valid structure, which the kernel reads.
        unsafe { libc::setrlimit(number_of(self.resource), &raw const self.value) == 0 }
    }
}

/// Returns this process's own limit.
pub fn own_limit(resource: Resource) -> Option<ResourceLimit> {
    let mut value = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure is the kernel's to write.
    let told = unsafe { libc::getrlimit(number_of(resource), &raw mut value) } == 0;
    let number = |limit: libc::rlim_t| (limit != libc::RLIM_INFINITY).then_some(limit);
    told.then(|| ResourceLimit {
        resource,
        soft: number(value.rlim_cur),
        hard: number(value.rlim_max),
    })
}

/// Returns whether `RLIMIT_NPROC` does not bind this process: it is root's, or has the right to
/// exceed resource limits (kernel/fork.c, `copy_process`).
pub fn forks_without_limit() -> bool {
    rustix::process::getuid().is_root() || has_resource_capability()
}

#[cfg(target_os = "linux")]
fn has_resource_capability() -> bool {
    use rustix::thread::CapabilitySet;
    let exempt = CapabilitySet::SYS_RESOURCE | CapabilitySet::SYS_ADMIN;
    rustix::thread::capabilities(None).is_ok_and(|sets| sets.effective.intersects(exempt))
}

#[cfg(not(target_os = "linux"))]
fn has_resource_capability() -> bool {
    false
}

/// The type that the C library's header has for the number of a limit: an enum in glibc alone.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
type ResourceNumber = libc::__rlimit_resource_t;
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
type ResourceNumber = libc::c_int;

fn number_of(resource: Resource) -> ResourceNumber {
    match resource {
        Resource::AddressSpace => libc::RLIMIT_AS,
        Resource::Core => libc::RLIMIT_CORE,
        Resource::Cpu => libc::RLIMIT_CPU,
        Resource::Data => libc::RLIMIT_DATA,
        Resource::FileSize => libc::RLIMIT_FSIZE,
        Resource::LockedMemory => libc::RLIMIT_MEMLOCK,
        Resource::OpenFiles => libc::RLIMIT_NOFILE,
        Resource::Processes => libc::RLIMIT_NPROC,
        Resource::Stack => libc::RLIMIT_STACK,
    }
}
