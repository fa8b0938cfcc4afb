//! The arrows between the crates, and where `unsafe` and platform code may stand.
//!
//! `docs/architecture.md` has the picture; this is the table that it is drawn from.

#![expect(
    clippy::unwrap_used,
    reason = "a check that can not look fails by stopping there"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Each crate and the crates of this workspace that it may use. `foster-testkit` may be used by
/// tests alone.
const ARROWS: [(&str, &[&str]); 13] = [
    ("foster-fault", &[]),
    ("foster-model", &[]),
    ("foster-process", &[]),
    ("foster-store", &["foster-fault", "foster-model"]),
    (
        "foster-notifier",
        &[
            "foster-fault",
            "foster-model",
            "foster-process",
            "foster-store",
        ],
    ),
    (
        "foster-supervisor",
        &[
            "foster-fault",
            "foster-model",
            "foster-notifier",
            "foster-process",
            "foster-store",
        ],
    ),
    (
        "foster-service",
        &[
            "foster-fault",
            "foster-model",
            "foster-process",
            "foster-store",
            "foster-supervisor",
        ],
    ),
    ("foster-api", &["foster-model", "foster-service"]),
    (
        "foster-http",
        &["foster-api", "foster-model", "foster-service"],
    ),
    (
        "foster-mcp",
        &["foster-api", "foster-model", "foster-service"],
    ),
    (
        "foster",
        &[
            "foster-api",
            "foster-fault",
            "foster-http",
            "foster-mcp",
            "foster-model",
            "foster-service",
        ],
    ),
    (
        "foster-fuzz",
        &[
            "foster-model",
            "foster-process",
            "foster-service",
            "foster-store",
            "foster-supervisor",
        ],
    ),
    ("foster-testkit", &[]),
];

/// Crates from elsewhere that only some may use directly.
const RESERVED: [(&str, &[&str]); 9] = [
    ("axum", &["foster-http"]),
    ("clap", &["foster", "foster-api"]),
    ("comfy-table", &["foster"]),
    ("libc", &["foster-process", "foster-store"]),
    ("rmcp", &["foster-mcp"]),
    ("rustls", &["foster-http", "foster-notifier"]),
    ("tokio", &["foster-http", "foster-mcp", "foster-process"]),
    ("tokio-util", &["foster-http", "foster-mcp"]),
    ("ureq", &["foster-notifier"]),
];

/// What supervises jobs, or looks at them.
const WITHOUT_RUNTIME: [&str; 6] = [
    "foster-api",
    "foster-notifier",
    "foster-process",
    "foster-service",
    "foster-store",
    "foster-supervisor",
];

/// What must not be in a keeper, a supervisor, or a verb, not even behind another dependency: they wait in the
/// kernel, and are forked. Only servers have it, in whose process no job is looked after.
const ABSENT: [&str; 5] = ["tokio", "async-std", "smol", "hyper", "axum"];

#[test]
fn arrows_between_the_crates_are_those_of_the_picture() {
    let allowed = BTreeMap::from(ARROWS);
    let metadata = metadata(false);
    for package in metadata.workspace_packages() {
        let allowed = allowed.get(package.name.as_str());
        let allowed = allowed.unwrap_or_else(|| panic!("{} is in no table", package.name));
        let forbidden: Vec<_> = of_the_program(package)
            .filter(|name| name.starts_with("foster") && !allowed.contains(name))
            .collect();
        assert!(
            forbidden.is_empty(),
            "{} must not use {forbidden:?}",
            package.name
        );
    }
    let names: BTreeSet<_> = metadata
        .workspace_packages()
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let expected: BTreeSet<_> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, expected);
}

#[test]
fn some_dependencies_belong_to_one_room() {
    for package in metadata(false).workspace_packages() {
        for (dependency, users) in RESERVED {
            assert!(
                users.contains(&package.name.as_str())
                    || of_the_program(package).all(|name| name != dependency),
                "{} must not use {dependency}",
                package.name
            );
        }
    }
}

/// A server has a runtime; what it calls, and what becomes of a job, does without.
#[test]
fn whatever_looks_after_jobs_contains_no_runtime() {
    let metadata = metadata(true);
    for package in WITHOUT_RUNTIME {
        let reached = reached_from(&metadata, package);
        assert!(reached.contains("rustix"), "{reached:?}");
        for absent in ABSENT {
            // The library has one for others to ask for; the graph is made of all that somebody asks for.
            assert!(!reached.contains(absent), "{absent} is in {package}");
        }
    }
}

/// A verb that is typed starts no runtime: each thread that it had would be one more reason not to fork.
#[test]
fn the_command_line_uses_no_runtime_itself() {
    let metadata = metadata(false);
    let foster = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name.as_str() == "foster")
        .unwrap();
    for absent in ABSENT {
        assert!(
            of_the_program(foster).all(|name| name != absent),
            "{absent}"
        );
    }
}

/// Whatever asks for it outside of tests would have it in the program that people install.
#[test]
fn nothing_but_tests_arms_the_points_of_faults() {
    let metadata = metadata(false);
    let armed = |package: &cargo_metadata::Package, dependency: &cargo_metadata::Dependency| {
        let forwarded = package.features.values().flatten();
        let forwards = |feature: &String| feature.starts_with("foster-fault");
        dependency.features.iter().any(|feature| feature == "armed")
            || forwarded.filter(|feature| forwards(feature)).count() > 0
    };
    let mut users = 0;
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            if dependency.name == "foster-fault" && dependency.kind != DependencyKind::Development {
                users += 1;
                assert!(!armed(package, dependency), "{} arms them", package.name);
            }
        }
    }
    assert!(users > 3, "{users}");
}

#[test]
fn unsafe_stands_in_sys_alone_and_says_why_it_is_sound() {
    for file in source_files() {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let place = || format!("{}:{}", file.display(), index + 1);
            if !is_unsafe(line) {
                continue;
            }
            assert!(in_sys(&file), "{}: unsafe outside sys/", place());
            if line.contains("unsafe {") || line.contains("unsafe impl") {
                assert!(
                    says_why(&lines, index),
                    "{}: no SAFETY comment above",
                    place()
                );
            }
        }
    }
}

#[test]
fn platforms_are_told_apart_in_sys_alone() {
    let marks = ["target_os", "target_family", "cfg(unix", "cfg(windows"];
    for file in source_files().iter().filter(|file| !in_sys(file)) {
        let text = fs::read_to_string(file).unwrap();
        for (index, line) in code_lines(&text) {
            let is_cfg = line.contains("cfg") && marks.iter().any(|mark| line.contains(mark));
            assert!(
                !is_cfg,
                "{}:{}: a platform is chosen outside sys/",
                file.display(),
                index + 1
            );
        }
    }
}

/// Runs `cargo metadata` on the workspace.
fn metadata(with_graph: bool) -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(workspace().join("Cargo.toml"));
    if with_graph {
        // For this platform alone: the others' dependencies need not be on the disk.
        let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        command.other_options(vec![
            "--locked".to_owned(),
            "--filter-platform".to_owned(),
            platform,
        ]);
    } else {
        command.no_deps();
    }
    command.exec().unwrap()
}

/// Returns what a package uses outside its tests: dependencies of the program and of its build.
fn of_the_program(package: &cargo_metadata::Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.as_str())
}

/// Returns the names of all packages that a package's program is made of.
fn reached_from(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let nodes = &metadata.resolve.as_ref().unwrap().nodes;
    let names: BTreeMap<_, _> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, package.name.to_string()))
        .collect();
    let root = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name.as_str() == name)
        .unwrap();
    let mut reached = BTreeSet::new();
    let mut open = vec![&root.id];
    while let Some(id) = open.pop() {
        if reached.insert(names[id].clone()) {
            let node = nodes.iter().find(|node| node.id == *id).unwrap();
            let used = node.deps.iter().filter(|dependency| {
                let mut kinds = dependency.dep_kinds.iter();
                kinds.any(|kind| kind.kind == DependencyKind::Normal)
            });
            open.extend(used.map(|dependency| &dependency.pkg));
        }
    }
    reached
}

/// Returns the files of all crates' own code: tests, examples and benches are not among them.
fn source_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for (name, _) in ARROWS {
        collect(
            &workspace().join("crates").join(name).join("src"),
            &mut files,
        );
    }
    assert!(files.len() > 50, "{files:?}");
    files.retain(|file| file.file_stem().is_none_or(|stem| stem != "tests"));
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Returns the numbered lines that are no comments.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Returns whether a line holds the word as code: not in a comment, and not in `unsafe_code`.
fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .any(|word| word == "unsafe")
}

/// Returns whether a comment right above a block, or above the statement that it stands in, begins
/// with SAFETY.
fn says_why(lines: &[&str], at: usize) -> bool {
    let above = lines[..at].iter().rev().take(12).map(|line| line.trim());
    let mut seen_comment = false;
    for line in above {
        if line.starts_with("// SAFETY:") {
            return true;
        }
        let comment = line.starts_with("//");
        if seen_comment && !comment {
            return false;
        }
        seen_comment |= comment;
        if line.ends_with(';') || line.ends_with('}') {
            return false;
        }
    }
    false
}

fn in_sys(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str() == "sys")
}

fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.join("../..").canonicalize().unwrap()
}
