//! A process is started as it was planned, or it is said why not.

use std::fs::File;
use std::io::Read as _;

use foster_process::output::{CollectBytes, Keep};
use foster_process::{
    Command, CompletionOptions, Containment, ExitStatus, Input, Output, Session, SpawnError,
    StartError,
};

use crate::front::{Front, script};
use crate::through_both;

through_both![
    what_can_not_be_started_says_why,
    a_name_hides_arguments,
    the_environment_is_as_told,
    input_and_output_can_be_files,
    a_descriptor_is_passed_on,
    whose_subreaper_is_this,
];

fn text<F: Front>(command: Command) -> String {
    let process = F::start(command).unwrap();
    let options = CompletionOptions::new().stdout(CollectBytes::new(Keep::All));
    let done = process.complete(options).unwrap();
    assert_eq!(done.status(), Some(ExitStatus::Code(0)));
    String::from_utf8(done.stdout.to_vec()).unwrap()
}

fn what_can_not_be_started_says_why<F: Front + std::fmt::Debug>() {
    let why = |command| match F::start(command) {
        Err(StartError::Spawn(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(
        why(Command::new("no-such-program")),
        SpawnError::NotFound { .. }
    ));
    assert!(matches!(
        why(Command::new("/etc/passwd")),
        SpawnError::NotExecutable { .. }
    ));
    let lost = Command::new("true").current_dir("/no/such/directory");
    assert!(matches!(why(lost), SpawnError::BadCwd { .. }));
    assert!(matches!(why(Command::new("a\0b")), SpawnError::Nul(_)));
}

fn a_name_hides_arguments<F: Front + std::fmt::Debug>() {
    let secret = || {
        Command::new("sh")
            .args(["-c", "exec sleep 100", "SECRET"])
            .env("TOKEN", "SECRET")
    };
    let process = F::start(secret()).unwrap();
    assert_eq!(process.name(), "sh");
    let error = F::start(secret().current_dir("/no/such/directory")).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("SECRET"), "{shown}");
    assert_eq!(
        F::start(secret().name("the sleeper")).unwrap().name(),
        "the sleeper"
    );
}

fn the_environment_is_as_told<F: Front>() {
    let show = |command: Command| text::<F>(command.stdout(Output::captured()));
    let env = || {
        Command::new("/usr/bin/env")
            .env("GIVEN", "1")
            .env("GIVEN", "2")
    };
    let inherited = show(env().env_remove("HOME"));
    assert!(inherited.contains("PATH=") && !inherited.contains("\nHOME="));
    assert_eq!(inherited.matches("GIVEN=").count(), 1);
    assert!(inherited.contains("GIVEN=2"));
    let cleared = show(env().env_clear().env("ONLY", "this"));
    let (cookie, rest): (Vec<_>, Vec<_>) = cleared
        .lines()
        .partition(|line| line.starts_with("FOSTER_TREE_"));
    assert_eq!((cookie.len(), rest), (1, vec!["ONLY=this"]));
}

fn input_and_output_can_be_files<F: Front>() {
    let mut input = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut input, b"from a file").unwrap();
    std::io::Seek::rewind(&mut input).unwrap();
    let output = tempfile::NamedTempFile::new().unwrap();
    let command = Command::new("cat")
        .stdin(Input::File(input))
        .stdout(Output::File(output.reopen().unwrap()));
    F::start(command).unwrap().wait().unwrap();
    let mut text = String::new();
    File::open(output.path())
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "from a file");
}

fn a_descriptor_is_passed_on<F: Front>() {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, b"number seven").unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    assert_eq!(
        text::<F>(script("cat <&7").descriptor(7, file)),
        "number seven"
    );
}

fn whose_subreaper_is_this<F: Front + std::fmt::Debug>() {
    let refused = F::start(script("true").containment(Containment::Subreaper));
    assert!(
        matches!(refused, Err(StartError::Subreaper { .. })),
        "{refused:?}"
    );
    let own = text::<F>(script("ps -o pgid= -p $$; echo $$").session(Session::Group));
    let numbers: Vec<&str> = own.split_whitespace().collect();
    assert_eq!(numbers[0], numbers[1]);
}

#[test]
fn limits_and_use_are_told() {
    let limits = foster_process::Limits::new().cpu_time(std::time::Duration::from_mins(1));
    let command = script("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
    let command = command.limits(limits.unwrap()).accounted();
    let process = foster_process::blocking::Process::start(command).unwrap();
    assert_eq!(process.limits_applied().len(), 1);
    process.wait().unwrap();
    // Without a control group nobody counts a tree.
    let counted = process.level() == foster_process::Level::Cgroup;
    assert_eq!(process.tree_usage().user.is_some(), counted);
}
