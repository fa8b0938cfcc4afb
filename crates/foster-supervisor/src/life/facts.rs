use std::time::Instant;

use foster_process::ExitStatus;

/// What is true now, as the kernel says.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// How the leader ended, if it has.
    pub leader: Option<ExitStatus>,
    /// Whether nobody is left in the tree but the leader's zombie.
    pub empty: bool,
    /// Whether both streams were read to their end.
    pub output_ended: bool,
    /// When bytes were last read.
    pub last_output: Instant,
}
