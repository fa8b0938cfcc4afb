//! `install-skill`: the file that teaches an agent, and whose it is.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs;
use std::path::Path;

use foster_testkit::Sandbox;
use serde_json::Value;

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn make(folder: &Path) {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).create(folder).unwrap();
}

fn outcome(sandbox: &Sandbox, args: &[&str], path: &Path) -> String {
    let answer = sandbox.ok([&["install-skill"], args].concat());
    let schema = sandbox.ok(["schema", "install-skill"])["schemas"]["install-skill"].take();
    assert!(jsonschema::is_valid(&schema, &answer), "{answer:#}");
    assert_eq!(answer["path"], path.to_str().unwrap());
    let Value::String(outcome) = &answer["outcome"] else {
        panic!("{answer:#}");
    };
    outcome.clone()
}

#[test]
fn the_file_is_written_once_and_left_alone() {
    let sandbox = sandbox();
    let work = sandbox.work().canonicalize().unwrap();
    for (args, place) in [
        (&[][..], ".agents/skills/foster/SKILL.md"),
        (&["--claude"], ".claude/skills/foster/SKILL.md"),
        (&["--dir", "a/b"], "a/b/foster/SKILL.md"),
    ] {
        let path = work.join(place);
        assert_eq!(outcome(&sandbox, args, &path), "written");
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("---\nname: foster\ndescription: "),
            "{text}"
        );
        assert_eq!(outcome(&sandbox, args, &path), "unchanged");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        let beside = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(beside, 1, "nothing else is left there");
    }
}

#[test]
fn global_means_the_home_directory() {
    let sandbox = sandbox();
    let home = sandbox.work().join("home");
    fs::create_dir(&home).unwrap();
    let mut command = sandbox.foster();
    command
        .args(["install-skill", "--global", "--claude"])
        .env("HOME", &home);
    let answer = sandbox.json_of(command, None).into_ok();
    let path = home.join(".claude/skills/foster/SKILL.md");
    assert_eq!(answer["path"], path.to_str().unwrap());
    assert!(path.is_file());
}

#[test]
fn what_somebody_has_changed_is_replaced_by_force_alone() {
    let sandbox = sandbox();
    let path = sandbox
        .work()
        .canonicalize()
        .unwrap()
        .join(".agents/skills/foster/SKILL.md");
    outcome(&sandbox, &[], &path);
    let text = fs::read_to_string(&path).unwrap();
    for changed in [
        text.replace("Wait, do not poll", "Poll"),
        "mine\n".to_owned(),
        String::new(),
    ] {
        fs::write(&path, &changed).unwrap();
        let (code, error) = sandbox.err(["install-skill"]);
        assert_eq!(code, "file_changed");
        assert!(error["error"]["hint"].as_str().unwrap().contains("--force"));
        assert_eq!(fs::read_to_string(&path).unwrap(), changed);
        assert_eq!(outcome(&sandbox, &["--force"], &path), "replaced");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_link_stays_a_link_and_a_folder_in_the_way_is_told() {
    let sandbox = sandbox();
    let work = sandbox.work().canonicalize().unwrap();
    let folder = work.join(".agents/skills/foster");
    make(&folder);
    fs::write(work.join("elsewhere.md"), "old").unwrap();
    std::os::unix::fs::symlink(work.join("elsewhere.md"), folder.join("SKILL.md")).unwrap();
    assert_eq!(
        outcome(&sandbox, &["--force"], &folder.join("SKILL.md")),
        "replaced"
    );
    assert!(folder.join("SKILL.md").is_symlink());
    assert!(
        fs::read_to_string(work.join("elsewhere.md"))
            .unwrap()
            .contains("name: foster")
    );
    make(&work.join("b/foster/SKILL.md"));
    let (code, error) = sandbox.err(["install-skill", "--dir", "b", "--force"]);
    assert_eq!(code, "io_error");
    assert!(
        error["error"]["message"]
            .as_str()
            .unwrap()
            .contains("b/foster/SKILL.md")
    );
}
