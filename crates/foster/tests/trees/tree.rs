use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use foster_testkit::{
    Bystander, Sandbox, Watched, as_ordinary_user, give_to_ordinary_user, habit, wait_for_file,
};
use serde_json::Value;

use crate::place::Place;
use crate::way::Way;

pub const SOON: Duration = Duration::from_secs(30);

/// The kinds of trees that `habit-hard-tree` grows.
pub const KINDS: [&str; 9] = [
    "daemon",
    "nested",
    "stopped",
    "stubborn",
    "bomb",
    "crowd",
    "namespace",
    "threads",
    "hidden",
];

/// A job that has grown a tree, all that is in it, and a bystander.
pub struct Tree {
    pub kind: &'static str,
    pub place: Place,
    pub id: String,
    /// Foster's own.
    pub keeper: Watched,
    pub supervisor: Watched,
    /// Who was there when it was complete.
    pub members: BTreeSet<Watched>,
    pub leaf: Option<PathBuf>,
    pub bystander: Bystander,
}

impl Tree {
    pub fn grow(sandbox: &Sandbox, kind: &'static str, way: Way, place: Place) -> Self {
        let bystander = bystander(sandbox, place);
        let dir = folder(sandbox, "tree", place);
        let mut args = vec!["run", "--no-wait", "--kill-after", "200ms"];
        args.extend(["--containment", place.level]);
        args.extend(way.options());
        let (program, path) = (habit("hard-tree"), dir.to_str().unwrap());
        args.extend([
            "--",
            program.to_str().unwrap(),
            "--kind",
            kind,
            "--dir",
            path,
        ]);
        args.extend(way.is_the_leaders().then_some("--leave"));
        let answer = sandbox.ok(args);
        let id = answer["job_id"].as_str().unwrap().to_owned();
        let state = state(sandbox, &id);
        let own = |who: &str| Watched::from_json(&state["record"][who]).unwrap();
        let (keeper, supervisor) = (own("keeper"), own("supervisor"));
        let at_most = way.at_most().unwrap_or(SOON);
        let grown = wait_for_file(&dir.join("main.pid"), at_most);
        // On a machine that has much to do, time may be over while it grows: that is a case too.
        assert!(
            grown || way.at_most().is_some(),
            "{kind} does not grow: {answer:#}"
        );
        let mut members: BTreeSet<Watched> = sandbox.left_over().into_iter().collect();
        if place.level != "pidns" {
            // In there the numbers are others.
            members.extend(told(&dir));
        }
        members.retain(|member| *member != keeper && *member != supervisor);
        let leaf = state["record"]["cgroup"].as_str().map(PathBuf::from);
        assert_eq!(leaf.is_some(), place.level == "cgroup", "{state:#}");
        Self {
            kind,
            place,
            id,
            keeper,
            supervisor,
            members,
            leaf,
            bystander,
        }
    }

    /// For messages.
    pub fn title(&self) -> String {
        let Place { level, is_ordinary } = self.place;
        let user = if is_ordinary {
            "an ordinary user"
        } else {
            "the caller"
        };
        format!("{} in a {level} of {user}", self.kind)
    }
}

/// The same program under the same name and user, in a folder of its own.
fn bystander(sandbox: &Sandbox, place: Place) -> Bystander {
    let mut command = Command::new(habit("hard-tree"));
    command.args(["--kind", "alone", "--dir"]);
    command.arg(folder(sandbox, "bystander", place));
    Bystander::start(&if place.is_ordinary {
        as_ordinary_user(&command)
    } else {
        command
    })
}

fn folder(sandbox: &Sandbox, name: &str, place: Place) -> PathBuf {
    let folder = sandbox.work().join(name);
    fs::create_dir(&folder).unwrap();
    if place.is_ordinary {
        give_to_ordinary_user(&folder);
    }
    folder
}

/// Whom the pid files name who are there.
fn told(dir: &Path) -> BTreeSet<Watched> {
    let files = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "pid"));
    let pids = files.filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok());
    pids.filter_map(Watched::from_pid).collect()
}

fn state(sandbox: &Sandbox, id: &str) -> Value {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    serde_json::from_slice(&state).unwrap()
}
