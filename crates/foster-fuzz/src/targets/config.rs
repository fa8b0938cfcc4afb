//! A configuration file: refused with the line, or understood.

use std::path::Path;

use foster_service::config::ConfigFile;

pub(super) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match ConfigFile::parse(Path::new("/f.toml"), text) {
        Ok(file) => assert_eq!(file.path(), Path::new("/f.toml")),
        Err(error) => {
            let told = error.to_string();
            assert!(told.contains("/f.toml") && !told.contains('\n'), "{told:?}");
        }
    }
}
