use std::time::Duration;

use fastrand::Rng;
use foster_testkit::Sandbox;

use crate::started_job::StartedJob;

/// What is done to a job, or to those who look after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    Nothing,
    /// SIGKILL to its supervisor.
    Supervisor,
    /// SIGKILL to its keeper.
    Keeper,
    /// SIGKILL to both, one right after the other.
    Both,
    /// SIGKILL to whoever launches it.
    Launcher,
    /// `foster kill`.
    Stop,
    /// `foster kill` while the supervisor gets SIGKILL.
    StopAndSupervisor,
    /// `foster recover` by two at once, though nothing is wrong.
    Recover,
}

impl Fault {
    /// Returns one of them.
    pub fn some(rng: &mut Rng) -> Self {
        use Fault::*;
        let all = [
            Nothing,
            Supervisor,
            Supervisor,
            Supervisor,
            Keeper,
            Keeper,
            Both,
            Launcher,
            Stop,
            StopAndSupervisor,
            Recover,
        ];
        all[rng.usize(..all.len())]
    }

    /// Returns its line in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing is done to a job",
            Self::Supervisor => "a supervisor killed at any moment",
            Self::Keeper => "a keeper killed at any moment",
            Self::Both => "keeper and supervisor killed at once",
            Self::Launcher => "a launcher killed at any moment",
            Self::Stop => "a job stopped at any moment",
            Self::StopAndSupervisor => "a supervisor killed while it stops its job",
            Self::Recover => "two recover a job that is well",
        }
    }

    /// Whether the job must come to its own end all the same.
    pub fn leaves_the_job_alone(self) -> bool {
        use Fault::*;
        matches!(self, Nothing | Supervisor | Keeper | Launcher | Recover)
    }

    /// Makes the fault, at a random moment of the job's life.
    pub fn make(self, sandbox: &Sandbox, job: &StartedJob, rng: &mut Rng) {
        // An end of the job in that time is waited for no longer.
        let moment = Duration::from_micros(rng.u64(0..150_000));
        if !matches!(self, Self::Nothing | Self::Launcher) && rng.u8(0..4) > 0 {
            job.leader_ends_within(moment);
        }
        match self {
            Self::Nothing | Self::Launcher => {}
            Self::Supervisor => job.kill("supervisor"),
            Self::Keeper => job.kill("keeper"),
            Self::Both => {
                let order = [["supervisor", "keeper"], ["keeper", "supervisor"]];
                order[rng.usize(..2)].iter().for_each(|who| job.kill(who));
            }
            Self::Stop => stop(sandbox, &job.id),
            Self::StopAndSupervisor => std::thread::scope(|scope| {
                scope.spawn(|| stop(sandbox, &job.id));
                job.leader_ends_within(moment / 20);
                job.kill("supervisor");
            }),
            Self::Recover => std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| sandbox.ok(["recover", &job.id]));
                }
            }),
        }
    }
}

/// Ends a job. One that is over already is no error, or one that says so.
pub fn stop(sandbox: &Sandbox, id: &str) {
    let answer = sandbox.json(["kill", id, "--grace", "100ms"]);
    let known = answer.value["ok"] == true || answer.value["error"]["code"] == "job_finished";
    assert!(known, "kill: {:#}", answer.value);
}
