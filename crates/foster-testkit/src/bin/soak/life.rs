use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fastrand::Rng;
use foster_testkit::{Sandbox, Watched, wait_on_dir};
use serde_json::Value;

use crate::fault::{Fault, stop};
use crate::ledger::{Ledger, Round};
use crate::started_job::StartedJob;
use crate::traces::marked;
use crate::work::{End, Work};

/// How long a job may take to its end, on a machine with much else to do.
const PATIENCE: &str = "45s";

/// How long those may take to go who have nothing left to do.
const SOON: Duration = Duration::from_secs(10);

/// Leads one job after the other through its life.
pub fn lead_until(end: Instant, sandbox: &Sandbox, ledger: &Ledger, worker: u64, mut rng: Rng) {
    let mut number = 0;
    while Instant::now() < end {
        let fault = Fault::some(&mut rng);
        let name = format!("soak-{worker}-{number}");
        ledger.scenario(fault.name(), |round| {
            Life::new(sandbox, name, fault, &mut rng).lead(round, &mut rng);
        });
        number += 1;
    }
}

struct Life<'a> {
    sandbox: &'a Sandbox,
    name: String,
    work: Work,
    fault: Fault,
    /// Gets a line whenever the command is executed.
    marks: PathBuf,
    pids: PathBuf,
}

impl<'a> Life<'a> {
    fn new(sandbox: &'a Sandbox, name: String, fault: Fault, rng: &mut Rng) -> Self {
        let pids = sandbox.work().join(format!("{name}.pids"));
        Self {
            work: Work::some(rng, &pids),
            marks: sandbox.work().join(format!("{name}.marks")),
            sandbox,
            name,
            fault,
            pids,
        }
    }

    fn lead(self, round: &mut Round, rng: &mut Rng) {
        if let Some(job) = self.launch(round, rng) {
            self.fault.make(self.sandbox, &job, rng);
            let last = self.await_end(&job, 1);
            self.check(&job, &last, 1, round);
            self.afterwards(&job, round, rng);
        }
        for file in [&self.marks, &self.pids] {
            // Not every job makes them.
            let _ = fs::remove_file(file);
        }
    }

    fn args(&self, rng: &mut Rng) -> Vec<String> {
        let containment = if rng.u8(0..3) == 0 {
            "subreaper"
        } else {
            "auto"
        };
        let mut args = vec![
            "run",
            "--no-wait",
            "--name",
            &self.name,
            "--containment",
            containment,
        ];
        args.extend(["--tag", "soak"]);
        let options = args
            .into_iter()
            .map(str::to_owned)
            .chain(self.work.options.clone());
        let shell = ["--", "sh", "-c", r#"echo executed >> "$0"; exec "$@""#];
        let marks = self.marks.display().to_string();
        let command = shell.map(str::to_owned).into_iter().chain([marks]);
        options
            .chain(command)
            .chain(self.work.command.clone())
            .collect()
    }

    /// Returns the job; `None` if its launcher was killed before there was one.
    fn launch(&self, round: &mut Round, rng: &mut Rng) -> Option<StartedJob> {
        let args = self.args(rng);
        if self.fault != Fault::Launcher {
            return Some(StartedJob::from_answer(&self.sandbox.ok(args)));
        }
        self.kill_a_launcher(&args, rng);
        loop {
            let answer = self.sandbox.json(["status", &self.name]).value;
            if answer["error"]["code"] == "job_not_found" {
                break;
            }
            let job = StartedJob::from_answer(&answer);
            if answer["state"] != "created" {
                return Some(job);
            }
            // A keeper that was there already goes on without its launcher.
            if !job.is_looked_after() && self.is_still_created() {
                break;
            }
        }
        round.lost_unless(self.executions() == 0, || {
            format!("{} runs without a job", self.name)
        });
        None
    }

    fn is_still_created(&self) -> bool {
        self.sandbox.ok(["status", &self.name])["state"] == "created"
    }

    fn kill_a_launcher(&self, args: &[String], rng: &mut Rng) {
        let mut launcher = self.sandbox.foster();
        let nobody = std::process::Stdio::null;
        launcher.args(args).stdout(nobody()).stderr(nobody());
        let mut launcher = launcher.spawn().expect("foster can be started");
        let process = Watched::from_pid(launcher.id() as i32).expect("it was not reaped");
        let _ = process.wait_gone(Duration::from_micros(rng.u64(0..40_000)));
        process.kill();
        launcher.wait().expect("a child can be reaped");
    }

    fn executions(&self) -> usize {
        fs::read_to_string(&self.marks)
            .unwrap_or_default()
            .lines()
            .count()
    }

    /// Waits for the job's end, which somebody has to bring about if it has none of its own.
    fn await_end(&self, job: &StartedJob, run: u64) -> Value {
        if self.fault == Fault::Both {
            self.sandbox.ok(["recover", &job.id]);
        }
        if self.work.end == End::Never && (self.fault.leaves_the_job_alone() || run > 1) {
            // Who is stopped before has nothing to show.
            let executed = || (self.executions() as u64 >= run).then_some(());
            let _ = wait_on_dir(self.sandbox.work(), SOON, executed);
        }
        if self.work.end == End::Never || self.fault == Fault::Both {
            stop(self.sandbox, &job.id);
        }
        let mut wait = self.sandbox.foster();
        wait.args([
            "wait",
            &job.id,
            "--timeout",
            PATIENCE,
            "--max-bytes",
            "1KiB",
        ]);
        self.sandbox.json_of(wait, None).value
    }

    fn check(&self, job: &StartedJob, last: &Value, run: u64, round: &mut Round) {
        let told = || {
            format!(
                "{} ({:?}): {:?}: {last}",
                job.id, self.fault, self.work.command
            )
        };
        round.lost_unless(last["reason"] == "finished", || {
            format!("no end: {}", told())
        });
        let executed = self.executions() as u64;
        let alone = self.fault.leaves_the_job_alone() || run > 1;
        round.lost_unless(executed == run || (!alone && executed < run), || {
            format!("executed {executed} times: {}", told())
        });
        round.lost_unless(self.ended_well(last, alone), || {
            format!("a wrong end: {}", told())
        });
        for (stream, printed) in self.work.output.iter().enumerate() {
            let kept = job.log(run, stream);
            let whole = alone && self.work.end != End::Never;
            let well = if whole {
                &kept == printed
            } else {
                printed.starts_with(&kept)
            };
            round.lost_unless(well, || {
                format!(
                    "{} bytes of {} on stream {stream}: {}",
                    kept.len(),
                    printed.len(),
                    told()
                )
            });
        }
        self.check_gone(job, round, &told);
    }

    fn ended_well(&self, last: &Value, alone: bool) -> bool {
        let is = |state: &str, cause: &str| last["state"] == state && last["cause"] == cause;
        let own = match self.work.end {
            End::Code(code) => is("exited", "exit") && last["exit_code"] == code,
            End::Signal(name) => last["state"] == "killed" && last["signal"] == name,
            End::Timeout => is("killed", "timeout"),
            End::Never => is("killed", "stop"),
        };
        // What nobody saw is not known; with the last reader of its output gone, who prints dies of that.
        let of_both = || {
            let broken_pipe = is("killed", "signal") && last["signal"] == "PIPE";
            last["state"] == "lost" || broken_pipe
        };
        // What was stopped has another end.
        let another = || is("killed", "stop") || (self.fault == Fault::Both && of_both());
        own || (!alone && another())
    }

    /// Nobody of the job is left, nor is the group that held it.
    fn check_gone(&self, job: &StartedJob, round: &mut Round, told: &dyn Fn() -> String) {
        let lingering = job.lingering(SOON);
        round.escaped_unless(lingering.is_none(), || {
            format!("{lingering:?} of {}", told())
        });
        let mark = format!("FOSTER_JOB={}/", job.id);
        let left: Vec<_> = marked(mark.as_bytes())
            .into_iter()
            .filter(|process| !process.wait_gone(SOON))
            .map(|process| (process.pid, process.name()))
            .collect();
        round.escaped_unless(left.is_empty(), || format!("{left:?} of {}", told()));
        if self.work.leaves_others {
            let left = self.living_others();
            round.escaped_unless(left.is_empty(), || format!("{left:?} of {}", told()));
        }
        let group = job.cgroup().filter(|group| group.exists());
        round.escaped_unless(group.is_none(), || format!("{group:?} of {}", told()));
    }

    /// Returns who lives of those that wrote down their pids. Their environment may be empty.
    fn living_others(&self) -> Vec<i32> {
        let pids = fs::read_to_string(&self.pids).unwrap_or_default();
        let others = pids
            .lines()
            .filter_map(|line| Watched::from_pid(line.parse().ok()?));
        let ours = |process: &Watched| process.name().starts_with("habit-");
        let living = others.filter(|process| process.is_alive() && ours(process));
        living.map(|process| process.pid).collect()
    }

    fn afterwards(&self, job: &StartedJob, round: &mut Round, rng: &mut Rng) {
        match rng.u8(0..4) {
            0 => {
                self.sandbox.ok(["delete", &job.id]);
                round.escaped_unless(!job.dir.exists(), || {
                    format!("{} deleted", job.dir.display())
                });
            }
            1 if self.fault.leaves_the_job_alone() => {
                let answer = self.sandbox.ok(["restart", &job.id, "--no-wait"]);
                let run = answer["run"].as_u64().unwrap_or_default();
                let last = self.await_end(job, run);
                round.lost_unless(run == 2, || format!("{} restarted as {run}", job.id));
                self.check(job, &last, run, round);
            }
            2 => {
                self.sandbox.ok(["tag", &job.id, "--add", "done"]);
            }
            _ => {}
        }
    }
}
