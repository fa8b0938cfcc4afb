use crate::host::KernelFeature;

/// Returns what is missing here of what Linux offers. None of it is tried: none of it is built.
pub fn kernel_features() -> Vec<KernelFeature> {
    let missing = |name, detail: &str| KernelFeature {
        name,
        available: false,
        detail: detail.to_owned(),
    };
    vec![
        missing(
            "pidfd",
            "a process is a number whose start time is compared before each signal",
        ),
        missing(
            "pidfd_signal_group",
            "a group is signalled while its leader is not reaped",
        ),
        missing("pidfs", "a process is told from others by its start time"),
        missing(
            "subreaper",
            "an orphan that has left its group and session is not found",
        ),
        missing(
            "proc_children",
            "the list of all processes is looked through",
        ),
        missing(
            "splice",
            "output moves by copy; a kill between two steps loses what was read",
        ),
    ]
}
