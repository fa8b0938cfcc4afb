use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use foster_model::{JOB_VARIABLE, NativeString};
use foster_process::blocking::Process;
use foster_process::{Command, CompletionOptions, Input, Output, Signal};

use crate::bounds::{SINK_TIMEOUT, ending};
use crate::delivery::Telling;
use crate::errand::Errand;

/// Runs a command with the event on standard input. What it leaves behind ends with it.
pub fn tell(argv: &[NativeString], telling: &Telling, errand: &Errand) -> Result<(), String> {
    let process = Process::start(command(argv, telling, errand).map_err(|e| shown(&e))?)
        .map_err(|error| shown(&error))?;
    let options = CompletionOptions::new()
        .deadline(SINK_TIMEOUT)
        .terminate_at_deadline(ending());
    let completed = process.wait_for_completion(options);
    let completed = completed.map_err(|error| shown(&error))?;
    if completed.is_late() {
        let seconds = SINK_TIMEOUT.as_secs();
        return Err(format!("it was ended: it ran for {seconds} seconds"));
    }
    match completed.status() {
        Some(status) if status.code() == Some(0) => Ok(()),
        Some(status) => Err(match (status.code(), status.signal()) {
            (Some(code), _) => format!("it exited with {code}"),
            (None, Some(signal)) => format!("it died of {}", signal.name()),
            (None, None) => "it ended in an unknown way".to_owned(),
        }),
        None => Err("its end was not seen".to_owned()),
    }
}

fn command(argv: &[NativeString], telling: &Telling, errand: &Errand) -> io::Result<Command> {
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
        .env("FOSTER_JOB_ID", errand.folder.id().to_string());
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

/// Returns an error with its causes.
pub fn shown(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
