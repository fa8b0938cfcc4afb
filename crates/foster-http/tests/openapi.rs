//! The document in the repository is the one that the table and the definitions make, and it is sound.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// `FOSTER_BLESS=1` writes it anew.
#[test]
fn the_committed_document_is_the_one_that_is_made() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let made = serde_json::to_string_pretty(&foster_http::openapi()).unwrap() + "\n";
    if std::env::var_os("FOSTER_BLESS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let same = fs::read_to_string(&path).unwrap() == made;
    assert!(same, "run: FOSTER_BLESS=1 cargo test -p foster-http");
}

#[test]
fn every_reference_leads_somewhere() {
    let document = foster_http::openapi();
    let mut found = 0;
    each(&document, &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
            found += 1;
        }
    });
    assert!(found > 300, "{found}");
}

#[test]
fn operations_have_names_of_their_own_and_parameters_that_are_in_their_paths() {
    let document = foster_http::openapi();
    let mut names = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is there twice");
            let empty = json!([]);
            let parameters = operation
                .get("parameters")
                .unwrap_or(&empty)
                .as_array()
                .unwrap();
            let mut seen = BTreeSet::new();
            for parameter in parameters {
                let name = parameter["name"].as_str().unwrap();
                assert!(seen.insert(name), "{path}: {name} is there twice");
                let in_path = path.contains(&format!("{{{name}}}"));
                assert_eq!(parameter["in"] == "path", in_path, "{path}: {name}");
            }
            for part in path.split('/').filter_map(|part| part.strip_prefix('{')) {
                assert!(seen.contains(part.trim_end_matches('}')), "{path}: {part}");
            }
        }
    }
    assert!(names.len() > 30);
}

#[test]
fn every_schema_is_one() {
    let document = foster_http::openapi();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in schemas.keys() {
        let schema = json!({
            "$ref": format!("#/components/schemas/{name}"),
            "components": document["components"],
        });
        assert!(jsonschema::validator_for(&schema).is_ok(), "{name}");
    }
}

fn each(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Object(object) => object.values().for_each(|value| each(value, visit)),
        Value::Array(values) => values.iter().for_each(|value| each(value, visit)),
        _ => {}
    }
}
