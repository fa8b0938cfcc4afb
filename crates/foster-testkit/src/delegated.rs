use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::belongings::own_cgroup;
use crate::give_to_ordinary_user;

/// A control group that root has given to the ordinary user, as a system does that delegates one.
/// It is removed with the value, when all that lived in it is gone.
#[derive(Debug)]
pub(crate) struct Delegated(PathBuf);

impl Delegated {
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let own = own_cgroup().ok_or(io::ErrorKind::NotFound)?;
        let group = Self(own.join(name));
        fs::create_dir(&group.0)?;
        give_to_ordinary_user(&group.0);
        for file in ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"] {
            give_to_ordinary_user(&group.0.join(file));
        }
        Ok(group)
    }

    /// The same command, which enters the group first: root must move it, then it steps down.
    pub(crate) fn enter(&self, command: &Command) -> Command {
        let mut inside = Command::new("sh");
        let line = "echo 0 > \"$0/cgroup.procs\" && exec \"$@\"";
        inside.args(["-c", line]).arg(&self.0);
        inside.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        if let Some(dir) = command.get_current_dir() {
            inside.current_dir(dir);
        }
        inside.stdin(Stdio::null());
        inside
    }
}

impl Drop for Delegated {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

/// Removes a group and those below it, as far as they are empty.
fn remove(group: &Path) {
    let below = fs::read_dir(group).into_iter().flatten().flatten();
    for entry in below.filter(|entry| entry.path().is_dir()) {
        remove(&entry.path());
    }
    let _ = fs::remove_dir(group);
}
