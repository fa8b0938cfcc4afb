use std::collections::HashMap;

use comfy_table::{CellAlignment, Table, presets};
use foster_model::Time;
use foster_model::answer::{ProcessView, ProcessesAnswer};

use super::words::{age, bytes, duration, plain};
use super::{Paint, Style, Text, line};

/// The narrowest that a command is cut to: the table is wider than the terminal, rather.
const NARROWEST: usize = 16;

/// How many levels of a tree are shown by their indentation.
const DEEPEST: usize = 16;

const HEADER: [&str; 6] = ["PID", "STATE", "AGE", "CPU", "MEMORY", "COMMAND"];

impl Text for ProcessesAnswer {
    fn text(&self, style: Style, out: &mut String) {
        let (id, state) = (self.job_id, self.state);
        if self.processes.is_empty() {
            line!(out, "{id} is {state}, and no process of it lives");
            return;
        }
        let table = table(&self.processes, style.width);
        let (header, rows) = table.split_once('\n').unwrap_or((&table, ""));
        line!(out, "{}", Paint::new(style.colors.out).dim(header));
        line!(out, "{rows}");
        let total = &self.total;
        let count = match total.processes {
            1 => "1 process".to_owned(),
            count => format!("{count} processes"),
        };
        let cpu = known(total.cpu_ms, duration);
        let memory = known(total.memory_bytes, bytes);
        line!(out, "{count} of {id} ({state}), {cpu} of CPU, {memory}");
    }
}

fn table(processes: &[ProcessView], width: Option<u16>) -> String {
    let now = std::time::SystemTime::now().into();
    let depths = depths(processes);
    let mut rows: Vec<_> = processes
        .iter()
        .zip(depths)
        .map(|(process, depth)| cells(process, depth, now))
        .collect();
    if let Some(width) = width {
        // Two columns of space follow each column but the last.
        let widest = |column: usize| {
            let cells = rows
                .iter()
                .map(|row: &[String; 6]| row[column].chars().count());
            cells.max().unwrap_or(0).max(HEADER[column].len()) + 2
        };
        let taken: usize = (0..5).map(widest).sum();
        let room = usize::from(width).saturating_sub(taken).max(NARROWEST);
        for row in &mut rows {
            row[5] = cut(&row[5], room);
        }
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(HEADER)
        .add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if matches!(index, 0 | 2 | 3 | 4) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn cells(process: &ProcessView, depth: usize, now: Time) -> [String; 6] {
    let mark = if process.leader { "*" } else { "" };
    [
        process.pid.to_string(),
        format!("{}{mark}", plain(&process.state)),
        known(process.started_at, |at| age(at, now)),
        known(process.cpu_ms, duration),
        known(process.memory_bytes, bytes),
        format!("{}{}", "  ".repeat(depth), plain(&process.command)),
    ]
}

fn known<T>(value: Option<T>, shown: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), shown)
}

/// Returns how many of its ancestors stand before each.
fn depths(processes: &[ProcessView]) -> Vec<usize> {
    let mut depths: HashMap<i32, usize> = HashMap::new();
    let depth_of = |process: &ProcessView| {
        let depth = depths.get(&process.parent).map_or(0, |depth| depth + 1);
        depths.insert(process.pid, depth);
        depth.min(DEEPEST)
    };
    processes.iter().map(depth_of).collect()
}

/// Cuts a text to so many characters at most, with a mark where it was cut.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept = text.chars().take(room.saturating_sub(1));
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32, command: &str) -> ProcessView {
        ProcessView {
            pid,
            parent,
            command: command.to_owned(),
            state: "S".to_owned(),
            started_at: None,
            cpu_ms: Some(1250),
            memory_bytes: None,
            threads: Some(1),
            leader: parent == 1,
        }
    }

    #[test]
    fn a_tree_is_indented_and_harmless() {
        let processes = [
            process(20, 1, "sh -c make"),
            process(300, 20, "make"),
            process(301, 300, "cc \x1b[2J"),
            process(302, 20, "tee"),
        ];
        let expected = "\
PID  STATE  AGE   CPU  MEMORY  COMMAND
 20  S*       -  1.2s       -  sh -c make
300  S        -  1.2s       -    make
301  S        -  1.2s       -      cc \\u{1b}[2J
302  S        -  1.2s       -    tee";
        assert_eq!(table(&processes, None), expected);
        let narrow = table(&[process(1, 1, &"x".repeat(100))], Some(60));
        assert!(
            narrow.lines().all(|line| line.chars().count() <= 60),
            "{narrow}"
        );
    }
}
