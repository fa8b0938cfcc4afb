use crate::InvalidNotification;

/// Returns where the parts of an address begin and end: the authority, and the query or fragment.
fn parts(url: &str) -> Option<(usize, usize, usize)> {
    let begin = url.find("://")? + 3;
    let rest = &url[begin..];
    let authority = begin + rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let query = begin + rest.find(['?', '#']).unwrap_or(rest.len());
    Some((begin, authority, query))
}

/// Returns the address without name and password, and without its query, where tokens stand.
pub(super) fn conceal_url(url: &str) -> String {
    let Some((begin, authority, query)) = parts(url) else {
        return "***".to_owned();
    };
    let host = &url[begin..authority];
    let host = match host.rfind('@') {
        Some(at) => format!("***{}", &host[at..]),
        None => host.to_owned(),
    };
    let tail = if query < url.len() { "?***" } else { "" };
    format!(
        "{}{host}{}{tail}",
        &url[..begin],
        &url[authority..query.max(authority)]
    )
}

pub(super) fn check_url(url: &str) -> Result<(), InvalidNotification> {
    let lower = url.to_ascii_lowercase();
    if !lower.starts_with("http://") && !lower.starts_with("https://") {
        return Err(InvalidNotification::Scheme);
    }
    let printable = url.bytes().all(|byte| byte.is_ascii_graphic());
    let host = parts(url).map(|(begin, authority, _)| &url[begin..authority]);
    let host = host.map(|host| host.rsplit('@').next().unwrap_or_default());
    let named = host.is_some_and(|host| !host.is_empty() && !host.starts_with(':'));
    (printable && named)
        .then_some(())
        .ok_or(InvalidNotification::Url)
}
