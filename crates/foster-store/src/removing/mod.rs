//! Taking jobs away: step by step, so that a crash between any two leaves nothing half there.

pub(crate) mod gc_turn;
pub(crate) mod removal;
pub(crate) mod sweep;
pub(crate) mod tree_removal;
pub(crate) mod usage;
