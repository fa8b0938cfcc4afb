use std::path::PathBuf;

use crate::Error;

/// What is to be measured, and where everything lies.
#[derive(Default)]
pub struct Options {
    pub foster: PathBuf,
    /// The programs of Foster's test kit.
    pub kit: PathBuf,
    /// The peers that Cargo has built.
    pub peers: PathBuf,
    /// What is kept for the next time: the stores.
    pub cache: PathBuf,
    pub results: PathBuf,
    pub docs: Option<PathBuf>,
    pub quick: bool,
    only: Vec<String>,
}

impl Options {
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Error> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or("a value is missing");
            match argument.as_str() {
                "--foster" => options.foster = value()?.into(),
                "--kit" => options.kit = value()?.into(),
                "--peers" => options.peers = value()?.into(),
                "--cache" => options.cache = value()?.into(),
                "--results" => options.results = value()?.into(),
                "--docs" => options.docs = Some(value()?.into()),
                "--quick" => options.quick = true,
                "--only" => options.only.push(value()?),
                other => return Err(format!("{other} is no option").into()),
            }
        }
        Ok(options)
    }

    pub fn wants(&self, row: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == row)
    }
}
