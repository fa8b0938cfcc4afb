use foster_model::answer::{ProcessView, ProcessesAnswer, ProcessesTotal};
use foster_model::{Identity, JobRecord, JobSelector};
use foster_process::{MemberDetails, TreeUsage};
use foster_supervisor::Members;

use crate::context::Context;
use crate::deadline::millis;
use crate::error::ServiceError;
use crate::reaching::watch::settled_record;
use crate::showing::process_command::{Commands, hides_anything};
use crate::showing::process_order::in_order;
use crate::showing::view::is_foreign;

/// What `processes` is asked for.
#[derive(Debug, Clone)]
pub struct ProcessesRequest {
    /// The job.
    pub job: JobSelector,
}

impl From<JobSelector> for ProcessesRequest {
    fn from(job: JobSelector) -> Self {
        Self { job }
    }
}

/// Tells which processes of a job live, as they are now: those that are proved to be its own. Of a job
/// that is over they are what it has left behind.
///
/// # Errors
/// No such job, or more than one; one of another machine or PID namespace; processes that can't be
/// looked at.
pub fn processes(
    ctx: &Context,
    request: &ProcessesRequest,
) -> Result<ProcessesAnswer, ServiceError> {
    let (root, folder) = ctx.find(&request.job)?;
    let definition = folder.definition()?;
    if is_foreign(&definition) {
        return Err(ServiceError::Foreign(folder.id()));
    }
    let record = settled_record(&root, &folder)?;
    let found = Members::find(&definition, &record, hides_anything(&definition))
        .map_err(ServiceError::io("the job's processes can't be looked at"))?;
    // Whoever looks after it may be another by now.
    let record = folder.record()?;
    let Members { processes, usage } = found.without_guardians(&record);
    let commands = Commands::new(ctx, &folder, &definition, &processes)?;
    let processes: Vec<_> = in_order(processes)
        .into_iter()
        .map(|member| view(&member, &record, &commands))
        .collect();
    Ok(ProcessesAnswer {
        job_id: folder.id(),
        run: record.run,
        state: record.state,
        total: total(&processes, usage),
        processes,
        containment: record.containment,
    })
}

fn view(member: &MemberDetails, record: &JobRecord, commands: &Commands) -> ProcessView {
    let identity = member.identity;
    let is_leader =
        |leader: Identity| leader.pid == identity.pid && leader.start_time == identity.start_time;
    ProcessView {
        pid: identity.pid,
        parent: member.parent,
        command: commands.shown(member),
        state: member.state.to_string(),
        started_at: member.started.map(Into::into),
        cpu_ms: member.cpu.map(millis),
        memory_bytes: member.memory,
        threads: member.threads,
        leader: record.leader.is_some_and(is_leader),
    }
}

/// Sums up what a control group has not counted.
fn total(processes: &[ProcessView], usage: TreeUsage) -> ProcessesTotal {
    let counted = usage.user.zip(usage.system);
    let cpu = counted.map(|(user, system)| millis(user + system));
    let sum = |part: fn(&ProcessView) -> Option<u64>| processes.iter().map(part).sum();
    ProcessesTotal {
        processes: processes.len() as u64,
        cpu_ms: cpu.or_else(|| sum(|process| process.cpu_ms)),
        memory_bytes: usage.memory.or_else(|| sum(|process| process.memory_bytes)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn process(cpu_ms: Option<u64>) -> ProcessView {
        ProcessView {
            pid: 1,
            parent: 0,
            command: String::new(),
            state: "S".to_owned(),
            started_at: None,
            cpu_ms,
            memory_bytes: Some(5),
            threads: None,
            leader: false,
        }
    }

    #[test]
    fn a_sum_with_something_unknown_in_it_is_unknown() {
        let all = [process(Some(1)), process(Some(2))];
        let summed = total(&all, TreeUsage::default());
        assert_eq!((summed.processes, summed.cpu_ms), (2, Some(3)));
        assert_eq!(summed.memory_bytes, Some(10));
        let one = [process(Some(1)), process(None)];
        assert_eq!(total(&one, TreeUsage::default()).cpu_ms, None);
        let usage = TreeUsage {
            user: Some(Duration::from_millis(40)),
            system: Some(Duration::from_millis(2)),
            memory: Some(7),
            ..TreeUsage::default()
        };
        let counted = total(&one, usage);
        assert_eq!((counted.cpu_ms, counted.memory_bytes), (Some(42), Some(7)));
    }
}
