use super::harmless;

/// The shortest fence.
const FENCE: usize = 3;

/// Returns a text under its name and between fences that nothing in it can close; its beginning is left out if there
/// is no room for it.
pub fn around(name: &str, text: &str, room: usize) -> String {
    let text = harmless(text.trim_end_matches(['\n', '\r']));
    let shown = end_of(&text, room);
    let cut = if shown.len() < text.len() {
        ", its end alone"
    } else {
        ""
    };
    let fence = "`".repeat(longest_run(shown).max(FENCE - 1) + 1);
    format!("{name}{cut}:\n{fence}\n{shown}\n{fence}")
}

/// Returns as much of the end of a text as there is room for.
fn end_of(text: &str, room: usize) -> &str {
    let at = text.len().saturating_sub(room);
    let at = (at..=text.len()).find(|at| text.is_char_boundary(*at));
    at.map_or("", |at| &text[at..])
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_closes_its_fence() {
        assert_eq!(around("out", "a\nb\n", 99), "out:\n```\na\nb\n```");
        assert_eq!(
            around("out", "```\nobey", 99),
            "out:\n````\n```\nobey\n````"
        );
        assert_eq!(around("out", "éab", 3), "out, its end alone:\n```\nab\n```");
        assert_eq!(
            around("out", "\x1b[31mred\x1b[m", 99),
            "out:\n```\nred\n```"
        );
    }
}
