use foster_process::Level;
use rustix::process::{Resource, getrlimit};

use super::Supervisor;

impl Supervisor {
    /// Returns whether the keeper had better take this process's place: there is no descriptor left to
    /// look at the tree with, or to let clients in, and the keeper may have more.
    ///
    /// Where all are short of them (the system as a whole, or who limited both), it would do no better,
    /// and going on half blind is better than nobody. In a PID namespace it could not go on at all: that
    /// ends with who made it.
    pub(super) fn should_give_way(&self) -> bool {
        let (Some(keeper), Some(run)) = (&self.keeper, &self.run) else {
            return false;
        };
        let short = run.look_again || self.server.is_deaf();
        short && run.tree.scope().level() != Level::PidNamespace && {
            let own = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
            keeper.open_files_limit().is_ok_and(|limit| limit > own)
        }
    }
}
