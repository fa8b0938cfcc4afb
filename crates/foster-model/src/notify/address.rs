use crate::InvalidNotification;

/// Returns where the authority of an address begins and ends.
fn authority(url: &str) -> Option<(usize, usize)> {
    let begin = url.find("://")? + 3;
    let rest = &url[begin..];
    let end = begin + rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    Some((begin, end))
}

/// Returns the address without name and password, and without all that follows the host: the path of a
/// hook is the key to it as often as a token in the query.
pub(super) fn conceal_url(url: &str) -> String {
    let Some((begin, end)) = authority(url) else {
        return "***".to_owned();
    };
    let host = &url[begin..end];
    let host = match host.rfind('@') {
        Some(at) => format!("***{}", &host[at..]),
        None => host.to_owned(),
    };
    let tail = match &url[end..] {
        nothing @ ("" | "/") => nothing,
        _ => "/***",
    };
    format!("{}{host}{tail}", &url[..begin])
}

pub(super) fn check_url(url: &str) -> Result<(), InvalidNotification> {
    let lower = url.to_ascii_lowercase();
    if !lower.starts_with("http://") && !lower.starts_with("https://") {
        return Err(InvalidNotification::Scheme);
    }
    let printable = url.bytes().all(|byte| byte.is_ascii_graphic());
    let host = authority(url).map(|(begin, end)| &url[begin..end]);
    let host = host.map(|host| host.rsplit('@').next().unwrap_or_default());
    let named = host.is_some_and(|host| !host.is_empty() && !host.starts_with(':'));
    (printable && named)
        .then_some(())
        .ok_or(InvalidNotification::Url)
}
