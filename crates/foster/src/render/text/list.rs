use std::time::SystemTime;

use comfy_table::{Table, presets};
use foster_model::Time;
use foster_model::answer::{ListAnswer, ListRow};
use serde::Serialize;

use super::words::{age, duration, plain, short};
use super::{Paint, Style, Text, hint, line};

/// The narrowest that a command is cut to: the table is wider than the terminal, rather.
const NARROWEST: usize = 16;

/// A listing as it was asked for.
#[derive(Debug, Serialize)]
pub struct Listing {
    /// The answer.
    #[serde(flatten)]
    pub answer: ListAnswer,
    /// Whether the text is to have the ids alone.
    #[serde(skip)]
    pub ids_alone: bool,
}

impl Text for Listing {
    fn text(&self, style: Style, out: &mut String) {
        if !self.ids_alone {
            return self.answer.text(style, out);
        }
        for row in &self.answer.jobs {
            line!(out, "{}", row.job_id);
        }
    }
}

impl Text for ListAnswer {
    fn text(&self, style: Style, out: &mut String) {
        if self.jobs.is_empty() {
            let place = match &self.scope {
                Some(scope) => format!("at or below {scope}"),
                None => format!("in {}", self.root),
            };
            line!(out, "no jobs {}", plain(&place));
        } else {
            let now = SystemTime::now().into();
            let rows: Vec<_> = self.jobs.iter().map(|row| cells(row, now)).collect();
            let table = table(rows, style.width);
            let painted = painted(&table, &self.jobs, Paint::new(style.colors.out));
            line!(out, "{painted}");
        }
        for row in &self.jobs {
            if let Some(damage) = &row.damage {
                line!(out, "{}: {}", row.job_id, plain(damage));
            }
        }
        hint(Paint::new(style.colors.out), self.hint.as_deref(), out);
    }
}

const HEADER: [&str; 7] = ["JOB", "NAME", "STATE", "EXIT", "AGE", "TIME", "COMMAND"];

fn cells(row: &ListRow, now: Time) -> [String; 7] {
    let exit = match (row.exit_code, &row.signal) {
        (Some(code), _) => code.to_string(),
        (None, Some(signal)) => signal.clone(),
        (None, None) => "-".to_owned(),
    };
    let note = match (&row.damage, row.foreign) {
        (Some(_), _) => " (damaged)",
        (None, true) => " (foreign)",
        (None, false) => "",
    };
    [
        short(&row.job_id.to_string()).to_owned(),
        row.name.as_ref().map_or("-", AsRef::as_ref).to_owned(),
        format!("{}{note}", row.state),
        exit,
        age(row.created_at, now),
        row.duration_ms.map_or("-".to_owned(), duration),
        plain(&row.command).into_owned(),
    ]
}

fn table(mut rows: Vec<[String; 7]>, width: Option<u16>) -> String {
    if let Some(width) = width {
        // Two columns of space follow each column but the last.
        let taken: usize = (0..6)
            .map(|column| {
                let cells = rows.iter().map(|row| row[column].chars().count());
                cells.max().unwrap_or(0).max(HEADER[column].len()) + 2
            })
            .sum();
        let room = usize::from(width).saturating_sub(taken).max(NARROWEST);
        for row in &mut rows {
            row[6] = cut(&row[6], room);
        }
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(HEADER)
        .add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// Paints the states in a table. (The table itself would count the colours as width.)
fn painted(table: &str, rows: &[ListRow], paint: Paint) -> String {
    let mut lines = table.lines();
    let header = lines.next().unwrap_or_default();
    // What stands before it, an id and a name, is ASCII in every row.
    let at = header.find(HEADER[2]).unwrap_or_default();
    let mut out = paint.dim(header);
    for (line, row) in lines.zip(rows) {
        let state = row.state.to_string();
        let (before, rest) = line.split_at_checked(at).unwrap_or(("", line));
        out.push('\n');
        match rest.strip_prefix(state.as_str()) {
            Some(after) => {
                let state = paint.state(row.state, row.exit_code, &state);
                out.extend([before, state.as_str(), after]);
            }
            None => out.push_str(line),
        }
    }
    out
}

fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(room.saturating_sub(1)).collect();
    cut.push('…');
    cut
}
