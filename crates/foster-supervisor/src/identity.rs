use foster_model::{Host, Identity, JobRecord};
use foster_process::{HostIdentity, ProcessIdentity, ProcessRef, Signal};

/// Returns a process's identity as files have it.
pub fn to_model(identity: ProcessIdentity) -> Identity {
    let ProcessIdentity {
        pid,
        start_time,
        unique,
    } = identity;
    Identity {
        pid,
        start_time,
        unique,
    }
}

/// Returns an identity from a file as the process library has it.
pub fn from_model(identity: Identity) -> ProcessIdentity {
    let Identity {
        pid,
        start_time,
        unique,
    } = identity;
    ProcessIdentity {
        pid,
        start_time,
        unique,
    }
}

/// Returns the system that this process runs on, as files have it.
pub fn current_host() -> Host {
    let HostIdentity {
        machine,
        boot,
        pid_namespace,
    } = HostIdentity::current();
    Host {
        machine,
        boot,
        pid_namespace,
    }
}

/// How the system that a job was launched on relates to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinship {
    /// The same: its pids mean something here.
    Same,
    /// The same machine, started anew since: nothing of the job can be left.
    EarlierBoot,
    /// Another machine or PID namespace: nothing can be judged from here.
    Foreign,
}

/// Returns how `host` relates to `here`.
pub fn kinship(host: &Host, here: &Host) -> Kinship {
    if host.machine != here.machine {
        Kinship::Foreign
    } else if host.boot != here.boot {
        Kinship::EarlierBoot
    } else if host.pid_namespace != here.pid_namespace {
        Kinship::Foreign
    } else {
        Kinship::Same
    }
}

/// Lets keeper and supervisor go on if somebody stopped them: they are Foster's own, and a stop of
/// them is never wanted. What is gone is left alone.
pub fn wake(record: &JobRecord) {
    for identity in [record.keeper, record.supervisor].into_iter().flatten() {
        if let Ok(process) = ProcessRef::find(&from_model(identity)) {
            let _ = process.signal(Signal::CONT);
        }
    }
}

/// Ends a supervisor that is there and can't be talked to, so that its keeper takes its place:
/// nothing is lost by that. Returns whether there was such a supervisor, and a keeper to succeed it.
pub fn depose(record: &JobRecord) -> bool {
    let (Some(keeper), Some(supervisor)) = (record.keeper, record.supervisor) else {
        return false;
    };
    let find = |identity| ProcessRef::find(&from_model(identity)).ok();
    if keeper == supervisor || find(keeper).is_none() {
        return false;
    }
    find(supervisor).is_some_and(|supervisor| supervisor.signal(Signal::KILL).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reboot_is_told_from_another_place() {
        let host = |machine: &str, boot: &str, pid_namespace| Host {
            machine: machine.to_owned(),
            boot: Some(boot.to_owned()),
            pid_namespace: Some(pid_namespace),
        };
        let here = host("m", "b", 1);
        assert_eq!(kinship(&host("m", "b", 1), &here), Kinship::Same);
        assert_eq!(kinship(&host("m", "a", 9), &here), Kinship::EarlierBoot);
        assert_eq!(kinship(&host("m", "b", 2), &here), Kinship::Foreign);
        assert_eq!(kinship(&host("n", "b", 1), &here), Kinship::Foreign);
    }
}
