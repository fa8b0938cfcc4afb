use serde_json::{Value, json};

use super::*;
use crate::verbs::{VERBS, verb};

fn words(name: &str, fields: Value) -> Result<Vec<String>, String> {
    let Value::Object(fields) = fields else {
        panic!("fields are an object");
    };
    let words = arguments(verb(name).unwrap(), fields).map_err(|failure| {
        let body = failure.body();
        format!(
            "{}; {}",
            body.message,
            body.hint.clone().unwrap_or_default()
        )
    })?;
    let text = |word: std::ffi::OsString| word.into_string().unwrap();
    Ok(words.into_iter().skip(2).map(text).collect())
}

#[test]
fn fields_become_the_words_of_a_command_line() {
    let fields = json!({
        "command": ["make", "--jobs", "-k"], "kill_after": "2s", "no_wait": true, "digest": false,
        "tag": ["a", "b.c"], "tail_lines": 3, "name": null, "env": {"A": "1=2"},
        "notify_command": [["prog", "-x"]],
    });
    let mut found = words("run", fields).unwrap();
    let command = found.split_off(found.len() - 4);
    found.sort();
    assert_eq!(command, ["--", "make", "--jobs", "-k"]);
    let options = [
        "--env=A=1=2",
        "--kill-after=2s",
        "--no-wait",
        "--notify-command=[\"prog\",\"-x\"]",
        "--tag=a",
        "--tag=b.c",
        "--tail-lines=3",
    ];
    assert_eq!(found, options);
}

#[test]
fn a_value_can_not_become_an_option() {
    let fields = json!({"job": "--root=/etc"});
    assert_eq!(words("status", fields).unwrap(), ["--", "--root=/etc"]);
    let fields = json!({"jobs": ["x"], "signal": "--grace=0s"});
    let found = words("kill", fields).unwrap();
    assert_eq!(found, ["--signal=--grace=0s", "--", "x"]);
}

#[test]
fn what_is_no_field_or_has_another_type_is_refused() {
    let refused = [
        (
            "status",
            json!({"job": "x", "jobb": 1}),
            "status has no field `jobb`; did you mean `job`?",
        ),
        ("status", json!({"job": 7}), "`job` has to be a string; "),
        (
            "status",
            json!({"job": ["x"]}),
            "`job` has to be a string; ",
        ),
        (
            "kill",
            json!({"jobs": "x"}),
            "`jobs` has to be a list, each of it a string; ",
        ),
        (
            "run",
            json!({"command": ["a\u{0}b"]}),
            "`command` holds a zero byte; ",
        ),
        (
            "run",
            json!({"no_wait": "yes"}),
            "`no_wait` has to be true or false; ",
        ),
        (
            "run",
            json!({"tail_lines": -1}),
            "`tail_lines` has to be a number that is not negative; ",
        ),
        (
            "run",
            json!({"tail_lines": "5"}),
            "`tail_lines` has to be a number that is not negative; ",
        ),
        (
            "run",
            json!({"timeout": 5}),
            "`timeout` has to be a string; ",
        ),
        (
            "list",
            json!({"limit": 1.5}),
            "`limit` has to be a number that is not negative, or \"none\"; ",
        ),
        (
            "doctor",
            json!({"x": 1}),
            "doctor has no field `x`; doctor takes no fields",
        ),
        (
            "notify",
            json!({"job": "x"}),
            "`action` has to say what is to be done; give one of show, set, clear",
        ),
        (
            "wait",
            json!({"jobs": ["x"], "from_json": "/etc/passwd"}),
            "wait has no field `from_json`",
        ),
    ];
    for (name, fields, expected) in refused {
        let said = words(name, fields.clone()).expect_err("it is refused");
        assert!(said.starts_with(expected), "{name} {fields}: {said}");
    }
}

#[test]
fn options_of_every_verb_can_be_given_to_none() {
    for global in ["root", "config", "color", "json", "output", "help"] {
        for verb in VERBS {
            let offered = request_schema(verb)["properties"][global].clone();
            let own = verb.name == "send" || offered.is_null();
            assert!(own, "{} offers {global}", verb.name);
        }
    }
}

#[test]
fn each_request_has_a_schema_that_accepts_what_it_describes() {
    for verb in VERBS {
        let schema = request_schema(verb);
        assert!(jsonschema::meta::is_valid(&schema), "{}", verb.name);
        assert_eq!(schema["type"], "object");
        for (name, property) in schema["properties"].as_object().unwrap() {
            let described = property["description"].as_str().unwrap();
            assert!(!described.is_empty(), "{}: {name}", verb.name);
            assert!(
                !described.contains("--"),
                "{}: {name}: {described}",
                verb.name
            );
        }
    }
}

#[test]
fn an_example_of_each_type_passes_its_schema_and_is_read() {
    let schema = request_schema(verb("run").unwrap());
    let fields = json!({
        "shell": "true", "env": ["A=1"], "stragglers": "wait", "tail_lines": 0, "redact_env_like": true,
        "notify_command": [["x"]],
    });
    jsonschema::validate(&schema, &fields).unwrap();
    assert!(jsonschema::validate(&schema, &json!({"stragglers": "eat"})).is_err());
    assert!(jsonschema::validate(&schema, &json!({"unheard_of": 1})).is_err());
    words("run", fields).unwrap();
}

#[test]
fn each_answer_has_a_schema() {
    for verb in VERBS {
        let schema = answer_schema(verb).unwrap_or_else(|| panic!("{} has none", verb.name));
        assert_eq!(schema["type"], "object", "{}", verb.name);
    }
}

#[test]
fn what_is_said_of_options_is_said_of_fields() {
    let command = verb("run").unwrap().command().unwrap();
    let said = "invalid value '5' for '--kill-after <DURATION>': give --no-wait or --kill-after";
    let expected = "invalid value '5' for 'kill_after': give no_wait or kill_after";
    assert_eq!(in_fields(said, &command), expected);
}
