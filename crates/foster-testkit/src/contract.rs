use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

/// The published schemas, by type of answer, as the program under test prints them.
struct Contract(HashMap<String, Validator>);

/// Holds an answer against its schema: each answer of each test is one.
///
/// # Panics
///
/// If the answer is not what was published.
pub fn assert_kept(foster: &Path, answer: &Value) {
    static CONTRACT: OnceLock<Option<Contract>> = OnceLock::new();
    let Some(contract) = CONTRACT.get_or_init(|| Contract::of(foster)) else {
        return;
    };
    let kind = answer["type"].as_str().unwrap_or_default();
    if answer["ok"] == true {
        return contract.check(kind, answer);
    }
    contract.check("error", answer);
    let envelope = ["schema_version", "ok", "type", "error"];
    let mut fields = answer
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys());
    if fields.any(|field| !envelope.contains(&field.as_str())) {
        // It tells of something that was done, beside what was not.
        contract.check(kind, answer);
    }
}

impl Contract {
    /// Asks the program; `None` if it has no schemas, since it stands in for `foster` in a test of the
    /// harness. That `foster` has them is tested where they are.
    fn of(foster: &Path) -> Option<Self> {
        let printed = Command::new(foster)
            .args(["schema", "--json"])
            .stdin(Stdio::null())
            .output();
        let printed = printed.unwrap_or_else(|error| panic!("no schemas: {error}"));
        let answer: Value = serde_json::from_slice(&printed.stdout).ok()?;
        let schemas = answer["schemas"].as_object()?.iter();
        let compile = |schema: &Value| {
            let validator = jsonschema::validator_for(schema);
            validator.unwrap_or_else(|error| panic!("a schema is none: {error}"))
        };
        let compiled = schemas.map(|(kind, schema)| (kind.clone(), compile(schema)));
        Some(Self(compiled.collect()))
    }

    fn check(&self, kind: &str, answer: &Value) {
        let Some(validator) = self.0.get(kind) else {
            panic!("an answer of the type {kind:?} is in no schema: {answer:#}");
        };
        let errors: Vec<String> = validator
            .iter_errors(answer)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{kind}: {errors:#?}\n{answer:#}");
    }
}
