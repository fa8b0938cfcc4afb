use std::io;
use std::ops::ControlFlow;

use crate::index::row::{LENGTH, is_removed};
use crate::{Index, IndexRow};

/// How many records are read at once: 64 KiB.
const BLOCK: u64 = 128;

impl Index {
    /// Calls `visit` with the rows in the order in which the jobs were made, nearly, until it says
    /// `Break`. A job that was noted twice comes twice.
    pub fn oldest_first(
        &self,
        mut visit: impl FnMut(IndexRow) -> ControlFlow<()>,
    ) -> io::Result<()> {
        let (source, records) = self.sound()?;
        let mut start = 0;
        while start < records {
            let count = BLOCK.min(records - start);
            let mut block = vec![0; count as usize * LENGTH];
            source.read_exact_at(&mut block, start * LENGTH as u64)?;
            for record in block.chunks_exact(LENGTH) {
                let row = (!is_removed(record)).then(|| IndexRow::decode(record));
                if let Some(row) = row.flatten()
                    && visit(row).is_break()
                {
                    return Ok(());
                }
            }
            start += count;
        }
        Ok(())
    }
}
