//! Programs that embed Foster: with threads they hand the job over to the binary; forking is refused
//! to them.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use foster_model::{Cause, CommandLine, ErrorCode, JobSelector, State};
use foster_service::{
    Containment, Context, EnvSetting, KillRequest, Observe, RunRequest, WaitRequest, Way, kill,
    run, status, wait,
};
use foster_testkit::{Sandbox, Watched, habit, race_time};
use serde_json::Value;

const FOSTER: &str = env!("CARGO_BIN_EXE_foster");
const SECRET: &str = "hunter2-and-more";

fn context(sandbox: &Sandbox, way: Way) -> Context {
    Context {
        root: sandbox.root().to_owned(),
        cwd: sandbox.work().to_owned(),
        env: std::env::vars_os().collect(),
        way,
        auto_gc: None,
        interrupt: None,
        containment: Containment::Auto,
    }
}

fn argv(words: &[&str]) -> CommandLine {
    CommandLine::Argv(
        words
            .iter()
            .map(|word| word.as_bytes().to_vec().into())
            .collect(),
    )
}

fn program() -> Way {
    Way::Exec(PathBuf::from(FOSTER))
}

fn waiting(selector: JobSelector) -> WaitRequest {
    WaitRequest {
        digest: false,
        jobs: vec![selector],
        group: None,
        output: None,
        any: false,
        timeout: Some(Duration::from_secs(30)),
        tail_lines: 50,
        max_bytes: 65536,
    }
}

fn guardians(sandbox: &Sandbox, id: &str) -> [Watched; 2] {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    ["keeper", "supervisor"].map(|who| Watched::from_json(&state["record"][who]).unwrap())
}

/// Keeps another thread alive, as servers have them, while `work` runs.
fn beside_a_thread<T>(work: impl FnOnce() -> T) -> T {
    let (done, wait) = mpsc::channel::<()>();
    let thread = std::thread::spawn(move || wait.recv());
    let result = work();
    drop(done);
    assert!(thread.join().unwrap().is_err());
    result
}

#[test]
fn a_program_with_threads_runs_jobs_through_the_binary() {
    let sandbox = Sandbox::new(FOSTER);
    let ctx = context(&sandbox, program());
    let mut request = RunRequest::new(argv(&["sh", "-c", "echo out; echo err >&2; exit 4"]));
    request.observation.observe = Observe::ToTheEnd;
    let answer = beside_a_thread(|| run(&ctx, request)).unwrap();
    assert_eq!(
        (answer.job.state, answer.job.cause),
        (State::Exited, Some(Cause::Exit))
    );
    assert_eq!(answer.job.exit_code, Some(4));
    let snapshot = answer.snapshot.unwrap();
    assert_eq!(
        (
            snapshot.stdout.tail.as_deref().unwrap(),
            snapshot.stderr.tail.as_deref().unwrap()
        ),
        ("out\n", "err\n")
    );
    sandbox.assert_nothing_left(Duration::from_secs(30));
}

#[test]
fn many_threads_run_jobs_at_once() {
    let sandbox = Sandbox::new(FOSTER);
    let ctx = context(&sandbox, program());
    std::thread::scope(|scope| {
        let one = |code: i32| {
            let ctx = &ctx;
            move || {
                let mut request =
                    RunRequest::new(argv(&["sh", "-c", &format!("echo {code}; exit {code}")]));
                request.observation.observe = Observe::ToTheEnd;
                let answer = run(ctx, request).unwrap();
                assert_eq!(answer.job.exit_code, Some(code));
                assert_eq!(
                    answer.snapshot.unwrap().stdout.tail.unwrap(),
                    format!("{code}\n")
                );
            }
        };
        for thread in (1..=12)
            .map(|code| scope.spawn(one(code)))
            .collect::<Vec<_>>()
        {
            thread.join().unwrap();
        }
    });
    assert_eq!(sandbox.ok(["list"])["jobs"].as_array().unwrap().len(), 12);
    sandbox.assert_nothing_left(Duration::from_secs(30));
}

#[test]
fn no_secret_is_in_arguments_environments_or_readable_files() {
    let sandbox = Sandbox::new(FOSTER);
    let ctx = context(&sandbox, program());
    let mut request = RunRequest::new(argv(&["sleep", "600"]));
    request.job.env = vec![EnvSetting {
        name: "PASSWORD".into(),
        value: Some(SECRET.into()),
    }];
    request.job.mask = vec!["PASSWORD".into()];
    request.observation.observe = Observe::NoWait;
    let answer = run(&ctx, request).unwrap();
    assert_eq!(answer.job.env_vars["PASSWORD"], "***");
    let id = answer.job.job_id.to_string();
    for process in guardians(&sandbox, &id) {
        for file in ["cmdline", "environ"] {
            let text = fs::read(format!("/proc/{}/{file}", process.pid)).unwrap();
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains(SECRET), "{file}: {text}");
            assert!(!text.contains("sleep"), "{file}: {text}");
        }
        let parent = fs::read_to_string(format!("/proc/{}/stat", process.pid)).unwrap();
        let parent = parent
            .rsplit_once(") ")
            .unwrap()
            .1
            .split(' ')
            .nth(1)
            .unwrap()
            .to_owned();
        assert_ne!(
            parent,
            std::process::id().to_string(),
            "it is nobody's child here"
        );
    }
    // The job has it, of course.
    let leader = Watched::from_pid(answer.job.pid.unwrap()).unwrap();
    let wanted = format!("PASSWORD={SECRET}");
    let until = Instant::now() + Duration::from_secs(10);
    // Its parent goes on a moment before the kernel shows the new environment.
    while !leader.has_variable(|entry| entry == wanted.as_bytes()) {
        assert!(Instant::now() < until && leader.is_alive(), "it has it not");
        std::thread::yield_now();
    }
    let dir = sandbox.job_dir(&id);
    for entry in fs::read_dir(&dir).unwrap().flatten() {
        let meta = entry.metadata().unwrap();
        assert_eq!(meta.mode() & 0o077, 0, "{}", entry.path().display());
        // One file is there for it.
        if meta.is_file() && entry.file_name() != "secrets.json" {
            let content = fs::read(entry.path()).unwrap();
            let held = content
                .windows(SECRET.len())
                .any(|part| part == SECRET.as_bytes());
            assert!(!held, "{}", entry.path().display());
        }
    }
    let selector = JobSelector::Id(answer.job.job_id);
    let request = KillRequest {
        jobs: vec![selector],
        group: None,
        tags: Vec::new(),
        signal: None,
        target: foster_model::Target::Tree,
        grace: Some(Duration::ZERO),
        escalation: None,
        wait: true,
    };
    let killed = kill(&ctx, &request).unwrap().answer.job.unwrap();
    assert_eq!(
        (killed.state, killed.cause),
        (State::Killed, Some(Cause::Stop))
    );
}

#[test]
fn a_job_of_an_embedder_outlives_its_supervisor() {
    let sandbox = Sandbox::new(FOSTER);
    let ctx = context(&sandbox, program());
    let flood = habit("flood").to_str().unwrap().to_owned();
    let line = format!("{flood} --stdout 300000; read x < go; exit 8");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(sandbox.work().join("go"))
            .status()
            .unwrap()
            .success()
    );
    let mut request = RunRequest::new(argv(&["sh", "-c", &line]));
    request.observation.observe = Observe::NoWait;
    let answer = run(&ctx, request).unwrap();
    let id = answer.job.job_id;
    let [_, supervisor] = guardians(&sandbox, &id.to_string());
    assert!(supervisor.kill() && supervisor.wait_gone(foster_testkit::DEADLINE));
    fs::write(sandbox.work().join("go"), "go\n").unwrap();
    let selector = JobSelector::Id(id);
    let ended = wait(&ctx, &waiting(selector.clone()))
        .unwrap()
        .answer
        .job
        .unwrap();
    assert_eq!((ended.state, ended.exit_code), (State::Exited, Some(8)));
    let log = fs::read(&ended.stdout_log_path).unwrap();
    assert!(log == foster_testkit::flood(foster_testkit::Stream::Stdout, 300_000));
    assert_eq!(
        status(&ctx, &selector.clone().into())
            .unwrap()
            .job
            .exit_code,
        Some(8)
    );
}

#[test]
fn what_cannot_be_started_is_an_error_with_a_job() {
    let sandbox = Sandbox::new(FOSTER);
    let ctx = context(&sandbox, program());
    let error = run(&ctx, RunRequest::new(argv(&["/nonexistent/program"]))).unwrap_err();
    assert_eq!(error.code(), ErrorCode::CommandNotFound);
    let job = error.body().job_id.unwrap();
    assert_eq!(
        status(&ctx, &JobSelector::Id(job).into())
            .unwrap()
            .job
            .state,
        State::Failed
    );
}

/// The job whose keeper could not be made is over: nobody would wait for it in vain.
fn assert_not_open(sandbox: &Sandbox, ctx: &Context, error: &foster_service::ServiceError) {
    assert_eq!(error.code(), ErrorCode::LaunchFailed, "{error}");
    let job = error.body().job_id.unwrap();
    let view = status(ctx, &JobSelector::Id(job).into()).unwrap().job;
    assert_eq!(
        (view.state, view.cause),
        (State::Failed, Some(Cause::StartFailed))
    );
    assert!(view.failure.is_some());
    assert_eq!(sandbox.ok(["list"])["jobs"][0]["state"], "failed");
    let waited = wait(ctx, &waiting(JobSelector::Id(job))).unwrap().answer;
    assert!(waited.elapsed_ms < 20_000);
    sandbox.assert_nothing_left(Duration::from_secs(30));
}

#[test]
fn forking_is_refused_to_a_program_with_threads() {
    let sandbox = Sandbox::new(FOSTER);
    let ctx = context(&sandbox, Way::Fork);
    let error = beside_a_thread(|| run(&ctx, RunRequest::new(argv(&["true"])))).unwrap_err();
    assert_eq!(error.code(), ErrorCode::LaunchFailed, "{error}");
    let message = error.body().message;
    assert!(message.contains("thread"), "{message}");
    assert!(error.body().job_id.is_some());
    sandbox.assert_nothing_left(Duration::ZERO);
}

#[test]
fn a_fork_that_was_refused_leaves_no_open_job() {
    let sandbox = Sandbox::new(FOSTER);
    let ctx = context(&sandbox, Way::Fork);
    let error = beside_a_thread(|| run(&ctx, RunRequest::new(argv(&["true"])))).unwrap_err();
    assert_not_open(&sandbox, &ctx, &error);
}

/// Launches a job through a program that is no Foster, and returns how the job stands then.
fn state_after(sandbox: &Sandbox, program: &str) -> State {
    let ctx = context(sandbox, Way::Exec(program.into()));
    let error = run(&ctx, RunRequest::new(argv(&["true"]))).unwrap_err();
    assert_eq!(error.code(), ErrorCode::LaunchFailed, "{program}: {error}");
    let job = error.body().job_id.unwrap();
    status(&ctx, &JobSelector::Id(job).into())
        .unwrap()
        .job
        .state
}

#[test]
fn a_program_that_is_no_foster_leaves_no_open_job() {
    for program in ["/bin/true", "/bin/cat"] {
        let sandbox = Sandbox::new(FOSTER);
        let state = state_after(&sandbox, program);
        assert!(state.is_final(), "{program}: {state}");
    }
}

#[test]
fn a_failed_launch_is_closed_also_beside_other_spawns() {
    let sandbox = Sandbox::new(FOSTER);
    let end = Instant::now() + race_time();
    std::thread::scope(|scope| {
        // For a moment each new process has copies of all descriptors, the job's lock among them.
        let spawning = || {
            while Instant::now() < end {
                assert!(
                    std::process::Command::new("/bin/true")
                        .status()
                        .unwrap()
                        .success()
                );
            }
        };
        scope.spawn(spawning);
        scope.spawn(spawning);
        while Instant::now() < end {
            assert_eq!(state_after(&sandbox, "/nonexistent/foster"), State::Failed);
        }
    });
}
