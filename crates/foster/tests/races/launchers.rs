//! The program that does what a verb asks for is killed at any moment of it: what it was about to do is
//! done or not, and never half.

use std::fs;
use std::process::{Command as Program, Stdio};
use std::time::{Duration, Instant};

use foster_testkit::{Sandbox, Tally, race_time, random, random_moment, require, wait_on_dir};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;

use crate::setting::{Command, Job, SOON, Stage, entries, sandbox};
use crate::truth::Race;
use crate::verbs::Verb;

/// What is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Victim {
    Launcher,
    /// With all that is in the process group of it.
    Group,
    /// The terminal that it runs in, which hangs up.
    Terminal,
}

/// What is being done when it happens.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Run,
    Create,
    Of(Stage, Verb),
}

impl Deed {
    const ALL: [Self; 16] = [
        Self::Run,
        Self::Create,
        Self::Of(Stage::Created, Verb::Start),
        Self::Of(Stage::Finished, Verb::Restart),
        Self::Of(Stage::RunningLong, Verb::Restart),
        Self::Of(Stage::RunningLong, Verb::Kill),
        Self::Of(Stage::Created, Verb::Delete),
        Self::Of(Stage::Finished, Verb::Delete),
        Self::Of(Stage::RunningLong, Verb::DeleteKill),
        Self::Of(Stage::Finished, Verb::Gc),
        Self::Of(Stage::Finished, Verb::Recover),
        Self::Of(Stage::Created, Verb::Tag),
        Self::Of(Stage::Finished, Verb::Tag),
        Self::Of(Stage::Finished, Verb::Notify),
        Self::Of(Stage::Created, Verb::Deadline),
        Self::Of(Stage::RunningLong, Verb::SendEof),
    ];

    /// Returns the job that it is done to, if it makes none, and the command line.
    fn prepare(self, sandbox: &Sandbox, command: Command) -> (Option<Job<'_>>, String) {
        // A terminal's shell takes the words apart.
        fs::write(sandbox.work().join("line"), command.line()).unwrap();
        match self {
            Self::Run => (None, "run --no-wait --stdin open -- sh line".to_owned()),
            Self::Create => (None, "create --stdin open -- sh line".to_owned()),
            Self::Of(stage, verb) => {
                let job = Job::in_stage(sandbox, stage);
                let line = verb.words().replace("JOB", &job.id);
                (Some(job), line)
            }
        }
    }

    /// Returns in which state the job was, and what was wanted of it.
    fn wish(self) -> (Stage, Verb) {
        match self {
            Self::Run => (Stage::Created, Verb::Start),
            Self::Create => (Stage::Created, Verb::Read),
            Self::Of(stage, verb) => (stage, verb),
        }
    }
}

fn program(sandbox: &Sandbox, victim: Victim, line: &str) -> Program {
    let mut foster = sandbox.foster();
    if victim != Victim::Terminal {
        foster.args(line.split(' '));
        return foster;
    }
    let mut script = Program::new("script");
    script.args([
        "-qec",
        &format!("exec {} {line}", env!("CARGO_BIN_EXE_foster")),
        "/dev/null",
    ]);
    for (name, value) in foster.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    script.current_dir(sandbox.work());
    script
}

/// Does it, and kills the victim after so long.
fn cut_short(mut program: Program, victim: Victim, moment: Duration) {
    program
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut program, 0);
    let mut launcher = program.spawn().unwrap();
    random_moment(moment);
    if victim == Victim::Group {
        // Its leader is our child and not reaped: the number is its own.
        let _ = kill_process_group(Pid::from_child(&launcher), Signal::KILL);
    } else {
        let _ = launcher.kill();
    }
    launcher.wait().unwrap();
}

/// How long the deed takes that nobody disturbs.
fn duration(deed: Deed, victim: Victim) -> Duration {
    let sandbox = sandbox();
    let (_job, line) = deed.prepare(&sandbox, Command::Long);
    let began = Instant::now();
    let mut program = program(&sandbox, victim, &line);
    program.stdin(Stdio::null()).stdout(Stdio::null());
    program.status().unwrap();
    began.elapsed()
}

/// What a launcher has left half made or half removed is known to nobody, and `recover` takes it away.
fn sweep(sandbox: &Sandbox, deed: Deed, tally: &mut Tally) {
    let jobs = sandbox.root().join("jobs");
    for (day, name) in entries(&jobs) {
        if let Some(id) = name.strip_prefix(".gone-") {
            let unknown = sandbox.err(["status", id]).0 == "job_not_found";
            let listed = sandbox.ok(["list", "--all"])["jobs"].to_string();
            let unknown = unknown && !listed.contains(id);
            tally.lost_unless(unknown, || format!("{id} is half removed: {listed}"));
        }
        // A draft is left alone for a minute: this one becomes older.
        if let Some(id) = name.strip_prefix(".new-") {
            let older = format!(".new-00{}", &id[2..]);
            fs::rename(day.join(&name), day.join(older)).unwrap();
        }
    }
    // Whoever a hang-up ends takes a moment longer than the terminal's own process, and holds what it has begun.
    let until = Instant::now() + SOON;
    loop {
        sandbox.ok(["recover"]);
        let mut left = entries(&jobs);
        left.retain(|(_, name)| name.starts_with('.'));
        if left.is_empty() || Instant::now() >= until {
            tally.escaped_unless(left.is_empty(), || format!("{deed:?} left {left:?}"));
            return;
        }
    }
}

fn judge(sandbox: &Sandbox, deed: Deed, job: Option<Job<'_>>, command: Command, tally: &mut Tally) {
    let (stage, verb) = deed.wish();
    let jobs = job.map_or_else(
        || {
            let ids = sandbox.job_ids();
            let jobs = ids.iter().map(|id| Job::of_id(sandbox, id, command));
            jobs.collect()
        },
        |job| vec![job],
    );
    jobs.iter().for_each(Job::wait_until_settled);
    sweep(sandbox, deed, tally);
    if jobs.is_empty() {
        tally.run();
    }
    for job in jobs {
        Race::after(job, stage, vec![(verb, None)]).judge(tally);
    }
}

fn walk(deeds: &[Deed], victim: Victim, scenario: &str) {
    let mut tally = Tally::new(scenario);
    let end = Instant::now() + race_time();
    let sandbox = sandbox();
    let mut times = vec![None; deeds.len()];
    let first = random(deeds.len() as u64) as usize;
    for place in (0..deeds.len()).cycle().skip(first) {
        let deed = deeds[place];
        let time = *times[place].get_or_insert_with(|| duration(deed, victim));
        let command = Command::any();
        let (job, line) = deed.prepare(&sandbox, command);
        let command = job.as_ref().map_or(command, |job| job.command);
        cut_short(program(&sandbox, victim, &line), victim, time * 5 / 4);
        judge(&sandbox, deed, job, command, &mut tally);
        if Instant::now() >= end {
            break;
        }
    }
}

#[test]
fn the_launcher_is_killed_at_any_moment() {
    walk(
        &Deed::ALL,
        Victim::Launcher,
        "launcher killed at any moment of a verb",
    );
}

#[test]
fn the_callers_group_is_killed_at_any_moment_of_a_launch() {
    let deeds = [Deed::Run, Deed::Of(Stage::Created, Verb::Start)];
    walk(
        &deeds,
        Victim::Group,
        "the caller's group killed during a launch",
    );
}

#[test]
fn the_terminal_hangs_up_at_any_moment_of_a_launch() {
    let script = Program::new("script").arg("--version").output();
    if !require("script(1), for a terminal", script.is_ok()) {
        return;
    }
    let deeds = [Deed::Run, Deed::Of(Stage::Finished, Verb::Restart)];
    walk(
        &deeds,
        Victim::Terminal,
        "the terminal hung up during a launch",
    );
}

/// The journal knows of the next run a moment before the state does. Whoever comes then must find one job.
#[test]
fn a_restart_that_is_killed_as_it_notes_the_next_run_can_be_made_again() {
    let mut tally = Tally::new("launcher killed as it notes the next run");
    let sandbox = sandbox();
    let end = Instant::now() + race_time();
    loop {
        tally.run();
        let job = Job::in_stage(&sandbox, Stage::Finished);
        let mut restart = sandbox.foster();
        restart.args(["restart", &job.id, "--no-wait"]);
        let mut restart = restart.stdout(Stdio::null()).spawn().unwrap();
        let noted = || (job.count("restarted") == 1).then_some(());
        wait_on_dir(&job.dir, SOON, noted).unwrap();
        restart.kill().unwrap();
        restart.wait().unwrap();
        job.wait_until_settled();
        let status = sandbox.ok(["status", &job.id]);
        tally.lost_unless(status["run"] == 2, || status.to_string());
        let again = sandbox.json(["restart", &job.id, "--wait"]).value;
        let told = ["state", "exit_code", "output"].map(|field| again[field].clone());
        let kept = told == [json!("exited"), json!(3), json!("complete")];
        tally.lost_unless(kept, || again.to_string());
        let ran = job.executions();
        tally.lost_unless(Some(ran.len() as u64) == again["run"].as_u64(), || {
            format!("{ran:?}: {again}")
        });
        Race::after(job, Stage::Finished, vec![(Verb::Restart, None)]).judge(&mut tally);
        if Instant::now() >= end {
            break;
        }
    }
}
