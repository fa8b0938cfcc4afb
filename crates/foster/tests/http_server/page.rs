//! The page's files, and who opens them.

use std::fs;
use std::path::Path;

use foster_testkit::Sandbox;

use crate::client::{Response, receive};
use crate::served::{FOSTER, Served};

fn ask(served: &Served, path: &str, more: &[(&str, &str)]) -> Response {
    let own = [("Host", served.address.as_str()), ("Connection", "close")];
    let headers: Vec<_> = own.into_iter().chain(more.iter().copied()).collect();
    receive(served.begin_as("GET", path, &headers, b""))
}

/// Returns the key of the page, and makes sure that the address which `ui` prints is the running server's.
fn key(sandbox: &Sandbox, served: &Served) -> String {
    let answer = sandbox.ok(["ui", "--print"]);
    assert_eq!(
        (&answer["serving"], &answer["opened"]),
        (&false.into(), &false.into())
    );
    assert_eq!(answer["pid"], served.pid());
    let url = answer["url"].as_str().unwrap();
    let rest = url
        .strip_prefix(served.answer["url"].as_str().unwrap())
        .unwrap();
    let (key, token) = rest.strip_prefix("?key=").unwrap().split_once('#').unwrap();
    assert_eq!(token, served.token);
    key.to_owned()
}

#[test]
fn its_files_open_by_key_cookie_or_token_and_nothing_else_does() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let key = key(&sandbox, &served);
    assert_ne!(key, served.token);
    let port = served.address.rsplit(':').next().unwrap();
    let cookie = format!("a=b; foster_page_{port}={key}");
    let bearer = served.bearer();
    let by_key = format!("/page/app.js?key={key}");
    let opened = |response: Response| assert_ne!(response.status, 401);
    opened(ask(&served, &by_key, &[]));
    opened(ask(&served, "/page/app.js", &[("Cookie", &cookie)]));
    opened(ask(&served, "/page/app.js", &[("Authorization", &bearer)]));
    let first = ask(&served, &format!("/?key={key}"), &[]);
    let expected = format!("foster_page_{port}={key}; HttpOnly; SameSite=Strict; Path=/");
    assert_eq!(first.header("set-cookie"), Some(expected.as_str()));
    assert_eq!(
        ask(&served, "/", &[("Cookie", &cookie)]).header("set-cookie"),
        None
    );
    for (path, more) in [
        ("/".to_owned(), vec![]),
        (format!("/?key={}", served.token), vec![]),
        ("/?key=".to_owned(), vec![]),
        (format!("/v1/jobs?key={key}"), vec![]),
        ("/v1/jobs".to_owned(), vec![("Cookie", cookie.as_str())]),
        (
            "/page/app.js".to_owned(),
            vec![("Cookie", "foster_page_1=x")],
        ),
    ] {
        ask(&served, &path, &more).refused(401, "unauthorized");
    }
    let as_bearer = format!("Bearer {key}");
    ask(&served, "/v1/jobs", &[("Authorization", &as_bearer)]).refused(401, "unauthorized");
}

#[test]
fn every_file_of_the_folder_is_served_as_what_it_is() {
    let sandbox = Sandbox::new(FOSTER);
    let served = Served::start(&sandbox);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../foster-http/page");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let kind = match path.extension().and_then(|extension| extension.to_str()) {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => {
                served
                    .get(&format!("/page/{name}"))
                    .refused(404, "unknown_route");
                continue;
            }
        };
        let response = served.get(&format!("/page/{name}"));
        assert_eq!(
            (response.status, response.header("content-type")),
            (200, Some(kind)),
            "{name}"
        );
        assert_eq!(response.header("cache-control"), Some("no-cache"));
        assert_eq!(response.body, fs::read(&path).unwrap(), "{name}");
        if name == "index.html" {
            assert_eq!(served.get("/").body, response.body);
        }
    }
}

#[test]
fn ui_serves_itself_where_nobody_does_and_opens_the_browser_that_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new(FOSTER);
    let browser = sandbox.work().join("browser");
    let opened = sandbox.work().join("opened");
    let script = format!(
        "#!/bin/sh\nprintf '%s' \"$1\" > '{0}.new' && mv '{0}.new' '{0}'\n",
        opened.display()
    );
    fs::write(&browser, script).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = sandbox.foster();
    command.args(["ui", "--port", "0"]).env("BROWSER", &browser);
    let served = Served::of(command);
    assert_eq!(
        (&served.answer["serving"], &served.answer["opened"]),
        (&true.into(), &true.into())
    );
    assert!(foster_testkit::wait_for_file(
        &opened,
        crate::client::DEADLINE
    ));
    let url = fs::read_to_string(&opened).unwrap();
    assert!(
        url.starts_with(served.answer["url"].as_str().unwrap())
            && url.contains("?key=")
            && url.contains('#')
    );
    assert!(!served.answer.to_string().contains("key="));
    // The next uses the one that runs.
    let again = sandbox.ok(["ui", "--print"]);
    assert_eq!(
        (&again["url"], &again["pid"]),
        (&url.as_str().into(), &served.pid().into())
    );
    assert!(served.end().success());
}
