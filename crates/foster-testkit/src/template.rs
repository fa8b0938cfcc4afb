use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The digits of a ULID (Crockford's base 32), lower case.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// How many of its letters are its time, in milliseconds; the rest tells jobs of one moment apart.
const TIME: usize = 10;
/// The length of a time as Foster writes it, `2026-11-20T12:00:00.000Z`.
const WRITTEN_TIME: usize = 24;
/// A boot that has gone. What was of this boot is no older than the machine is up.
const EARLIER_BOOT: &str = "00000000-0000-4000-8000-000000000000";

/// What the folder of a job that is over holds.
pub(crate) struct Template {
    id: String,
    folders: Vec<PathBuf>,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Template {
    pub fn read(dir: &Path, id: &str) -> Self {
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

    /// Returns the same job as if it had run so much earlier, in an earlier boot.
    pub fn earlier(&self, by: Duration) -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let altered = |bytes: &Vec<u8>| match std::str::from_utf8(bytes) {
            Ok(text) => {
                let text = text.replace(boot.trim(), EARLIER_BOOT);
                with_times_earlier(&text, by).into_bytes()
            }
            Err(_) => bytes.clone(),
        };
        let files = self.files.iter();
        Self {
            id: self.id.clone(),
            folders: self.folders.clone(),
            files: files
                .map(|(path, bytes)| (path.clone(), altered(bytes)))
                .collect(),
        }
    }

    /// Makes a folder of a job with another id of these files.
    pub fn copy_to(&self, dir: &Path, id: &str) {
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

/// Returns an id of the same millisecond, by its number.
pub(crate) fn id_like(id: &str, number: u32) -> String {
    let places = id.len() - TIME;
    format!("{}{}", &id[..TIME], digits(u64::from(number), places))
}

/// Returns an id of that moment, by its number.
pub(crate) fn id_at(at: SystemTime, number: u32) -> String {
    let since = at.duration_since(SystemTime::UNIX_EPOCH);
    let ms = since.expect("it is later than 1970").as_millis() as u64;
    format!("{}{}", digits(ms, TIME), digits(u64::from(number), 16))
}

fn digits(number: u64, places: usize) -> String {
    let digit = |place: usize| {
        let value = number.checked_shr(5 * place as u32).unwrap_or(0);
        char::from(DIGITS[value as usize & 31])
    };
    (0..places).rev().map(digit).collect()
}

/// Puts earlier times in the place of all in a text.
fn with_times_earlier(text: &str, by: Duration) -> String {
    let mut altered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(quote) = rest.find('"') {
        let (before, behind) = rest.split_at(quote + 1);
        altered.push_str(before);
        let time = behind.get(..WRITTEN_TIME);
        rest = match time.and_then(|time| humantime::parse_rfc3339(time).ok()) {
            Some(time) => {
                let earlier = humantime::format_rfc3339_millis(time - by);
                altered.push_str(&earlier.to_string());
                &behind[WRITTEN_TIME..]
            }
            None => behind,
        };
    }
    altered + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_nothing_else_are_made_earlier() {
        let text = r#"{"at":"2026-11-20T12:00:00.250Z","a":"2026-11-20","b":["2026-11-20T12:00:01.000Z"]}"#;
        let earlier = with_times_earlier(text, Duration::from_secs(86_401));
        let expected = r#"{"at":"2026-11-19T11:59:59.250Z","a":"2026-11-20","b":["2026-11-19T12:00:00.000Z"]}"#;
        assert_eq!(earlier, expected);
    }

    #[test]
    fn an_id_has_its_time_and_its_number() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(33);
        assert_eq!(id_at(at, 32), "00000000110000000000000010");
        assert_eq!(
            id_like("01aaaaaaaazzzzzzzzzzzzzzzz", 1),
            "01aaaaaaaa0000000000000001"
        );
    }
}
