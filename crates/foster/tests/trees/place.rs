use std::process::Command;

use foster_testkit::{Sandbox, as_ordinary_user, is_root, require};

const FOSTER: &str = env!("CARGO_BIN_EXE_foster");

/// Where a tree grows: how it is held, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub level: &'static str,
    /// Whether it is an ordinary user's, and not of whoever runs the tests.
    pub is_ordinary: bool,
}

impl Place {
    /// Returns the place for a tree of this kind: an ordinary user's only if he may have it there.
    pub fn of(level: &'static str, kind: &str, is_ordinary: bool) -> Self {
        let divides_pids = level == "pidns" || kind == "namespace";
        let may = match level {
            _ if divides_pids => is_ordinary && divides_pids_as_ordinary_user(),
            "cgroup" => Sandbox::for_ordinary_user_in_a_cgroup(FOSTER).is_some(),
            _ => true,
        };
        Self {
            level,
            is_ordinary: is_ordinary && is_root() && may,
        }
    }

    pub fn sandbox(&self) -> Sandbox {
        match (self.is_ordinary, self.level) {
            (false, _) => Sandbox::new(FOSTER),
            (true, "cgroup") => Sandbox::for_ordinary_user_in_a_cgroup(FOSTER).unwrap(),
            (true, _) => Sandbox::for_ordinary_user(FOSTER),
        }
    }
}

/// Returns the levels that this machine has; if the environment demands one, that one alone, since
/// another run of the tests has the others.
pub fn levels() -> Vec<&'static str> {
    let demanded = std::env::var("FOSTER_CONTAINMENT").ok();
    let demanded = demanded.filter(|level| level != "auto");
    let doctor = Sandbox::new(FOSTER).ok(["doctor"]);
    let found = doctor["levels"].as_array().unwrap();
    let is_had = |level: &str| {
        let mut found = found.iter();
        found.any(|found| found["name"] == level && found["available"] == true)
    };
    let levels = ["cgroup", "subreaper", "pidns"].into_iter();
    levels
        .filter(|level| demanded.as_ref().is_none_or(|wanted| wanted == level))
        .filter(|level| require(&format!("the level {level}"), is_had(level)))
        .collect()
}

/// An ordinary user's namespaces are had on few machines.
fn divides_pids_as_ordinary_user() -> bool {
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-current-user", "--pid", "--fork"]);
    unshare.args(["--mount", "--mount-proc", "true"]);
    let made = as_ordinary_user(&unshare).output();
    made.is_ok_and(|made| made.status.success())
}
