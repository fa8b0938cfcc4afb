//! What is armed happens, at the point that was named, in the role that was named, once.

use std::ffi::OsStr;
use std::fs::{self, File};

use foster_fault::{ArmError, Role, arm, attempt, set_role, step};

#[test]
fn an_attempt_fails_once_where_it_was_to_and_all_that_was_passed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let fault = folder.path().join("keeper:store.test@2=ENOSPC");
    let passed = folder.path().join("passed");
    for file in [&fault, &passed] {
        File::create(file).unwrap();
    }
    let named = folder.path().as_os_str().to_owned();
    attempt("store.test").unwrap();
    arm(|name| (name == "FOSTER_FAULT").then_some(&named)).unwrap();
    for _ in 0..3 {
        attempt("store.test").unwrap();
    }
    set_role(Role::Keeper);
    step("keeper.test");
    attempt("store.test").unwrap();
    let error = attempt("store.test").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    assert!(!fault.exists());
    attempt("store.test").unwrap();

    let told = fs::read_to_string(passed).unwrap();
    let told: Vec<_> = told
        .lines()
        .map(|line| line.split(' ').skip(2).collect::<Vec<_>>().join(" "))
        .collect();
    let expected = [
        "launcher store.test attempt",
        "launcher store.test attempt",
        "launcher store.test attempt",
        "keeper keeper.test step",
        "keeper store.test attempt",
        "keeper store.test attempt",
        "keeper store.test made",
        "keeper store.test attempt",
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_names_no_fault_is_refused() {
    let refused = |name: &str| {
        let folder = tempfile::tempdir().unwrap();
        File::create(folder.path().join(name)).unwrap();
        matches!(arm(|_| Some(folder.path().as_os_str())), Err(ArmError::Name(told)) if told == name)
    };
    let wrong = [
        "keeper:a",
        "keeper:a=",
        "keeper:a@0=kill",
        "keeper:a@x=kill",
        "guard:a=kill",
        "a=kill",
        "keeper:a=EBADFOOD",
    ];
    for name in wrong {
        assert!(refused(name), "{name}");
    }
    let relative = arm(|_| Some(OsStr::new("faults")));
    assert!(
        matches!(relative, Err(ArmError::Relative(_))),
        "{relative:?}"
    );
    arm(|_| None).unwrap();
}
