use crate::sys;

/// How a tree is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// A leaf of cgroup v2, entered at the moment of birth. Nothing leaves it by forking; who may write
    /// to another control group may move itself there. Linux only.
    Cgroup,
    /// The descendants of a subreaper, which every orphan among them comes back to
    /// ([PR_SET_CHILD_SUBREAPER](https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html)).
    /// Linux only.
    Subreaper,
    /// Marks: the leader's process group and session, a variable in the environment
    /// ([`COOKIE`](crate::COOKIE)), and the descendants of whoever has one of them. What a system without
    /// subreapers offers, and what a [`Command`](crate::Command) has without a control group.
    ///
    /// A process that has cleared its environment, has left the session and has lost its parent is
    /// not found, and the tree is called empty without it.
    Group,
    /// A PID namespace of its own, which the kernel ends with its first process, and that with the
    /// thread that started it. Nothing leaves it, and nobody in it sees anybody outside.
    PidNamespace,
}

/// A level, and whether it is to be had here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelReport {
    /// Its name.
    pub name: &'static str,
    /// Whether it is to be had.
    pub available: bool,
    /// What was seen, or why it is not to be had.
    pub detail: String,
}

impl Level {
    /// Returns the word for it in answers: `cgroup`, `subreaper`, `group` or `pidns`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cgroup => "cgroup",
            Self::Subreaper => "subreaper",
            Self::Group => "group",
            Self::PidNamespace => "pidns",
        }
    }

    /// Returns every level, and whether it is to be had here; a control group and a
    /// PID namespace are found out about by making one and removing it. `probe_name` is what the control
    /// group is called meanwhile.
    pub fn survey(probe_name: &str) -> Vec<LevelReport> {
        let cgroup = match sys::Cgroup::create(probe_name) {
            Ok(cgroup) => {
                let detail = format!("leaves are made beside {}", cgroup.path().display());
                match cgroup.remove() {
                    Ok(()) => Ok(detail),
                    Err(error) => Err(format!("a leaf could be made and not removed: {error}")),
                }
            }
            Err(error) => Err(error.to_string()),
        };
        let report = |name, result: Result<String, String>| LevelReport {
            name,
            available: result.is_ok(),
            detail: result.unwrap_or_else(|reason| reason),
        };
        vec![
            report("cgroup", cgroup),
            report("pidns", survey_namespace()),
            report(
                sys::OWN_LEVEL.as_str(),
                Ok(sys::OWN_LEVEL_DETAIL.to_owned()),
            ),
        ]
    }
}

fn survey_namespace() -> Result<String, String> {
    let detail = "one was made; it ends with the thread that starts its leader";
    sys::PidNamespace::probe()
        .map(|()| detail.to_owned())
        .map_err(|error| error.to_string())
}
