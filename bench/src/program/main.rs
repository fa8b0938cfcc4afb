//! Measures the program `foster` beside the bare system and other programs.
//!
//! `foster-bench-program --foster FILE --bin FOLDER --peers FOLDER --docs FOLDER --results FILE [--quick] [--only ROW]...`:
//! measures, keeps the figures in the results, and rewrites the table and the plots from them. See `run`.

mod bell;
mod child;
mod document;
mod machine;
mod measure;
mod options;
mod peers;
mod plots;
mod results;
mod rows;
mod setting;

use std::process::ExitCode;

use options::Options;
use results::Results;
use setting::Setting;

pub type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match Options::read(std::env::args().skip(1)).and_then(|options| measure(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("foster-bench-program: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<(), Error> {
    let mut results = Results::load(&options.results)?;
    let wanted: Vec<_> = rows::ALL
        .into_iter()
        .filter(|(name, _)| options.wants(name))
        .collect();
    if !wanted.is_empty() {
        let mut setting = Setting::new(options)?;
        results.missing = std::mem::take(&mut setting.missing);
        results.machine = machine::description();
        for (name, measure) in wanted {
            eprintln!("measuring {name}");
            measure(&mut setting, &mut results).map_err(|error| format!("{name}: {error}"))?;
            results.save(&options.results)?;
        }
    }
    print!("{}", document::table(&results));
    let Some(docs) = &options.docs else {
        return Ok(());
    };
    document::write(&results, &docs.join("benchmarks.md"))?;
    plots::draw(&results, &docs.join("plots"))
}
