//! The official clients, with the checks that they make of themselves.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use foster_testkit::{finish, require};

use crate::client::{FOSTER, sandbox};

/// How long a client may take, on a busy machine.
const LONGEST: Duration = Duration::from_mins(5);

/// Returns where the scripts are.
fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mcp/clients")
}

/// Returns a folder that stays from test to test, if what belongs into it is there or can be had now.
fn installed(name: &str, needs: &str, install: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let whole = folder.join("whole");
    let wanted = fs::read_to_string(scripts().join(needs)).unwrap();
    if fs::read_to_string(&whole).is_ok_and(|found| found == wanted) {
        return Some(folder);
    }
    // What is left of an attempt that was cut short.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let installed = install(&folder);
    if installed {
        fs::write(whole, wanted).unwrap();
    }
    installed.then_some(folder)
}

/// Runs a command that installs something, and returns whether it could.
fn done(command: &mut Command) -> bool {
    let output = command.stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let _ = writeln!(std::io::stderr(), "{command:?}: {}: {said}", output.status);
            false
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{command:?}: {error}");
            false
        }
    }
}

fn python(name: &str, requirements: &str) -> Option<PathBuf> {
    let folder = installed(name, requirements, |folder| {
        let pip = folder.join("bin/pip");
        let wanted = scripts().join(requirements);
        done(Command::new("python3").args(["-m", "venv"]).arg(folder))
            && done(
                Command::new(pip)
                    .args(["install", "--quiet", "--no-deps", "--requirement"])
                    .arg(wanted),
            )
    });
    folder.map(|folder| folder.join("bin/python"))
}

/// Runs a client's script, whose checks have to hold.
fn try_out(mut command: Command, script: &Path, said: &str) {
    let sandbox = sandbox();
    let shown = sandbox.foster();
    for (name, value) in shown.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.arg(script).arg(FOSTER).current_dir(sandbox.work());
    let done = finish(command, None, LONGEST);
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let log = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success() && text.contains(said),
        "{}\n{text}\n{log}",
        done.status
    );
    let _ = writeln!(std::io::stderr(), "tried by {}", text.trim_end());
}

#[test]
fn the_python_sdk_is_content() {
    let python = python("mcp-python", "python/requirements.txt");
    if require(
        "Python 3 with venv, and its packages for MCP",
        python.is_some(),
    ) {
        let script = scripts().join("python/foster_client.py");
        try_out(
            Command::new(python.unwrap()),
            &script,
            "protocol 2026-07-28, 2025-11-25",
        );
    }
}

#[test]
fn the_python_sdk_of_the_first_generation_is_content() {
    let python = python("mcp-python-1", "python/requirements-1.txt");
    if require(
        "Python 3 with venv, and its packages for MCP",
        python.is_some(),
    ) {
        let script = scripts().join("python/foster_client_1.py");
        try_out(
            Command::new(python.unwrap()),
            &script,
            "protocol 2025-11-25",
        );
    }
}

#[test]
fn the_typescript_sdk_is_content() {
    let folder = installed("mcp-typescript", "typescript/package-lock.json", |folder| {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(scripts().join("typescript").join(file), folder.join(file)).unwrap();
        }
        let mut npm = Command::new("npm");
        done(
            npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
                .current_dir(folder),
        )
    });
    if require("Node with npm, and its packages for MCP", folder.is_some()) {
        // Node looks for packages above the script.
        let script = folder.unwrap().join("foster-client.js");
        fs::copy(scripts().join("typescript/foster-client.js"), &script).unwrap();
        try_out(Command::new("node"), &script, "TypeScript");
    }
}
