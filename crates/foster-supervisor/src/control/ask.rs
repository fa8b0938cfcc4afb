use std::time::Duration;

use foster_model::{Amendment, PhaseSpec, Requester, Target};

use crate::input_queue::Pending;

/// Something that a client asks the supervisor to do.
#[derive(Debug)]
pub enum Ask {
    /// To end the whole tree.
    Stop {
        /// The client, for the answer.
        client: u64,
        /// The phases, or the job's own.
        phases: Option<Vec<PhaseSpec>>,
        /// Who asks.
        by: Requester,
    },
    /// To change the job's definition.
    Amend {
        /// The client, for the answer.
        client: u64,
        /// How.
        change: Amendment,
        /// Who asks.
        by: Requester,
    },
    /// To write to the command's standard input.
    Input(Pending),
    /// To leave what of that is not written yet.
    WithdrawInput {
        /// The client.
        client: u64,
    },
    /// To end the job at another time.
    Deadline {
        /// The client, for the answer.
        client: u64,
        /// From now; `None` for never.
        after: Option<Duration>,
        /// Who asks.
        by: Requester,
    },
    /// To send one signal.
    Signal {
        /// The client, for the answer.
        client: u64,
        /// The signal's number.
        number: i32,
        /// To whom.
        target: Target,
        /// Who asks.
        by: Requester,
    },
}
