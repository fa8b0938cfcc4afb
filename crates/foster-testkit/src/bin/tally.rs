//! Makes a table in Markdown of what the tests of faults have counted: `tally FILE`, where `FILE` is what
//! `FOSTER_TALLY` named while they ran. Ends with 1 if anything was lost, escaped or was hit.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people"
)]

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::Value;

const COUNTS: [&str; 4] = ["runs", "losses", "escapes", "strangers_hit"];

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: tally FILE");
        return ExitCode::from(2);
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let sums = sums(&text);
            print!("{}", table(&sums));
            ExitCode::from(u8::from(sums.is_empty() || total(&sums)[1..] != [0; 3]))
        }
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            ExitCode::from(2)
        }
    }
}

/// Adds up the lines of each scenario: the same test may have run more than once.
fn sums(text: &str) -> BTreeMap<String, [u64; 4]> {
    let mut sums: BTreeMap<String, [u64; 4]> = BTreeMap::new();
    let lines = text.lines().map(serde_json::from_str::<Value>);
    for line in lines.map_while(Result::ok) {
        let scenario = line["scenario"].as_str().unwrap_or_default().to_owned();
        let sum = sums.entry(scenario).or_default();
        for (sum, name) in sum.iter_mut().zip(COUNTS) {
            *sum += line[name].as_u64().unwrap_or_default();
        }
    }
    sums
}

fn total(sums: &BTreeMap<String, [u64; 4]>) -> [u64; 4] {
    let columns: [usize; 4] = std::array::from_fn(|column| column);
    columns.map(|column| sums.values().map(|sum| sum[column]).sum())
}

fn table(sums: &BTreeMap<String, [u64; 4]>) -> String {
    let row = |name: &str, [runs, losses, escapes, strangers]: [u64; 4]| {
        format!("| {name} | {runs} | {losses} | {escapes} | {strangers} |\n")
    };
    let head = "| scenario | runs | losses | escapes | strangers hit |\n|---|---|---|---|---|\n";
    let rows = sums.iter().map(|(name, sum)| row(name, *sum));
    format!(
        "{head}{}{}",
        rows.collect::<String>(),
        row("**all**", total(sums))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_scenario_are_added_up() {
        let text = r#"{"scenario":"a","runs":2,"losses":0,"escapes":0,"strangers_hit":0}
{"scenario":"b","runs":5,"losses":1,"escapes":0,"strangers_hit":0}
{"scenario":"a","runs":3,"losses":0,"escapes":0,"strangers_hit":2}
"#;
        let sums = sums(text);
        assert_eq!(sums["a"], [5, 0, 0, 2]);
        assert_eq!(total(&sums), [10, 1, 0, 2]);
        assert!(table(&sums).ends_with("| **all** | 10 | 1 | 0 | 2 |\n"));
    }
}
