//! What is printed with `{:?}` ends up in logs and reports: what a caller hands over is in none of it.

use std::ffi::OsString;
use std::fmt::Debug;
use std::path::PathBuf;

use foster_model::{CommandLine, JobSelector};
use foster_service::{
    Containment, Context, EnvSetting, JobRequest, NotifySettings, RunRequest, SendRequest, Sending,
    Stdin, Way,
};

const SECRET: &str = "hunter2-is-no-password";

fn assert_hidden(value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        let as_bytes = format!("{:?}", &SECRET.as_bytes()[..4]);
        let as_bytes = as_bytes.trim_matches(['[', ']']);
        assert!(!text.contains(SECRET) && !text.contains(as_bytes), "{text}");
    }
}

#[test]
fn what_verbs_are_asked_for() {
    let mut request = RunRequest::new(CommandLine::Shell("true".into()));
    request.job = JobRequest {
        env: vec![EnvSetting {
            name: "TOKEN".into(),
            value: Some(SECRET.into()),
        }],
        stdin: Stdin::Bytes(SECRET.as_bytes().to_vec()),
        notify: NotifySettings {
            urls: vec![format!("https://h/{SECRET}")],
            ..NotifySettings::default()
        },
        ..request.job
    };
    assert_hidden(&request);
    assert!(format!("{request:?}").contains("TOKEN"));
    assert_hidden(&SendRequest {
        job: "@1".parse::<JobSelector>().unwrap(),
        what: Sending::Bytes(SECRET.into()),
        eof: false,
        timeout: None,
    });
}

#[test]
fn what_is_known_of_the_caller() {
    let context = Context {
        root: PathBuf::new(),
        cwd: PathBuf::new(),
        env: vec![("TOKEN".into(), OsString::from(SECRET))],
        way: Way::Fork,
        containment: Containment::Auto,
        auto_gc: None,
        interrupt: None,
    };
    assert_hidden(&context);
    assert!(format!("{context:?}").contains("TOKEN"));
}
