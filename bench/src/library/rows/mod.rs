//! What is measured.

mod broadcast;
mod children;
mod collecting;
mod crowd;
mod lines;
mod reading;
mod spawning;

use crate::measure::Row;
use crate::scale::Scale;

/// The row's name, and what makes it. Rows are made when their turn comes: one holds much memory.
pub type Made = (&'static str, fn(&Scale) -> Vec<Row>);

/// All rows, in the order in which they are measured.
pub const ALL: [Made; 6] = [
    ("reading", reading::rows),
    ("collecting", collecting::rows),
    ("lines", lines::rows),
    ("broadcast", broadcast::rows),
    ("spawning", spawning::rows),
    ("crowd", crowd::rows),
];
