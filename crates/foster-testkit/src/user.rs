use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The user, and the group, that stands for "not root" where tests run as root: `nobody`.
pub const ORDINARY_USER: u32 = 65534;

/// Returns whether this process is root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Returns `command` as it has to be to run without privileges: as [`ORDINARY_USER`], through
/// `setpriv`, if this process is root; else as it is. The process keeps its pid, since `setpriv`
/// executes the program in its own place.
///
/// Program, arguments, directory and each variable that was set or removed are taken over. An
/// `env_clear` and redirections can't be read back from a `Command`; standard input is null.
pub fn as_ordinary_user(command: &Command) -> Command {
    let mut ordinary = if is_root() {
        let id = ORDINARY_USER.to_string();
        let mut setpriv = Command::new("setpriv");
        setpriv.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"]);
        setpriv.arg(command.get_program());
        setpriv
    } else {
        Command::new(command.get_program())
    };
    ordinary.args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => ordinary.env(name, value),
            None => ordinary.env_remove(name),
        };
    }
    if let Some(dir) = command.get_current_dir() {
        ordinary.current_dir(dir);
    }
    ordinary
}

/// Gives `path` to [`ORDINARY_USER`], if this process is root and can; what lies in it is left.
///
/// # Panics
///
/// If that fails.
pub fn give_to_ordinary_user(path: &Path) {
    if is_root() {
        std::os::unix::fs::lchown(path, Some(ORDINARY_USER), Some(ORDINARY_USER))
            .unwrap_or_else(|error| panic!("{} can't be given away: {error}", path.display()));
    }
}

/// Returns the first folder on the way to `path` that [`ORDINARY_USER`] may not enter.
pub(crate) fn barred(path: &Path) -> Option<&Path> {
    let closed = |folder: &&Path| {
        std::fs::metadata(folder).is_ok_and(|meta| {
            let mine = meta.uid() == ORDINARY_USER && meta.mode() & 0o100 != 0;
            !mine && meta.mode() & 0o001 == 0
        })
    };
    path.ancestors().skip(1).filter(closed).last()
}
