use std::time::Duration;

use foster_testkit::{Sandbox, kill_at_once};
use serde_json::Value;

use crate::tree::Tree;

/// How a tree comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Kill,
    KillAtOnce,
    Signal,
    Timeout,
    Idle,
    LeaderFirst,
    Delete,
    SupervisorFirst,
    KeeperFirst,
    BothFirst,
    Recovered,
}

impl Way {
    pub fn title(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::KillAtOnce => "kill --grace 0s",
            Self::Signal => "kill --signal KILL",
            Self::Timeout => "--timeout",
            Self::Idle => "--idle-timeout",
            Self::LeaderFirst => "its leader exits first",
            Self::Delete => "delete --kill",
            Self::SupervisorFirst => "supervisor killed, then kill",
            Self::KeeperFirst => "keeper killed, then kill",
            Self::BothFirst => "supervisor and keeper killed, then kill",
            Self::Recovered => "supervisor and keeper killed, then recover and kill",
        }
    }

    /// The options of `run`.
    pub fn options(self) -> &'static [&'static str] {
        match self {
            Self::Timeout => &["--timeout", "1500ms"],
            Self::Idle => &["--idle-timeout", "1500ms"],
            _ => &[],
        }
    }

    /// How long the tree lives if nothing is done.
    pub fn at_most(self) -> Option<Duration> {
        matches!(self, Self::Timeout | Self::Idle).then_some(Duration::from_millis(1500))
    }

    /// Whether the leader goes of itself.
    pub fn is_the_leaders(self) -> bool {
        self == Self::LeaderFirst
    }

    /// Whether nobody looks after the tree when it is ended.
    pub fn is_unsupervised(self) -> bool {
        matches!(self, Self::BothFirst | Self::Recovered)
    }

    /// Does it, and returns the answer that tells of the end.
    pub fn end(self, sandbox: &Sandbox, tree: &Tree) -> Value {
        let id = &tree.id;
        let kill = || sandbox.ok(["kill", id, "--grace", "200ms"]);
        match self {
            Self::Kill => kill(),
            Self::KillAtOnce => sandbox.ok(["kill", id, "--grace", "0s"]),
            Self::Signal => {
                sandbox.ok(["kill", id, "--signal", "KILL"]);
                sandbox.ok(["wait", id])
            }
            Self::Timeout | Self::Idle | Self::LeaderFirst => sandbox.ok(["wait", id]),
            Self::Delete => sandbox.ok(["delete", "--kill", id]),
            Self::SupervisorFirst => {
                // Nobody waits for the successor.
                assert!(tree.supervisor.kill());
                kill()
            }
            Self::KeeperFirst => {
                assert!(tree.keeper.kill());
                kill()
            }
            Self::BothFirst => {
                kill_at_once(&[tree.keeper, tree.supervisor]);
                kill()
            }
            Self::Recovered => {
                kill_at_once(&[tree.keeper, tree.supervisor]);
                sandbox.ok(["recover"]);
                kill()
            }
        }
    }
}
