use rmcp::ErrorData;
use rmcp::model::{ClientJsonRpcMessage, RequestId, ServerJsonRpcMessage};
use serde_json::Value;

/// What is answered to a line that is no message.
pub type Refusal = Box<ServerJsonRpcMessage>;

/// Reads a message.
///
/// # Errors
/// What to answer if it is none; nothing, if it tells of an error: two programs that answer errors with errors
/// would never end.
pub fn read_message(line: &[u8]) -> Result<ClientJsonRpcMessage, Option<Refusal>> {
    let value: Value = serde_json::from_slice(line).map_err(|error| {
        let text = format!("this is not JSON: {error}");
        Some(refusal(ErrorData::parse_error(text, None), None))
    })?;
    if value.get("error").is_some() {
        return serde_json::from_value(value).map_err(|_| None);
    }
    read_value(value).map_err(Some)
}

fn read_value(value: Value) -> Result<ClientJsonRpcMessage, Refusal> {
    let id = id_of(&value);
    if let Some(wrong) = wrong_at_once(&value) {
        return Err(refusal(ErrorData::invalid_request(wrong, None), id));
    }
    serde_json::from_value(value).map_err(|_| {
        let text = "this is no request, notification or answer of JSON-RPC 2.0";
        refusal(ErrorData::invalid_request(text, None), id)
    })
}

/// Returns what to answer to a line that was not read.
pub fn too_long(longest: usize) -> Refusal {
    let text = format!("a message may have {longest} bytes at most");
    refusal(ErrorData::invalid_request(text, None), None)
}

fn wrong_at_once(value: &Value) -> Option<&'static str> {
    match value {
        Value::Object(fields) => {
            let id = fields.get("id");
            let odd = id.is_some_and(|id| !id.is_string() && !id.is_i64());
            odd.then_some("an id is a string or an integer")
        }
        Value::Array(_) => Some("batches are not taken: send each message on a line of its own"),
        _ => Some("a message is an object"),
    }
}

fn id_of(value: &Value) -> Option<RequestId> {
    let id = value.get("id")?;
    serde_json::from_value(id.clone()).ok()
}

fn refusal(error: ErrorData, id: Option<RequestId>) -> Refusal {
    Box::new(ServerJsonRpcMessage::error(error, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> (i64, Value) {
        let refusal = read_message(line.as_bytes()).expect_err(line);
        let refusal = serde_json::to_value(refusal.expect("it is answered")).unwrap();
        (
            refusal["error"]["code"].as_i64().unwrap(),
            refusal["id"].clone(),
        )
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_id_if_it_has_one() {
        let deep = "[".repeat(100_000);
        let rows = [
            ("{", -32700, Value::Null),
            ("\u{1b}[2J", -32700, Value::Null),
            (&*deep, -32700, Value::Null),
            ("[]", -32600, Value::Null),
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
                -32600,
                Value::Null,
            ),
            ("7", -32600, Value::Null),
            (r#"{"id":7}"#, -32600, 7.into()),
            (
                r#"{"jsonrpc":"1.0","id":"x","method":"ping"}"#,
                -32600,
                "x".into(),
            ),
            (
                r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
                -32600,
                Value::Null,
            ),
            (
                r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
                -32600,
                Value::Null,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
                -32600,
                Value::Null,
            ),
        ];
        for (line, code, id) in rows {
            assert_eq!(refused(line), (code, id), "{line:.80}");
        }
        let of_error = br#"{"jsonrpc":"2.0","id":[],"error":7}"#;
        assert!(read_message(of_error).is_err_and(|answer| answer.is_none()));
        assert!(read_message(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).is_ok());
        assert!(read_message(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).is_ok());
    }
}
