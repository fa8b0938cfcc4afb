use std::fmt::Write as _;

/// Returns whether a terminal would do something else with a character than show it: control
/// characters, and the marks that turn the direction of writing.
pub fn acts_on_a_terminal(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Escapes in JSON what a terminal would act on and JSON need not escape: documents are looked at, too.
/// Outside of strings JSON has no such characters but line ends.
pub fn harmless_json(json: String) -> String {
    let harms = |c: char| acts_on_a_terminal(c) && c != '\n';
    if !json.contains(harms) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if harms(c) {
            // Writing to a string can't fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}
