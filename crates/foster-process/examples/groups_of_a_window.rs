//! The process groups of one window of an editor: signalled together, and only under the authority
//! that they were started under.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use foster_process::blocking::Process;
use foster_process::groups::{
    GroupRef, GroupSignalError, LocalSignaller, ProcessGroups, Signalled, Signaller,
};
use foster_process::{Command, GracefulTimeouts, OnDrop, ProcessIdentity, Signal};

/// Would run `docker exec ID kill -TERM -- -PID`. This one only says so.
#[derive(Debug)]
struct Container;

impl Signaller for Container {
    fn signal(&self, group: &GroupRef, signal: Signal) -> Result<Signalled, GroupSignalError> {
        println!("  in the container: kill -{signal} -- -{}", group.pid());
        Ok(Signalled::Delivered)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let local: Arc<dyn Signaller> = Arc::new(LocalSignaller);
    let mut window = ProcessGroups::new(Arc::clone(&local));
    let sleep = || Command::new("sleep").arg("300").on_drop(OnDrop::Kill);
    let (terminal, linter) = (Process::start(sleep())?, Process::start(sleep())?);
    window.register(terminal.identity(), "terminal");
    window.register(linter.identity(), "linter");

    // From now on the window works in a container. Its numbers are not those of this system.
    window.set_signaller(Arc::new(Container));
    let remote = ProcessIdentity {
        pid: 42,
        start_time: None,
        unique: None,
    };
    window.register(remote, "remote terminal");
    for (entry, result) in window.signal_all(Signal::TERM) {
        match result {
            Ok(signalled) => println!("{}: {signalled:?}", entry.label),
            // Neither of the local two was signalled.
            Err(GroupSignalError::OtherAuthority { .. }) => {
                println!("{}: not reached", entry.label);
            }
            Err(error) => println!("{}: {error}", entry.label),
        }
    }

    // The same `Arc` again, and the entries that were made under it are reached again.
    window.forget(remote.pid);
    window.set_signaller(local);
    let second = Duration::from_secs(1);
    for (entry, result) in window.terminate_all(GracefulTimeouts::both(second)) {
        println!("{}: {:?}", entry.label, result?);
    }
    println!("left: {}", window.entries().len());
    println!("{:?}, {:?}", terminal.wait()?.status, linter.wait()?.status);
    Ok(())
}
