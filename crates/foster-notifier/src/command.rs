use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use foster_model::{JOB_VARIABLE, NativeString};
use foster_process::blocking::Process;
use foster_process::{Command, CompletionOptions, Input, Output, Signal};
use rustix::io::Errno;

use crate::bounds::{COMMAND_TIMEOUT, ending};
use crate::closing::Closing;
use crate::delivery::Telling;
use crate::errand::Errand;
use crate::refusal::Refusal;

/// What may be over soon that keeps a command from being started.
const PASSING: [Errno; 6] = [
    Errno::AGAIN,
    Errno::NOMEM,
    Errno::MFILE,
    Errno::NFILE,
    Errno::TXTBSY,
    Errno::NOSPC,
];

/// Runs a command with the event on standard input. What it leaves behind ends with it.
pub fn tell(
    argv: &[NativeString],
    telling: &Telling,
    attempt: u32,
    errand: &Errand,
    closing: &Closing,
) -> Result<(), Refusal> {
    let command = command(argv, telling, attempt, errand);
    let command = command.map_err(|error| Refusal::of(&error, &PASSING))?;
    let process = closing
        .start(|| Process::start(command))
        .ok_or_else(|| Refusal::lasting("the notifier was ended"))?
        .map_err(|error| Refusal::of(&error, &PASSING))?;
    let options = CompletionOptions::new()
        .deadline(COMMAND_TIMEOUT)
        .terminate_at_deadline(ending());
    // If its end is not seen it may well have told: it is not run again.
    let completed = process
        .wait_for_completion(options)
        .map_err(|error| Refusal::of(&error, &[]))?;
    if completed.is_late() {
        let seconds = COMMAND_TIMEOUT.as_secs();
        let reason = format!("it was ended: it ran for {seconds} seconds");
        return Err(Refusal::passing(reason));
    }
    match completed.status() {
        Some(status) if status.code() == Some(0) => Ok(()),
        Some(status) => Err(Refusal::passing(match (status.code(), status.signal()) {
            (Some(code), _) => format!("it exited with {code}"),
            (None, Some(signal)) => format!("it died of {}", signal.name()),
            (None, None) => "it ended in an unknown way".to_owned(),
        })),
        None => Err(Refusal::lasting("its end was not seen")),
    }
}

fn command(
    argv: &[NativeString],
    telling: &Telling,
    attempt: u32,
    errand: &Errand,
) -> io::Result<Command> {
    let os = |word: &NativeString| OsString::from_vec(word.as_bytes().to_vec());
    let mut words = argv.iter().map(os);
    let program = words.next().unwrap_or_default();
    // A directory that was removed meanwhile keeps nobody from being told.
    let cwd = if errand.cwd.is_dir() {
        errand.cwd.as_path()
    } else {
        Path::new("/")
    };
    let mut command = Command::new(program).args(words);
    if !errand.inherits_env {
        command = command.env_clear();
    }
    for (name, value) in &errand.env {
        command = command.env(name, value);
    }
    command = command
        .env_remove(JOB_VARIABLE)
        .env("FOSTER_EVENT_PATH", telling.path.as_os_str())
        .env("FOSTER_EVENT_TYPE", telling.kind)
        .env("FOSTER_JOB_ID", errand.folder.id().to_string())
        .env("FOSTER_NOTIFY_ATTEMPT", attempt.to_string());
    if let Some(offset) = telling.offset {
        command = command.env("FOSTER_EVENT_OFFSET", offset.to_string());
    }
    Ok(command
        .current_dir(cwd)
        // A notifier that is killed can end nothing; the thread that waits for it ends with that.
        .parent_death_signal(Signal::KILL)
        .stdin(Input::File(in_memory(&telling.event)?))
        .stdout(Output::Null)
        .stderr(Output::Null))
}

/// Returns a file that is nowhere, so that no command that reads nothing can hold us up.
fn in_memory(bytes: &[u8]) -> io::Result<File> {
    let flags = rustix::fs::MemfdFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::memfd_create("event", flags)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}
