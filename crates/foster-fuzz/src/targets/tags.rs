//! Names, tags and patterns of tags: refused, or safe wherever they are shown, and the same when said again.

use foster_model::{JobName, Tag, TagPattern};

use super::assert_survives_json;

pub(super) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (first, second) = text.split_once('\n').unwrap_or((&text, ""));
    let plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    if let Ok(name) = JobName::try_from(first.to_owned()) {
        assert!(plain(first) && !first.starts_with(['.', '-', '_']));
        assert_survives_json(&name);
    }
    let tag = Tag::try_from(second.to_owned()).ok();
    if let Some(tag) = &tag {
        assert!(plain(second));
        assert_survives_json(tag);
    }
    if let Ok(pattern) = first.parse::<TagPattern>() {
        assert_eq!(pattern.to_string(), first);
        if let Some(tag) = tag {
            let expected = match first.strip_suffix('*') {
                Some(above) => second.len() > above.len() && second.starts_with(above),
                None => first == second,
            };
            assert_eq!(pattern.takes(&tag), expected, "{first} {second}");
        }
    }
}
