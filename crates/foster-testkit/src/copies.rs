use std::fs;
use std::path::PathBuf;

use crate::Sandbox;
use crate::stored::shared_out;
use crate::template::{Template, id_like};

/// Jobs that were never run, and whose files are those of one that was. They are removed with the
/// value, so drop it before the sandbox: that looks for what each of its jobs may have left behind.
#[derive(Debug)]
pub struct Copies {
    /// Their ids, the oldest first.
    pub ids: Vec<String>,
    day: PathBuf,
}

impl Sandbox {
    /// Fills the store with `count` copies of a job that is over, as if each had been run: all of its
    /// files, with an id of their own and of the same time. Far quicker than running them. The index
    /// is removed, so whoever looks next makes it anew.
    ///
    /// # Panics
    ///
    /// If the job is not over, or something can't be written.
    pub fn fill_with_copies(&self, of: &str, count: u32) -> Copies {
        let dir = self.job_dir(of);
        let template = Template::read(&dir, of);
        let copies = Copies {
            ids: (0..count).map(|number| id_like(of, number)).collect(),
            day: dir.parent().expect("a day is above a job").to_owned(),
        };
        shared_out(&copies.ids, |id| template.copy_to(&copies.day.join(id), id));
        let _ = fs::remove_file(self.root().join("index"));
        copies
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        // Some may have been deleted by the test.
        shared_out(&self.ids, |id| drop(fs::remove_dir_all(self.day.join(id))));
    }
}
