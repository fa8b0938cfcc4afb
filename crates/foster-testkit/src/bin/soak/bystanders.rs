use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::PoisonError;

use foster_testkit::{Sandbox, Watched};
use serde_json::Value;

use crate::ledger::Round;
use crate::started_job::StartedJob;

/// What must live through all of it: processes that are nobody's job, and a job that is left alone, whose
/// supervisor may not need more at the end than at the beginning.
pub struct Bystanders {
    strangers: Vec<Child>,
    job: StartedJob,
    /// Its supervisor and its keeper.
    daemons: Vec<Watched>,
    descriptors: Vec<usize>,
    sent: Mutex<u64>,
}

impl Bystanders {
    /// Starts them.
    pub fn start(sandbox: &Sandbox) -> Self {
        let strangers = (0..3).map(|_| {
            let mut stranger = Command::new("cat");
            stranger.stdin(Stdio::piped()).stdout(Stdio::null());
            stranger.spawn().expect("cat can be started")
        });
        let strangers = strangers.collect();
        let answer = sandbox.ok(["run", "--no-wait", "--stdin", "open", "--", "cat"]);
        let job = StartedJob::from_answer(&answer);
        let daemons = daemons(&job);
        let bystanders = Self {
            strangers,
            descriptors: daemons.iter().map(descriptors).collect(),
            job,
            daemons,
            sent: Mutex::new(0),
        };
        assert_eq!(bystanders.daemons.len(), 2, "a supervisor and a keeper");
        bystanders
    }

    /// Sends the job another line.
    pub fn send(&self, sandbox: &Sandbox) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sandbox.ok(["send", &self.job.id, &format!("line {sent}")]);
        *sent += 1;
    }

    /// Ends them, and checks that nothing was done to them.
    pub fn end(mut self, sandbox: &Sandbox, round: &mut Round) {
        for stranger in &mut self.strangers {
            let ended = stranger.try_wait().expect("a child can be asked for");
            round.stranger_hit_unless(ended.is_none(), || format!("a stranger: {ended:?}"));
            drop(stranger.stdin.take());
            stranger.wait().expect("a child can be reaped");
        }
        round.lost_unless(daemons(&self.job) == self.daemons, || {
            "its daemons changed".to_owned()
        });
        let now: Vec<usize> = self.daemons.iter().map(descriptors).collect();
        round.escaped_unless(now == self.descriptors, || {
            format!(
                "descriptors of supervisor and keeper: {:?}, {now:?}",
                self.descriptors
            )
        });
        sandbox.ok(["send", &self.job.id, "--eof"]);
        let last = sandbox.ok(["wait", &self.job.id, "--timeout", "10s"]);
        round.lost_unless(last["exit_code"] == 0, || format!("{last:#}"));
        let sent = *self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<String> = (0..sent).map(|number| format!("line {number}\n")).collect();
        let kept = self.job.log(1, 0);
        round.lost_unless(kept == lines.concat().as_bytes(), || {
            format!("not what {sent} sent")
        });
    }
}

fn daemons(job: &StartedJob) -> Vec<Watched> {
    let state = fs::read(job.dir.join("state.json")).unwrap_or_default();
    let state: Value = serde_json::from_slice(&state).unwrap_or_default();
    let daemons = ["supervisor", "keeper"].map(|who| Watched::from_json(&state["record"][who]));
    daemons.into_iter().flatten().collect()
}

fn descriptors(process: &Watched) -> usize {
    fs::read_dir(format!("/proc/{}/fd", process.pid)).map_or(0, Iterator::count)
}
