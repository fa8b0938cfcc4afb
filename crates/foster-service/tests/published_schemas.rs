//! The schemas in the repository are those that the types make.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// `FOSTER_BLESS=1` writes them anew. What a change of them means for the version is in CHANGELOG.md.
#[test]
fn the_committed_schemas_are_those_of_the_types() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let made = foster_service::schema(None).unwrap().schemas;
    let made: BTreeMap<PathBuf, String> = made
        .into_iter()
        .map(|(name, schema)| {
            let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            (dir.join(format!("{name}.json")), text)
        })
        .collect();
    if std::env::var_os("FOSTER_BLESS").is_some() {
        // It is there already, but for the first time.
        let _ = fs::create_dir(&dir);
        for (path, text) in &made {
            fs::write(path, text).unwrap();
        }
    }
    let committed: BTreeMap<PathBuf, String> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    let names = |files: &BTreeMap<PathBuf, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&made));
    for (path, text) in &made {
        let same = committed[path] == *text;
        assert!(same, "{} differs: run with FOSTER_BLESS=1", path.display());
    }
}
