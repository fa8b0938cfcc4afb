use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use foster_model::{JobId, NativeString, Secrets, Variables};
use foster_process::fork_orphan;
use foster_store::Root;
use serde::{Deserialize, Serialize};

use crate::errand::Errand;
use crate::notifier::become_notifier;

/// What a program with threads tells the program that is to be the notifier, on standard input.
#[derive(Serialize, Deserialize)]
struct Handover {
    root: NativeString,
    job_id: JobId,
    run: u32,
    inherits_env: bool,
    env: Variables,
    cwd: NativeString,
    secrets: Secrets,
}

/// Why a notifier could not be made out of a program.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// The program could not be executed.
    #[error("{program:?} can't be executed as a notifier")]
    Execute {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It could not be told, or did not understand.
    #[error("the errand could not be handed over to the notifier")]
    Tell(#[from] io::Error),
    /// What was handed over makes no sense.
    #[error("what was handed over can't be understood")]
    Understand(#[from] serde_json::Error),
    /// What was handed over can't be used.
    #[error("what was handed over can't be used: {0}")]
    Use(String),
}

/// Executes `program _notify` and hands the errand over to it.
pub(crate) fn hand_over(program: &Path, root: &Root, errand: &Errand) -> Result<(), HandoverError> {
    let native = |text: &OsString| NativeString::from(text.as_bytes().to_vec());
    let path = |path: &Path| NativeString::from(path.as_os_str().as_bytes().to_vec());
    let variables = errand.env.iter();
    let variables = variables.map(|(name, value)| (native(name), native(value)));
    let handover = Handover {
        root: path(root.path()),
        job_id: errand.folder.id(),
        run: errand.run,
        inherits_env: errand.inherits_env,
        env: variables.collect(),
        cwd: path(&errand.cwd),
        secrets: errand.secrets.clone(),
    };
    let mut child = Command::new(program)
        .arg("_notify")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|source| HandoverError::Execute {
            program: program.to_owned(),
            source,
        })?;
    let told = match child.stdin.take() {
        Some(mut stdin) => stdin.write_all(&serde_json::to_vec(&handover)?),
        None => Ok(()),
    };
    // It only forks the notifier and ends; reaped here, it leaves no zombie in our caller.
    child.wait()?;
    Ok(told?)
}

/// The hidden verb `_notify`: becomes the notifier whose errand comes on standard input. Returns in
/// the process that was executed, once the notifier is another one.
pub fn notify_handed_over() -> Result<(), HandoverError> {
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text)?;
    let handover: Handover = serde_json::from_slice(&text)?;
    let os = |text: NativeString| OsString::from_vec(text.into_bytes());
    let unusable = |error: &dyn std::error::Error| HandoverError::Use(error.to_string());
    let root = Root::open(Path::new(&os(handover.root)), false).map_err(|e| unusable(&e))?;
    let folder = root.job(handover.job_id).map_err(|e| unusable(&e))?;
    let variables = handover.env.into_iter();
    let variables = variables.map(|(name, value)| (os(name), os(value)));
    let errand = Errand {
        folder,
        run: handover.run,
        inherits_env: handover.inherits_env,
        env: variables.collect(),
        cwd: os(handover.cwd).into(),
        secrets: handover.secrets,
    };
    if fork_orphan()? {
        become_notifier(errand);
    }
    Ok(())
}
