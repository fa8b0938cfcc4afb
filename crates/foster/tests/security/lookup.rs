use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::common::sandbox;

fn program(path: &Path, code: u8) {
    fs::write(path, format!("#!/bin/sh\nexit {code}\n")).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}

/// A program is looked up in the job's own `PATH`, and in its directory only if that says so.
#[test]
fn a_program_is_found_where_the_job_s_path_says_and_nowhere_else() {
    let sandbox = sandbox();
    let bin = sandbox.work().join("bin");
    fs::create_dir(&bin).unwrap();
    program(&bin.join("prog"), 3);
    program(&sandbox.work().join("prog"), 4);
    let rows = [
        (format!("PATH={}", bin.display()), Some(3)),
        (format!("PATH=/nowhere:{}:", bin.display()), Some(3)),
        (format!("PATH=:{}", bin.display()), Some(4)),
        ("PATH=/nowhere".to_owned(), None),
        ("PATH=/usr/bin".to_owned(), None),
    ];
    for (path, code) in rows {
        let args = ["run", "--wait", "--env", &path, "--", "prog"];
        let answer = sandbox.json(args).value;
        match code {
            Some(code) => assert_eq!(answer["exit_code"], code, "{path}: {answer:#}"),
            None => assert_eq!(answer["error"]["code"], "command_not_found", "{path}"),
        }
    }
}
