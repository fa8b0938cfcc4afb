//! Measures foster-process beside `std::process`, `tokio::process` and tokio-process-tools.
//!
//! `foster-bench [--quick] [--only ROW]... [--mode NAME] [--into FILE]`: prints a table, and appends
//! it to the file. See `run`.

mod measure;
mod rows;
mod scale;
mod table;

use std::fs::File;
use std::io::Write;
use std::process::ExitCode;

use measure::Error;
use scale::Scale;

#[derive(Default)]
struct Options {
    quick: bool,
    only: Vec<String>,
    mode: String,
    into: Option<File>,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Error> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or("a value is missing");
            match argument.as_str() {
                "--quick" => options.quick = true,
                "--only" => options.only.push(value()?),
                "--mode" => options.mode = value()?,
                "--into" => {
                    let file = File::options().append(true).create(true).open(value()?)?;
                    options.into = Some(file);
                }
                other => return Err(format!("{other} is no option").into()),
            }
        }
        Ok(options)
    }

    fn wants(&self, row: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == row)
    }

    fn put(&mut self, text: &str) -> Result<(), Error> {
        print!("{text}");
        std::io::stdout().flush()?;
        self.into
            .as_ref()
            .map_or(Ok(()), |mut file| file.write_all(text.as_bytes()))?;
        Ok(())
    }
}

fn main() -> ExitCode {
    match Options::read(std::env::args().skip(1)).and_then(measure) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("foster-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(mut options: Options) -> Result<(), Error> {
    let scale = Scale::new(options.quick)?;
    let title = format!(
        "\n### {}, {} rounds, load {}\n\n",
        options.mode,
        scale.rounds,
        load()
    );
    options.put(&title)?;
    options.put(table::head())?;
    for (name, make) in rows::ALL {
        if !options.wants(name) {
            continue;
        }
        for mut row in make(&scale) {
            row.measure(scale.rounds)?;
            options.put(&table::lines(&row))?;
        }
    }
    options.put(&format!("\nLoad at the end: {}\n", load()))
}

/// Returns how many others wanted a processor in the last minute.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}
