//! What was measured, as markdown.

use std::fmt::Write as _;

use crate::measure::{Contestant, Reference, Row};

/// Returns the lines of one row's contestants; the columns are those of [`head`].
pub fn lines(row: &Row) -> String {
    let mut text = String::new();
    for contestant in &row.contestants {
        if contestant.against.is_empty() {
            line(&mut text, row, contestant, None);
        }
        for reference in &contestant.against {
            line(&mut text, row, contestant, Some(*reference));
        }
    }
    text
}

/// Returns the head of the table.
pub fn head() -> &'static str {
    "| work | who | beside | speed, median (min..max) | cpu | goal | absolute | cpu time |\n\
     |---|---|---|---|---|---|---|---|\n"
}

fn line(text: &mut String, row: &Row, contestant: &Contestant, reference: Option<Reference>) {
    let ratio = reference.and_then(|reference| row.ratio(contestant, reference.name));
    let beside = reference.map_or("", |reference| reference.name);
    let speed = ratio.map(|r| format!("**{:.2}** ({:.2}..{:.2})", r.median, r.min, r.max));
    let cpu = ratio.map(|ratio| format!("{:.2}", ratio.cpu));
    let goal = reference.and_then(|reference| reference.goal).zip(ratio);
    let goal = goal.map(|(goal, ratio)| {
        let verdict = if ratio.median >= goal {
            "met"
        } else {
            "missed"
        };
        format!("≥ {goal:.2}: {verdict}")
    });
    let rate = row.amount / contestant.median_wall();
    let each = contestant.median_cpu() / row.amount * 1e6;
    let (title, unit, name) = (&row.title, row.unit, contestant.name);
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "| {title} | {name} | {beside} | {} | {} | {} | {rate:.0} {unit}/s | {each:.0} µs/{unit} |",
        speed.unwrap_or_default(),
        cpu.unwrap_or_default(),
        goal.unwrap_or_default(),
    );
}
