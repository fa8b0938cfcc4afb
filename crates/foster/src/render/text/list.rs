use std::time::SystemTime;

use comfy_table::{Table, presets};
use foster_model::Time;
use foster_model::answer::{ListAnswer, ListRow};
use serde::Serialize;

use super::words::{age, duration, plain, short};
use super::{Style, Text, hint, line};

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
            line!(out, "{}", table(rows, style.width));
        }
        for row in &self.jobs {
            if let Some(damage) = &row.damage {
                line!(out, "{}: {}", row.job_id, plain(damage));
            }
        }
        hint(self.hint.as_deref(), out);
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

fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(room.saturating_sub(1)).collect();
    cut.push('…');
    cut
}
