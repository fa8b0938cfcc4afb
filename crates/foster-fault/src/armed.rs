use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::process::{Signal, getpid, kill_process};
use rustix::time::{ClockId, clock_gettime};

use crate::Role;
use crate::fault::{Action, ArmError, Fault};

/// Names the folder of faults.
const VARIABLE: &str = "FOSTER_FAULT";
/// The file in it that tells which points were passed.
const PASSED: &str = "passed";

/// What this process was armed with; its copies by `fork` have it too.
static ARMED: OnceLock<Armed> = OnceLock::new();
/// The role of this process, by its number.
static ROLE: AtomicU8 = AtomicU8::new(Role::Launcher as u8);

struct Armed {
    folder: PathBuf,
    traced: bool,
    faults: Vec<(String, Fault)>,
    passed: Mutex<HashMap<(u8, &'static str), u32>>,
}

/// Reads the faults from the folder that a variable names, if it is set. `variable` looks one up: only the
/// program reads its environment.
///
/// # Errors
///
/// A folder that can't be read, or a file in it that names no fault: a test with a slip of the pen should not
/// pass because nothing happened.
pub fn arm<'a>(variable: impl FnOnce(&str) -> Option<&'a OsStr>) -> Result<(), ArmError> {
    let Some(folder) = variable(VARIABLE).map(Path::new) else {
        return Ok(());
    };
    if !folder.is_absolute() {
        return Err(ArmError::Relative(folder.to_owned()));
    }
    let unreadable = |source| ArmError::Folder {
        path: folder.to_owned(),
        source,
    };
    let mut faults = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let name = name.to_string_lossy().into_owned();
        if name != PASSED {
            let fault = Fault::parse(&name).ok_or_else(|| ArmError::Name(name.clone()))?;
            faults.push((name, fault));
        }
    }
    ARMED.get_or_init(|| Armed {
        folder: folder.to_owned(),
        traced: folder.join(PASSED).exists(),
        faults,
        passed: Mutex::default(),
    });
    Ok(())
}

/// Says what this process is from now on. Its points are counted anew by that role.
pub fn set_role(role: Role) {
    ROLE.store(role as u8, Ordering::Relaxed);
}

/// Passes a step that is done: a test may have the process killed or stopped here.
pub fn step(point: &'static str) {
    if let Some(armed) = ARMED.get() {
        // A step that is done can't fail any more.
        let _ = armed.pass(point, "step");
    }
}

/// Passes a step that is about to be tried: a test may also have it refused.
///
/// # Errors
///
/// The one that the test asks for.
pub fn attempt(point: &'static str) -> io::Result<()> {
    match ARMED.get() {
        Some(armed) => armed.pass(point, "attempt"),
        None => Ok(()),
    }
}

impl Armed {
    fn pass(&self, point: &'static str, kind: &str) -> io::Result<()> {
        let role = Role::ALL[usize::from(ROLE.load(Ordering::Relaxed))];
        let count = self.count(role, point);
        self.tell(role, point, kind);
        let due = self.faults.iter().find(|(_, fault)| {
            (fault.role, fault.point.as_str(), fault.occurrence) == (role, point, count)
        });
        match due {
            // Whoever removes the file makes the fault.
            Some((name, fault)) if fs::remove_file(self.folder.join(name)).is_ok() => {
                self.tell(role, point, "made");
                make(fault.action)
            }
            _ => Ok(()),
        }
    }

    fn count(&self, role: Role, point: &'static str) -> u32 {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let count = passed.entry((role as u8, point)).or_default();
        *count += 1;
        *count
    }

    /// Appends a line, by a descriptor of its own: a keeper closes all that it doesn't know.
    fn tell(&self, role: Role, point: &str, kind: &str) {
        if !self.traced {
            return;
        }
        let file = fs::OpenOptions::new()
            .append(true)
            .open(self.folder.join(PASSED));
        let now = clock_gettime(ClockId::Monotonic);
        let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        let (pid, role) = (std::process::id(), role.as_str());
        let line = format!("{micros} {pid} {role} {point} {kind}\n");
        // Where the system has no descriptor left, a line is missing.
        let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
    }
}

fn make(action: Action) -> io::Result<()> {
    let signal = match action {
        Action::Fail(errno) => return Err(errno.into()),
        Action::Kill => Signal::KILL,
        Action::Stop => Signal::STOP,
    };
    kill_process(getpid(), signal)?;
    Ok(())
}
