use std::ffi::OsString;
use std::path::Path;

use foster_model::StartFailure;
use foster_model::answer::Digest;
use foster_store::Part;

use crate::defining::environment;
use crate::showing::digest::Source;

/// Returns the digest of these parts of a stream.
pub fn digest(parts: &[Part], from: u64, max_bytes: u64, end_lines: usize) -> Digest {
    let source = Source {
        parts,
        from,
        max_bytes,
        end_lines,
    };
    crate::showing::digest::digest(&source).digest
}

/// Returns the variables of an environment file with this content.
pub fn parse_env_file(content: Vec<u8>) -> Result<Vec<(OsString, OsString)>, StartFailure> {
    environment::parse_file(Path::new("/f.env"), content)
}
