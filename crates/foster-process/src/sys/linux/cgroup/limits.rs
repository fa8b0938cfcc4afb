use std::fs;
use std::io;
use std::path::Path;

use super::Cgroup;

impl Cgroup {
    /// Limits its members by writing `value` to `file`, which begins with its controller's name; that
    /// controller is enabled first if need be.
    pub fn limit(&self, file: &str, value: &str) -> io::Result<()> {
        if !fs::exists(self.path.join(file))? {
            let controller = file.split_once('.').map_or(file, |(name, _)| name);
            enable_below(self.parent()?, controller)?;
        }
        fs::write(self.path.join(file), value)?;
        if file == "memory.max" {
            // What can't stay in memory would go to swap, and the limit be none. Where the kernel
            // does not count swap there is no such file.
            let none = if value == "max" { "max" } else { "0" };
            match fs::write(self.path.join("memory.swap.max"), none) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn parent(&self) -> io::Result<&Path> {
        self.path.parent().ok_or(io::ErrorKind::NotFound.into())
    }
}

/// Enables a controller for the groups within this one.
///
/// The kernel refuses it where processes live in this group, with two exceptions. The root of all may
/// hold processes; it is told by having no type. A controller that knows threads (`cpu`, `pids`) would
/// be enabled all the same, and make of every group within a part of one threaded domain that no process
/// can be put into: so that is asked here, and not left to the kernel.
fn enable_below(group: &Path, controller: &str) -> io::Result<()> {
    let offered = fs::read_to_string(group.join("cgroup.controllers"))?;
    if !offered
        .split_ascii_whitespace()
        .any(|name| name == controller)
    {
        let message = format!("the controller {controller} is not to be had in this hierarchy");
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    let is_root = !fs::exists(group.join("cgroup.type"))?;
    if !is_root && !fs::read_to_string(group.join("cgroup.procs"))?.is_empty() {
        let message = "processes live beside it, and are not ours to move";
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
    }
    fs::write(
        group.join("cgroup.subtree_control"),
        format!("+{controller}"),
    )
}
