use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::measure::Error;

/// How much is measured, and by what.
#[derive(Clone)]
pub struct Scale {
    /// How many bytes a child writes.
    pub bytes: usize,
    /// How many processes are started in a row.
    pub spawns: usize,
    /// How many live at once.
    pub crowd: usize,
    /// How many rounds are counted.
    pub rounds: usize,
    /// How much memory the parent touches for the rows that ask what that costs.
    pub ballast: usize,
    /// The child that writes.
    pub blast: PathBuf,
    pub runtime: Arc<Runtime>,
}

impl Scale {
    /// Returns what a run of a few minutes measures, or one of less than a minute.
    pub fn new(quick: bool) -> Result<Self, Error> {
        const MIB: usize = 1 << 20;
        // As `#[tokio::main]` makes it: as many workers as there are processors to use.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let blast = std::env::current_exe()?.with_file_name("blast");
        Ok(Self {
            bytes: if quick { 128 * MIB } else { 1024 * MIB },
            spawns: if quick { 25 } else { 200 },
            crowd: if quick { 50 } else { 500 },
            rounds: if quick { 3 } else { 7 },
            ballast: 1024 * MIB,
            blast,
            runtime: Arc::new(runtime),
        })
    }

    /// Returns how many MiB a child writes.
    pub fn mebibytes(&self) -> f64 {
        self.bytes as f64 / f64::from(1 << 20)
    }

    /// Runs a future on a worker of the runtime, as a program's tasks run.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        self.runtime.block_on(self.runtime.spawn(work))?
    }
}
