use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use crate::Sandbox;

/// The digits of a ULID (Crockford's base 32), lower case.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// How many of its letters are its time; the rest tells jobs of one millisecond apart.
const TIME: usize = 10;

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

/// Does something for each, on all processors.
fn shared_out(ids: &[String], work: impl Fn(&str) + Sync) {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let (share, work) = (ids.len().div_ceil(workers).max(1), &work);
    thread::scope(|scope| {
        for share in ids.chunks(share) {
            scope.spawn(move || share.iter().for_each(|id| work(id)));
        }
    });
}

/// Returns an id of the same millisecond, by its number.
fn id_like(id: &str, number: u32) -> String {
    let digit = |place: u32| {
        let shift = 5 * place;
        let value = if shift < u32::BITS {
            number >> shift
        } else {
            0
        };
        char::from(DIGITS[value as usize & 31])
    };
    let places = (id.len() - TIME) as u32;
    let rest: String = (0..places).rev().map(digit).collect();
    format!("{}{rest}", &id[..TIME])
}

/// What a job's folder holds.
struct Template {
    id: String,
    folders: Vec<PathBuf>,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Template {
    fn read(dir: &Path, id: &str) -> Self {
        let mut template = Self {
            id: id.to_owned(),
            folders: vec![PathBuf::new()],
            files: Vec::new(),
        };
        let mut seen = 0;
        while let Some(folder) = template.folders.get(seen).cloned() {
            seen += 1;
            for entry in fs::read_dir(dir.join(&folder)).expect("a folder can be read") {
                let entry = entry.expect("a folder can be read");
                let path = folder.join(entry.file_name());
                let kind = entry.file_type().expect("an entry has a type");
                assert!(
                    kind.is_dir() || kind.is_file(),
                    "{id} is not over: {path:?}"
                );
                if kind.is_dir() {
                    template.folders.push(path);
                } else {
                    let bytes = fs::read(entry.path()).expect("a file can be read");
                    template.files.push((path, bytes));
                }
            }
        }
        template
    }

    fn copy_to(&self, dir: &Path, id: &str) {
        for folder in &self.folders {
            fs::create_dir(dir.join(folder)).expect("a folder can be made");
        }
        for (path, bytes) in &self.files {
            let bytes = match std::str::from_utf8(bytes) {
                Ok(text) => text.replace(&self.id, id).into_bytes(),
                Err(_) => bytes.clone(),
            };
            fs::write(dir.join(path), bytes).expect("a file can be written");
        }
    }
}
