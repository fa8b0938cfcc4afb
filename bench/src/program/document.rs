//! The table of all rows, and its place in the document.

use std::fmt::Write as _;
use std::path::Path;

use crate::Error;
use crate::results::{Limit, Measured, Results, Row};

const BEGIN: &str = "<!-- made by bench/run: what lies between these two lines -->\n";
const END: &str = "<!-- end of what is made by bench/run -->\n";

/// Returns the machine, the table and the list of goals that were missed.
pub fn table(results: &Results) -> String {
    let mut text = String::new();
    for line in results.machine.iter().chain(&results.missing) {
        put(&mut text, format_args!("- {line}"));
    }
    put(
        &mut text,
        format_args!(
            "\n| work | who | median (min..max), rounds | × the first | goal | noise |\n|---|---|---|---|---|---|"
        ),
    );
    let mut rows: Vec<(&String, &Row)> = results.rows.iter().collect();
    rows.sort_by_key(|(key, row)| (row.place, key.as_str()));
    for (_, row) in &rows {
        for one in &row.contestants {
            line(&mut text, row, one);
        }
    }
    let missed: Vec<&str> = rows
        .iter()
        .filter(|(_, row)| row.reached() == Some(false))
        .map(|(_, row)| row.work.as_str())
        .collect();
    let judged = rows
        .iter()
        .filter(|(_, row)| row.reached().is_some())
        .count();
    put(
        &mut text,
        format_args!("\n{} of {judged} goals are met.", judged - missed.len()),
    );
    for work in missed {
        put(&mut text, format_args!("- missed: {work}"));
    }
    text
}

fn line(text: &mut String, row: &Row, one: &Measured) {
    let digits = if one.median < 10.0 { 2 } else { 0 };
    let figures = if one.count == 1 {
        format!("**{:.digits$}** {}", one.median, row.unit)
    } else {
        format!(
            "**{:.digits$}** ({:.digits$}..{:.digits$}) {}, {}",
            one.median, one.min, one.max, row.unit, one.count
        )
    };
    let beside = row
        .of(&row.reference)
        .filter(|reference| reference.who != one.who && reference.median > 0.0)
        .map(|reference| format!("{:.2}", one.median / reference.median))
        .unwrap_or_default();
    let goal = goal(row, one).unwrap_or_default();
    let (work, who, measured) = (&row.work, &one.who, &row.measured);
    put(
        text,
        format_args!("| {work} | {who} | {figures} | {beside} | {goal} | {measured} |"),
    );
}

fn goal(row: &Row, one: &Measured) -> Option<String> {
    let goal = row.goal.as_ref().filter(|goal| goal.who == one.who)?;
    let verdict = if row.reached()? { "met" } else { "missed" };
    let aim = match goal.limit {
        Limit::Times(most) => format!("≤ {most} ×"),
        Limit::Speed(least) => format!("≥ {least} ×"),
        Limit::AtMost(most) => format!("≤ {most} {}", row.unit),
        Limit::Percentile99(most) => {
            format!("99 of 100 ≤ {most} {}: {:.2}", row.unit, one.percentile_99)
        }
    };
    Some(format!("{aim}: {verdict}"))
}

/// Puts the table into the document, in the place that it has there.
pub fn write(results: &Results, path: &Path) -> Result<(), Error> {
    let text = std::fs::read_to_string(path)?;
    let (before, rest) = text
        .split_once(BEGIN)
        .ok_or("the document has no place for the table")?;
    let (_, after) = rest.split_once(END).ok_or("the table's place has no end")?;
    let table = table(results);
    Ok(std::fs::write(
        path,
        format!("{before}{BEGIN}\n{table}\n{END}{after}"),
    )?)
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}
