//! What is printed with `{:?}` ends up in logs and reports: it holds names, and no values.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::ffi::OsString;
use std::fmt::Debug;
use std::os::unix::net::UnixListener;
use std::path::Path;

use foster_model::{JobId, PrivateValues, Secrets};
use foster_notifier::Errand;
use foster_process::guardian::GuardianPlan;
use foster_process::{Command, Containment, GracefulTimeouts, SpawnPlan, UnixPhases};
use foster_store::{JobFolder, Lock, Root};
use foster_supervisor::{Launch, Way};
use serde_json::json;

const SECRET: &str = "hunter2-is-no-password";

fn assert_tells(name: &str, value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.contains(SECRET), "{text}");
        assert!(text.contains(name), "{text}");
    }
}

fn variables() -> Vec<(OsString, OsString)> {
    vec![("TOKEN".into(), SECRET.into())]
}

fn folder(at: &Path) -> JobFolder {
    let dir = std::fs::File::open(at).unwrap();
    JobFolder::from_fd(JobId::from_parts(0, 7), at.to_owned(), dir.into())
}

#[test]
fn what_processes_are_made_of() {
    let argv: Vec<OsString> = vec!["sh".into(), SECRET.into()];
    let env = variables();
    let null = std::fs::File::open("/dev/null").unwrap();
    let stdio = [std::os::fd::AsFd::as_fd(&null); 3];
    assert_tells("TOKEN", &SpawnPlan::new(&argv, &env, stdio));
    let command = Command::new("sh").arg(SECRET).env("TOKEN", SECRET);
    assert_tells("TOKEN", &command);
    let timeouts = GracefulTimeouts::builder()
        .unix(UnixPhases::terminate_only(std::time::Duration::ZERO))
        .windows(std::time::Duration::ZERO)
        .build();
    let guardian = GuardianPlan {
        argv: &argv,
        env: &env,
        timeouts: &timeouts,
        answer_within: std::time::Duration::ZERO,
    };
    assert_tells("TOKEN", &guardian);
}

#[test]
fn what_jobs_and_notifiers_are_made_of() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap();
    let secrets = Secrets::new([SECRET.as_bytes()]);
    let errand = Errand {
        folder: folder(&path),
        run: 1,
        inherits_env: false,
        env: variables(),
        cwd: path.join(SECRET),
        secrets: secrets.clone(),
    };
    assert_tells("TOKEN", &errand);
    let launch = Launch {
        root: Root::open(&path, false).unwrap(),
        folder: folder(&path),
        lock: Lock::from(std::os::fd::OwnedFd::from(
            std::fs::File::open(&path).unwrap(),
        )),
        listener: UnixListener::bind(path.join("sock")).unwrap(),
        definition: definition(),
        argv: vec![SECRET.into()],
        cwd: path.join(SECRET),
        log: Some(path.join(SECRET)),
        env: variables(),
        secrets: secrets.clone(),
        redact: secrets,
        containment: Containment::Auto,
        auto_gc: None,
        way: Way::Fork,
    };
    assert_tells("TOKEN", &launch);
    assert_tells("PrivateValues", &PrivateValues::shown(&definition()));
}

fn definition() -> foster_model::Definition {
    let text = json!({
        "schema_version": "1", "job_id": JobId::from_parts(0, 7), "created_at": "1970-01-01T00:00:00.000Z",
        "command": {"argv": ["true"]}, "cwd": "/", "env": [{"name": "TOKEN", "value": null}],
        "inherit_env": false, "keep_env": false, "mask": ["TOKEN"], "redact": [],
        "redact_env_like": false, "name": null, "tags": [], "group": null, "timeout_ms": null,
        "escalation": [], "drain_ms": 0, "stragglers": "kill", "stdin": "nothing", "log": null,
        "log_cap": null, "containment": "auto",
        "notify": {"finish": [{"sink": "url", "url": format!("https://h/{SECRET}")}]},
        "host": {"machine": "m", "boot": null, "pid_namespace": null}, "outer_job": null,
        "nonce": "n",
    });
    serde_json::from_value(text).unwrap()
}
