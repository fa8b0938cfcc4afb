use foster_model::ErrorCode;
use foster_model::answer::SchemaAnswer;

use super::*;

const STYLES: [(Format, bool); 3] = [
    (Format::Json, false),
    (Format::Json, true),
    (Format::Yaml, false),
];

fn style(format: Format, pretty: bool) -> Style {
    Style {
        format,
        pretty,
        terminal: false,
        width: None,
        colors: Colors::default(),
    }
}

fn outcome() -> Outcome<SchemaAnswer> {
    let schemas = [("run".to_owned(), serde_json::json!({"a": [1, null]}))];
    SchemaAnswer {
        schemas: schemas.into(),
    }
    .into()
}

#[test]
fn an_answer_stands_in_its_envelope() {
    let json = answer(style(Format::Json, false), "schema", &outcome()).out;
    let expected =
        r#"{"schema_version":"1","ok":true,"type":"schema","schemas":{"run":{"a":[1,null]}}}"#;
    assert_eq!(String::from_utf8(json).unwrap(), format!("{expected}\n"));
    for (format, pretty) in STYLES {
        let rendered = answer(style(format, pretty), "schema", &outcome());
        assert!(rendered.out.ends_with(b"\n") && rendered.err.is_empty());
    }
}

#[test]
fn an_answer_with_an_error_is_not_ok() {
    let partial = Outcome {
        error: Some(ErrorCode::SomeFailed.body("one of two")),
        ..outcome()
    };
    let json = answer(style(Format::Json, false), "kill", &partial).out;
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["ok"], false);
    assert_eq!(value["error"]["code"], "some_failed");
    assert!(value["schemas"].is_object());
    let text = answer(style(Format::Text, false), "kill", &partial);
    assert!(text.err.starts_with(b"error: one of two\nhint: "));
}

#[test]
fn an_error_is_one_document_or_two_lines() {
    let error = ErrorCode::JobNotFound.body("no job \x1b[1m");
    for (format, pretty) in STYLES {
        let rendered = failure(style(format, pretty), "status", &error);
        assert!(!rendered.out.is_empty() && rendered.err.is_empty());
    }
    let json = failure(style(Format::Json, false), "status", &error).out;
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["type"], "status");
    assert_eq!(value["error"]["code"], "job_not_found");
    let text =
        String::from_utf8(failure(style(Format::Text, false), "status", &error).err).unwrap();
    assert!(
        text.starts_with("error: no job \\u{1b}[1m\nhint: "),
        "{text}"
    );
}

#[test]
fn json_holds_nothing_that_a_terminal_acts_on_and_means_the_same() {
    let text = "\u{9b}2J\u{7f}\u{202e}é\x1b\n";
    let value = serde_json::json!({"a": text});
    for pretty in [false, true] {
        let outcome: Outcome<SchemaAnswer> = SchemaAnswer {
            schemas: [("x".to_owned(), value.clone())].into(),
        }
        .into();
        let json = answer(style(Format::Json, pretty), "schema", &outcome).out;
        let json = String::from_utf8(json).unwrap();
        assert!(!json.contains(|c: char| c != '\n' && foster_api::acts_on_a_terminal(c)));
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["schemas"]["x"]["a"], text);
    }
}
