use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd};

use foster_model::{ErrorCode, JOB_VARIABLE, StartFailure};
use foster_notifier::{Errand, StartError, start_outside};
use foster_process::{
    Forked, ProcessRef, Signal, SignalQueue, close_all_but, exit_now, fork, release_unused_memory,
    set_process_title, set_subreaper, start_session, wait_any,
};

use crate::adopted::Adopted;
use crate::auto_gc::clean_up;
use crate::bell::Bell;
use crate::parts::Parts;
use crate::supervisor::{Outcome, Supervisor};
use crate::telling::again;

/// How a supervisor ends that has nothing left to do. Anything else means that its keeper must go
/// on in its place.
const CONCLUDED: i32 = 0;

/// How a process ends that could not do its work.
pub(crate) const GAVE_UP: i32 = 70;

/// Turns this process, a fresh copy of the launcher or a program of its own, into the job's keeper,
/// which makes the supervisor and then sleeps until that one has gone.
///
/// The keeper exists because only a parent learns how a process ended: when the supervisor dies,
/// the kernel gives its children to the nearest subreaper above, and that is the keeper.
pub fn keep(mut parts: Parts) -> ! {
    foster_fault::set_role(foster_fault::Role::Keeper);
    foster_fault::step("keeper.forked");
    exit_now(match detach(&mut parts) {
        Ok(()) => match parts.prepare_scope() {
            Ok(()) => part_ways(parts),
            Err(failure) => refuse(parts, failure),
        },
        Err(_) => GAVE_UP,
    })
}

fn refuse(parts: Parts, failure: StartFailure) -> i32 {
    let refused = Supervisor::new(parts, None).and_then(|supervisor| supervisor.fail(failure));
    if refused.is_ok() { CONCLUDED } else { GAVE_UP }
}

fn part_ways(mut parts: Parts) -> i32 {
    match divide(&mut parts) {
        Ok(Role::Supervisor(keeper)) => supervise(parts, keeper),
        Ok(Role::Keeper(supervisor)) => attend(parts, &supervisor),
        Err(error) => {
            let code = ErrorCode::ResourcesExhausted.as_str().to_owned();
            let message = format!("the job's supervisor can't be made: {error}");
            refuse(parts, StartFailure { code, message })
        }
    }
}

enum Role {
    Supervisor(ProcessRef),
    Keeper(ProcessRef),
}

/// Leaves the launcher's world: its session and terminal, its descriptors, its directory, its
/// arguments, and whatever signals a terminal or a careless hand may send.
fn detach(parts: &mut Parts) -> io::Result<()> {
    start_session()?;
    foster_fault::step("keeper.session_started");
    let null = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    let mut keep = vec![
        parts.folder.dir().as_raw_fd(),
        parts.lock.as_fd().as_raw_fd(),
        parts.listener.as_raw_fd(),
    ];
    keep.extend(parts.launcher.as_ref().map(AsRawFd::as_raw_fd));
    close_all_but(&keep)?;
    foster_fault::step("keeper.descriptors_closed");
    std::mem::forget(null);
    name("keeper", parts);
    rustix::process::chdir("/")?;
    let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    parts.umask = Some(mask.as_raw_mode());
    set_subreaper()
}

fn divide(parts: &mut Parts) -> io::Result<Role> {
    foster_fault::step("keeper.scope_prepared");
    // Blocked, not ignored: what is ignored stays ignored in the job. A TERM waits for the one who
    // has to act on it, if this process ever becomes that.
    let deaf = [Signal::HUP, Signal::INT, Signal::TERM, Signal::QUIT];
    drop(SignalQueue::new(&deaf)?);
    parts.renew_pipes()?;
    parts.bell = Bell::new()?;
    foster_fault::attempt("keeper.fork_supervisor")?;
    let keeper = ProcessRef::open(std::process::id() as i32)?;
    match fork()? {
        Forked::Child => {
            foster_fault::set_role(foster_fault::Role::Supervisor);
            foster_fault::step("supervisor.forked");
            parts.bell.keep_rope();
            Ok(Role::Supervisor(keeper))
        }
        Forked::Parent(supervisor) => {
            foster_fault::step("keeper.supervisor_forked");
            parts.bell.keep_ear();
            parts.writers = None;
            if let Some(stdin) = &mut parts.stdin {
                stdin.leave_to_shelf();
            }
            Ok(Role::Keeper(supervisor))
        }
    }
}

/// Shows a name of its own in lists of processes. A system that can't do that shows the launcher's
/// name, which by then holds no argument any more where it matters.
pub(crate) fn name(role: &str, parts: &Parts) {
    let _ = set_process_title(&format!("foster: {role} of {}", parts.folder.id()));
}

fn supervise(parts: Parts, keeper: ProcessRef) -> i32 {
    name("supervisor", &parts);
    let ready = start_session().and_then(|()| set_subreaper());
    foster_fault::step("supervisor.session_started");
    go_on(ready.and_then(|()| Supervisor::new(parts, Some(keeper))?.start()))
}

/// Goes on as what a supervisor has become: it is over, or the keeper of a copy of itself.
fn go_on(outcome: io::Result<Outcome>) -> i32 {
    match outcome {
        Ok(Outcome::Over) => CONCLUDED,
        Ok(Outcome::Keeper(parts, supervisor)) => {
            name("keeper", &parts);
            foster_fault::set_role(foster_fault::Role::Keeper);
            attend(*parts, &supervisor)
        }
        Err(_) => GAVE_UP,
    }
}

/// The job is over, and nobody waits for this process any more. It lets go of the job before it
/// looks after the root.
fn clean_up_after(parts: Parts) {
    let (root, rules) = (parts.root.clone(), parts.auto_gc);
    drop(parts);
    foster_fault::step("keeper.job_released");
    if let Some(rules) = rules.filter(|rules| !rules.is_empty()) {
        // `foster gc` tells what goes wrong.
        let _ = clean_up(&root, &rules);
    }
}

/// Starts a notifier for the run that is under way or just over, outside of the job's tree: only the
/// keeper, or who stands in its place, can do that.
///
/// Its commands get the job's environment but for the mark of the job, of which they are no part.
pub fn start_notifier(parts: &Parts) -> Result<(), StartError> {
    let folder = again(&parts.folder)?;
    let run = parts.folder.record().map_err(io::Error::from)?.run;
    start_outside(|| {
        let env = parts.env.iter();
        let env = env.filter(|(name, _)| name != JOB_VARIABLE);
        Errand {
            folder,
            run,
            inherits_env: false,
            env: env.cloned().collect(),
            cwd: parts.cwd.clone(),
            secrets: parts.secrets.clone(),
        }
    })
}

/// Waits until the supervisor has ended; makes the notifiers that it asks for, and does for its tree
/// what only the parent can.
fn keep_watch(parts: &mut Parts, supervisor: &ProcessRef) -> io::Result<()> {
    let adopts = parts.leader.is_some();
    let adopted = adopts.then(|| Adopted::new(supervisor)).transpose()?;
    loop {
        let ended = supervisor.wait_ended(Some(std::time::Duration::ZERO))?;
        if parts.bell.was_rung() {
            // Without one the sinks are told by whoever recovers the job.
            let _ = start_notifier(parts);
            foster_fault::step("keeper.notifier_started");
        }
        if ended {
            return Ok(());
        }
        let mut watched = vec![supervisor.as_fd()];
        watched.extend(parts.bell.ear());
        if let (Some(adopted), Some(leader)) = (&adopted, &parts.leader) {
            // What can't be done for want of descriptors is done at the next end; to go on in the place of a
            // supervisor that lives would be worse.
            let _ = adopted.heed(leader, supervisor, &parts.slot);
            watched.push(adopted.ear());
        }
        wait_any(&watched, None, std::time::Duration::MAX)?;
    }
}

fn attend(mut parts: Parts, supervisor: &ProcessRef) -> i32 {
    foster_fault::step("keeper.watching");
    release_unused_memory();
    // Also where nothing is left to watch with: one that took the place of a supervisor that lives would be a
    // second one.
    let ended =
        keep_watch(&mut parts, supervisor).or_else(|_| supervisor.wait_ended(None).map(drop));
    let concluded = ended.and_then(|()| {
        foster_fault::step("keeper.supervisor_ended");
        let status = supervisor.reap()?;
        Ok(status.and_then(foster_process::ExitStatus::code) == Some(CONCLUDED))
    });
    if matches!(concluded, Ok(true)) {
        clean_up_after(parts);
        return CONCLUDED;
    }
    name("supervisor", &parts);
    foster_fault::set_role(foster_fault::Role::Supervisor);
    foster_fault::step("supervisor.taking_over");
    go_on(Supervisor::new(parts, None).and_then(Supervisor::resume))
}
