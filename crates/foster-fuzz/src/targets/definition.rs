//! `meta.json`: refused, or kept as it was read.

use crate::scratch::scratch;

pub(super) fn check(data: &[u8]) {
    scratch().with(|scratch| {
        scratch.write("meta.json", data);
        let Ok(definition) = scratch.folder.definition() else {
            return;
        };
        assert_eq!(definition.job_id, scratch.folder.id());
        let written = scratch.folder.write_definition(&definition);
        written.expect("what was read can be written");
        let again = scratch.folder.definition();
        assert_eq!(again.expect("what was written can be read"), definition);
    });
}
