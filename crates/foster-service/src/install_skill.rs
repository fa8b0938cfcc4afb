use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use foster_model::answer::{InstallSkillAnswer, SkillOutcome};

use crate::context::Context;
use crate::error::ServiceError;

/// What a skill's folder is called, as its own front matter says.
const NAME: &str = "foster";
const FILE: &str = "SKILL.md";

/// What `install-skill` is asked for.
#[derive(Debug, Clone)]
pub struct InstallSkillRequest {
    /// The skill, in Markdown.
    pub text: String,
    /// The folder of skills in which it gets a folder of its own.
    pub skills: PathBuf,
    /// Whether a file is replaced that somebody has changed.
    pub force: bool,
}

/// Writes the skill that tells an agent how to use Foster. The file replaces its predecessor at once
/// and whole.
///
/// # Errors
/// There is a file that somebody has changed; or it can't be read or written.
pub fn install_skill(
    ctx: &Context,
    request: &InstallSkillRequest,
) -> Result<InstallSkillAnswer, ServiceError> {
    let path = ctx.absolute(&request.skills).join(NAME).join(FILE);
    let wanted = sealed(&request.text);
    let failed = |verb: &str| ServiceError::io(format!("{} can't be {verb}", path.display()));
    let outcome = match fs::read(&path) {
        Ok(there) if there == wanted.as_bytes() => SkillOutcome::Unchanged,
        Ok(there) if request.force || is_untouched(&there) => SkillOutcome::Replaced,
        Ok(_) => return Err(ServiceError::FileChanged(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => SkillOutcome::Written,
        Err(error) => return Err(failed("read")(error)),
    };
    if outcome != SkillOutcome::Unchanged {
        replace(&path, wanted.as_bytes()).map_err(failed("written"))?;
    }
    Ok(InstallSkillAnswer {
        path: path.to_string_lossy().into_owned(),
        outcome,
    })
}

/// Returns the text with a last line by which a later version knows that nobody has changed it.
fn sealed(text: &str) -> String {
    let body = text.trim_end();
    let sum = sum(body.as_bytes());
    format!("{body}\n\n{SEAL}{sum:016x} -->\n")
}

const SEAL: &str = "<!-- `foster install-skill` replaces this file as long as nobody changes it: ";

fn is_untouched(there: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(there) else {
        return false;
    };
    let body = text.rsplit_once(SEAL).map(|(body, _)| body);
    body.is_some_and(|body| sealed(body) == text)
}

/// FNV-1a (<https://www.rfc-editor.org/rfc/rfc9923>): it has to be the same in every version, which
/// the hashes of `std` are not, and it guards against nobody's malice.
fn sum(bytes: &[u8]) -> u64 {
    let mix = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

/// Writes a file beside `path` and puts it in its place; a link is followed, so that it stays one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).create(folder)?;
    let new = folder.join(format!(".{FILE}.{}", std::process::id()));
    let mut file = fs::File::options()
        .write(true)
        .create_new(true)
        .open(&new)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&new, &target));
    if written.is_err() {
        // What is half written helps nobody; the first error is the one to be told.
        let _ = fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_breaks_the_seal() {
        let text = sealed("---\nname: foster\n---\n\ntext\n");
        assert!(is_untouched(text.as_bytes()));
        assert!(is_untouched(sealed("an older version").as_bytes()));
        for changed in [
            text.replace("text", "test"),
            format!("{text}more\n"),
            text.replace("-->", "->"),
            "mine".to_owned(),
            String::new(),
        ] {
            assert!(!is_untouched(changed.as_bytes()), "{changed:?}");
        }
    }

    #[test]
    fn the_sum_is_the_published_one() {
        // The vectors of the specification.
        assert_eq!(sum(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(sum(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(sum(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
