use std::ffi::OsString;
use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use foster_model::{GcRules, JobId, NativeString, Secrets};
use foster_process::{Forked, exit_now, fork};
use foster_store::{JobFolder, Lock, Root};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use serde::{Deserialize, Serialize};

use crate::keeper::keep;
use crate::launch::{Launch, Way, prepare};
use crate::phases::from_specs;

/// What a launcher with threads tells the program that is to be the keeper, over a socket: neither
/// arguments nor environment would keep a secret.
#[derive(Serialize, Deserialize)]
struct Handover {
    root: NativeString,
    folder: NativeString,
    job_id: JobId,
    argv: Vec<NativeString>,
    cwd: NativeString,
    log: Option<NativeString>,
    env: Vec<(NativeString, NativeString)>,
    containment: String,
    /// Missing from launchers that know nothing of it.
    #[serde(default)]
    auto_gc: Option<GcRules>,
    secrets: Secrets,
    redact: Secrets,
}

/// Why a keeper could not be made out of a program.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// The program could not be executed.
    #[error("{program:?} can't be executed as a keeper")]
    Execute {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It could not be told, or did not understand.
    #[error("the job could not be handed over to its keeper")]
    Tell(#[from] io::Error),
    /// What was handed over makes no sense.
    #[error("what was handed over can't be understood")]
    Understand(#[from] serde_json::Error),
    /// What was handed over can't be used.
    #[error("what was handed over can't be used: {0}")]
    Use(String),
}

/// Executes `program _supervise` and hands the job over to it: the description as a line of JSON,
/// the folder's and the lock's descriptors beside it.
pub fn hand_over(program: &Path, launch: &Launch, theirs: UnixStream) -> Result<(), HandoverError> {
    let native = |text: &OsString| NativeString::from(text.as_bytes().to_vec());
    let path = |path: &Path| NativeString::from(path.as_os_str().as_bytes().to_vec());
    let handover = Handover {
        root: path(launch.root.path()),
        folder: path(launch.folder.path()),
        job_id: launch.folder.id(),
        argv: launch.argv.iter().map(native).collect(),
        cwd: path(&launch.cwd),
        log: launch.log.as_deref().map(path),
        env: launch
            .env
            .iter()
            .map(|(k, v)| (native(k), native(v)))
            .collect(),
        containment: launch.containment.as_str().to_owned(),
        auto_gc: launch.auto_gc,
        secrets: launch.secrets.clone(),
        redact: launch.redact.clone(),
    };
    let (teller, told) = UnixStream::pair()?;
    let mut child = Command::new(program)
        .arg("_supervise")
        .stdin(Stdio::from(OwnedFd::from(told)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|source| HandoverError::Execute {
            program: program.to_owned(),
            source,
        })?;
    let fds = [
        launch.folder.dir(),
        launch.lock.as_fd(),
        theirs.as_fd(),
        launch.listener.as_fd(),
    ];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    rights.push(SendAncillaryMessage::ScmRights(&fds));
    rustix::net::sendmsg(
        &teller,
        &[IoSlice::new(b"F")],
        &mut rights,
        SendFlags::NOSIGNAL,
    )
    .map_err(io::Error::from)?;
    (&teller).write_all(&serde_json::to_vec(&handover)?)?;
    drop(teller);
    // It only forks the keeper and ends; reaped here, it leaves no zombie in our caller.
    child.wait()?;
    Ok(())
}

/// The hidden verb `_supervise`: becomes the keeper of the job that is handed over on standard
/// input. Returns in the process that was executed, once the keeper is another one.
pub fn supervise_handed_over() -> Result<(), HandoverError> {
    let stdin =
        rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3).map_err(io::Error::from)?;
    let socket = UnixStream::from(stdin);
    let [dir, lock, launcher, listener] = receive_descriptors(&socket)?;
    let mut text = Vec::new();
    (&socket).read_to_end(&mut text)?;
    let handover: Handover = serde_json::from_slice(&text)?;
    let os = |text: NativeString| OsString::from_vec(text.into_bytes());
    let unusable = |error: &dyn std::error::Error| HandoverError::Use(error.to_string());
    let root = Root::open(Path::new(&os(handover.root)), false).map_err(|e| unusable(&e))?;
    let folder = JobFolder::from_fd(handover.job_id, os(handover.folder).into(), dir);
    let definition = folder.definition().map_err(|e| unusable(&e))?;
    let phases = from_specs(&definition.escalation).map_err(|e| unusable(&e))?;
    let launch = Launch {
        root,
        folder,
        lock: Lock::from(lock),
        listener: UnixListener::from(listener),
        definition,
        argv: handover.argv.into_iter().map(os).collect(),
        cwd: os(handover.cwd).into(),
        log: handover.log.map(|log| os(log).into()),
        env: handover
            .env
            .into_iter()
            .map(|(k, v)| (os(k), os(v)))
            .collect(),
        containment: handover
            .containment
            .parse()
            .map_err(|e: foster_process::UnknownContainment| unusable(&e))?,
        auto_gc: handover.auto_gc,
        secrets: handover.secrets,
        redact: handover.redact,
        way: Way::Fork,
    };
    let parts = prepare(launch, phases, UnixStream::from(launcher))?;
    match fork()? {
        Forked::Child => keep(parts),
        Forked::Parent(_) => exit_now(0),
    }
}

fn receive_descriptors(socket: &UnixStream) -> Result<[OwnedFd; 4], HandoverError> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut rights = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let flags = RecvFlags::CMSG_CLOEXEC;
    rustix::net::recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut byte)],
        &mut rights,
        flags,
    )
    .map_err(io::Error::from)?;
    let mut fds = Vec::new();
    for message in rights.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            fds.extend(received);
        }
    }
    fds.try_into()
        .map_err(|_| HandoverError::Use("its descriptors are missing".to_owned()))
}
