//! A verb that waits returns at once when its caller calls it back, and leaves the job alone.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use foster_model::{CommandLine, ErrorBody, ErrorCode, JobId, JobSelector, Target};
use foster_service::{
    Containment, Context, EventsRequest, Interrupt, KillRequest, LogsRequest, Observation, Observe,
    OutputPattern, RestartRequest, RunRequest, SendRequest, Sending, ServiceError, WaitRequest,
    Wanted, Way, events, kill, logs, restart, run, send, wait,
};
use foster_testkit::{Gate, Sandbox, habit, wait_for_file};
use serde_json::Value;

const FOSTER: &str = env!("CARGO_BIN_EXE_foster");

/// How long a verb may take to notice that it was interrupted, on a machine that has much to do.
/// What it waits for would never come.
const AT_ONCE: Duration = Duration::from_secs(20);

struct Scene {
    sandbox: Sandbox,
    gate: Gate,
    interrupt: Interrupt,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new(FOSTER);
        Self {
            gate: Gate::new(&sandbox, "gate"),
            sandbox,
            interrupt: Interrupt::new().unwrap(),
        }
    }

    fn context(&self) -> Context {
        Context {
            root: self.sandbox.root().to_owned(),
            cwd: self.sandbox.work().to_owned(),
            env: std::env::vars_os().collect(),
            way: Way::Exec(PathBuf::from(FOSTER)),
            auto_gc: None,
            interrupt: Some(self.interrupt.clone()),
            containment: Containment::Auto,
        }
    }

    /// Starts a job that goes on until the gate is opened, and exits with 5 then.
    fn job(&self) -> JobId {
        let script = "echo begun; read x < gate; exit 5";
        self.started(&["--", "sh", "-c", script])
    }

    fn started(&self, rest: &[&str]) -> JobId {
        let args = ["run", "--no-wait"].iter().chain(rest);
        let started = self.sandbox.ok(args);
        started["job_id"].as_str().unwrap().parse().unwrap()
    }

    /// Has `verb` begun in a thread of its own, interrupts it, and returns what it answers.
    fn interrupted<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&Context) -> T + Send + 'static,
    ) -> T {
        let context = self.context();
        let (begin, begun) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            begin.send(()).unwrap();
            tell.send(verb(&context)).unwrap();
        });
        begun.recv().unwrap();
        self.interrupt.interrupt();
        let result = told.recv_timeout(AT_ONCE).unwrap();
        thread.join().unwrap();
        result
    }

    fn state(&self, id: JobId) -> Value {
        self.sandbox.ok(["status", &id.to_string()])
    }

    fn assert_runs(&self, id: JobId) {
        assert_eq!(self.state(id)["state"], "running");
    }

    /// The job goes on, and ends as if nobody had ever waited.
    fn assert_ends_well(&self, id: JobId) {
        self.assert_runs(id);
        self.gate.open();
        let over = self.sandbox.ok(["wait", &id.to_string()]);
        assert_eq!(
            (&over["state"], &over["exit_code"]),
            (&"exited".into(), &5.into())
        );
        self.sandbox.assert_nothing_left(Duration::from_secs(30));
    }

    fn end(&self, id: JobId) {
        self.sandbox.ok(["kill", "--grace", "0s", &id.to_string()]);
        self.sandbox.assert_nothing_left(Duration::from_secs(30));
    }
}

fn waiting(jobs: Vec<JobSelector>) -> WaitRequest {
    WaitRequest {
        digest: false,
        jobs,
        group: None,
        output: None,
        any: false,
        timeout: None,
        tail_lines: 50,
        max_bytes: 65536,
    }
}

fn following(id: JobId) -> LogsRequest {
    LogsRequest {
        job: JobSelector::Id(id),
        run: None,
        only: None,
        since: None,
        follow: true,
        begun_after: None,
        max_bytes: None,
        grep: None,
    }
}

fn killing(id: JobId) -> KillRequest {
    KillRequest {
        jobs: vec![JobSelector::Id(id)],
        group: None,
        tags: Vec::new(),
        signal: None,
        target: Target::Tree,
        grace: Some(Duration::from_hours(1)),
        escalation: None,
        wait: true,
    }
}

fn sending(id: JobId, what: Sending) -> SendRequest {
    SendRequest {
        job: JobSelector::Id(id),
        what,
        eof: false,
        timeout: None,
    }
}

fn to_the_end() -> Observation {
    Observation {
        observe: Observe::ToTheEnd,
        ..Observation::default()
    }
}

fn shell(script: &str) -> CommandLine {
    CommandLine::Argv(["sh", "-c", script].map(Into::into).to_vec())
}

/// The error, with which nothing is to be done about it, and the job that it is of.
fn assert_interrupted(error: &ServiceError, id: Option<JobId>) {
    assert_body(&error.body(), id);
    assert!(error.body().retryable);
}

fn assert_body(body: &ErrorBody, id: Option<JobId>) {
    assert_eq!((body.code, body.job_id), (ErrorCode::Interrupted, id));
    let hint = body.hint.as_deref().unwrap_or_default();
    let waits = id.map_or("foster wait JOB".to_owned(), |id| {
        format!("foster wait {id}")
    });
    assert!(hint.contains(&waits), "{hint}");
    assert_eq!(body.message, "it was interrupted by its caller");
}

/// Part of it may be there, so to send it again is no way out.
fn assert_body_of_send(body: &ErrorBody, id: JobId) {
    assert_body(body, Some(id));
    assert!(!body.retryable);
}

#[test]
fn a_wait() {
    let scene = Scene::new();
    let id = scene.job();
    let waiting = waiting(vec![JobSelector::Id(id)]);
    let error = scene
        .interrupted(move |ctx| wait(ctx, &waiting))
        .unwrap_err();
    assert_interrupted(&error, Some(id));
    scene.assert_ends_well(id);
}

#[test]
fn a_wait_for_several_or_for_output() {
    let scene = Scene::new();
    let id = scene.job();
    let other = scene.started(&["--", "sleep", "600"]);
    let both = waiting(vec![JobSelector::Id(id), JobSelector::Id(other)]);
    let error = scene.interrupted(move |ctx| wait(ctx, &both)).unwrap_err();
    assert_interrupted(&error, None);
    let mut output = waiting(vec![JobSelector::Id(id)]);
    output.output = Some(OutputPattern {
        what: Wanted::Text("never".to_owned()),
        only: None,
    });
    let scene = Scene {
        interrupt: Interrupt::new().unwrap(),
        ..scene
    };
    let error = scene
        .interrupted(move |ctx| wait(ctx, &output))
        .unwrap_err();
    assert_interrupted(&error, Some(id));
    scene
        .sandbox
        .ok(["kill", "--grace", "0s", &other.to_string()]);
    scene.assert_ends_well(id);
}

#[test]
fn a_run_that_is_observed() {
    let scene = Scene::new();
    let context = scene.context();
    let thread = thread::spawn(move || {
        let mut request = RunRequest::new(shell("> begun; read x < gate; exit 5"));
        request.observation = to_the_end();
        run(&context, request)
    });
    assert!(wait_for_file(&scene.sandbox.work().join("begun"), AT_ONCE));
    scene.interrupt.interrupt();
    let error = thread.join().unwrap().unwrap_err();
    let id = scene.sandbox.job_ids()[0].parse().unwrap();
    assert_interrupted(&error, Some(id));
    scene.assert_ends_well(id);
}

#[test]
fn a_follower_of_output_and_one_of_events() {
    let scene = Scene::new();
    let id = scene.job();
    let context = scene.context();
    let mut lines = Vec::new();
    // In the middle of it: there is no later moment at which it would be interrupted.
    let followed = logs(&context, &following(id), &mut |item| {
        lines.push(item.line.text);
        scene.interrupt.interrupt();
        Ok(())
    });
    assert_interrupted(&followed.unwrap_err(), Some(id));
    assert_eq!(lines, ["begun"]);
    for job in [Some(JobSelector::Id(id)), None] {
        let interrupt = Interrupt::new().unwrap();
        let context = Context {
            interrupt: Some(interrupt.clone()),
            ..scene.context()
        };
        let named = job.as_ref().map(|_| id);
        let request = EventsRequest {
            job,
            follow: true,
            since: None,
        };
        let mut seen = 0;
        let followed = events(&context, &request, &mut |_| {
            seen += 1;
            interrupt.interrupt();
            Ok(())
        });
        assert_interrupted(&followed.unwrap_err(), named);
        assert!(seen > 1, "what there is was told: {seen}");
    }
    scene.assert_ends_well(id);
}

#[test]
fn a_follower_that_sleeps() {
    let scene = Scene::new();
    let id = scene.job();
    let request = following(id);
    let nothing = |_| Ok(());
    let error = scene.interrupted(move |ctx| logs(ctx, &request, &mut { nothing }).map(drop));
    assert_interrupted(&error.unwrap_err(), Some(id));
    let scene = Scene {
        interrupt: Interrupt::new().unwrap(),
        ..scene
    };
    let error = scene.interrupted(move |ctx| {
        let request = EventsRequest {
            job: Some(JobSelector::Id(id)),
            follow: true,
            since: None,
        };
        events(ctx, &request, &mut |_| Ok(()))
    });
    assert_interrupted(&error.unwrap_err(), Some(id));
    scene.assert_ends_well(id);
}

#[test]
fn a_kill_that_waits_and_a_restart() {
    let scene = Scene::new();
    let program = habit("ignore-term");
    let ready = scene.sandbox.work().join("ready");
    let words = [
        program.to_str().unwrap(),
        "--pid-file",
        ready.to_str().unwrap(),
    ];
    let id = scene.started(&[&["--"][..], &words].concat());
    assert!(wait_for_file(&ready, AT_ONCE));
    let error = {
        let context = scene.context();
        let thread = thread::spawn(move || kill(&context, &killing(id)));
        scene.wait_for_event(id, "signalled");
        scene.interrupt.interrupt();
        thread.join().unwrap().unwrap_err()
    };
    assert_interrupted(&error, Some(id));
    scene.assert_runs(id);
    let scene = Scene {
        interrupt: Interrupt::new().unwrap(),
        ..scene
    };
    let request = RestartRequest {
        job: JobSelector::Id(id),
        grace: Some(Duration::from_hours(1)),
        escalation: None,
        observation: to_the_end(),
    };
    let error = scene
        .interrupted(move |ctx| restart(ctx, &request))
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Interrupted);
    scene.assert_runs(id);
    assert_eq!(scene.state(id)["run"], 1);
    scene.end(id);
}

impl Scene {
    /// Returns when this has happened to the job; all that happens is told as it does.
    fn wait_for_event(&self, id: JobId, what: &str) {
        let context = Context {
            interrupt: None,
            ..self.context()
        };
        let request = EventsRequest {
            job: Some(JobSelector::Id(id)),
            follow: true,
            since: None,
        };
        let mut found = false;
        let followed = events(&context, &request, &mut |item| {
            found |= format!("{item:?}").to_lowercase().contains(what);
            if found {
                return Err(io::ErrorKind::Interrupted.into());
            }
            Ok(())
        });
        assert!(followed.is_err() && found);
    }
}

#[test]
fn what_is_sent_to_one_that_does_not_read() {
    let scene = Scene::new();
    let words = ["--stdin", "open", "--", "sh", "-c", "read x < gate; exit 5"];
    let id = scene.started(&words);
    let context = scene.context();
    let (source, mut more) = io::pipe().unwrap();
    let source = File::from(std::os::fd::OwnedFd::from(source));
    let stream = sending(id, Sending::Stream(Arc::new(source)));
    let thread = thread::spawn(move || send(&context, &stream));
    // More than a pipe holds: when it is gone, some of it was taken.
    more.write_all(&vec![b'x'; (64 << 10) + 1]).unwrap();
    scene.interrupt.interrupt();
    let outcome = thread.join().unwrap().unwrap();
    assert_body_of_send(&outcome.error.unwrap(), id);
    assert!(outcome.answer.sent_bytes <= (64 << 10) + 1);

    let scene = Scene {
        interrupt: Interrupt::new().unwrap(),
        ..scene
    };
    let (silent, _open) = io::pipe().unwrap();
    let silent = File::from(std::os::fd::OwnedFd::from(silent));
    let stream = sending(id, Sending::Stream(Arc::new(silent)));
    let result = scene.interrupted(move |ctx| send(ctx, &stream));
    match result {
        Ok(outcome) => assert_body_of_send(&outcome.error.unwrap(), id),
        // Before it had begun.
        Err(error) => assert_interrupted(&error, None),
    }
    scene.assert_ends_well(id);
}

#[test]
fn before_it_was_called() {
    let scene = Scene::new();
    let id = scene.job();
    let open = scene.started(&["--stdin", "open", "--", "sleep", "600"]);
    scene.interrupt.interrupt();
    let context = scene.context();
    let both = sending(open, Sending::Bytes(b"x".to_vec()));
    assert_interrupted(&send(&context, &both).unwrap_err(), None);
    let one = waiting(vec![JobSelector::Id(id)]);
    assert_interrupted(&wait(&context, &one).unwrap_err(), Some(id));
    assert_interrupted(&kill(&context, &killing(id)).unwrap_err(), None);
    let request = RunRequest::new(shell("exit 0"));
    assert_interrupted(&run(&context, request).unwrap_err(), None);
    assert_eq!(scene.sandbox.job_ids().len(), 2, "no job was made");
    // What is there can be had all the same.
    scene
        .sandbox
        .ok(["kill", "--grace", "0s", &open.to_string()]);
    let over = waiting(vec![JobSelector::Id(open)]);
    assert!(wait(&context, &over).unwrap().answer.job.is_some());
    scene.assert_ends_well(id);
}
