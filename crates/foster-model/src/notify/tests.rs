use super::*;
use crate::Secrets;

fn url(url: &str) -> Sink {
    Sink::Url {
        url: url.to_owned(),
    }
}

#[test]
fn what_may_be_a_secret_of_an_address_is_concealed() {
    let rows = [
        ("http://h", "http://h"),
        ("http://h/", "http://h/"),
        ("http://h/services/T0/key", "http://h/***"),
        ("https://u:p@h:1/p?t=s#f", "https://***@h:1/***"),
        ("http://h?t", "http://h/***"),
        ("http://h#token", "http://h/***"),
        ("http://h\\token", "http://h/***"),
        ("http://a@b@h/x@y", "http://***@h/***"),
        ("nonsense", "***"),
    ];
    for (from, to) in rows {
        let shown = url(from).concealed(&Secrets::default());
        assert_eq!(shown.target(), to);
    }
    let key = format!("{:?}", url("http://h/services/T0/key"));
    assert_eq!(key, r#"url("http://h/***")"#);
    let secrets = Secrets::new([b"s3cret".as_slice()]);
    let sink = Sink::Shell {
        line: "curl -H s3cret".into(),
    };
    assert_eq!(sink.concealed(&secrets).target(), "curl -H ***");
    assert_eq!(
        url("http://s3cret.h/").concealed(&secrets).target(),
        "http://***.h/"
    );
}

#[test]
fn what_can_not_be_told_is_refused() {
    let check = |sink: Sink| {
        Notifications {
            finish: vec![sink],
            output: vec![],
        }
        .check()
    };
    for good in ["http://h", "HTTPS://h:8/p?q", "http://u:p@[::1]:9/"] {
        assert_eq!(check(url(good)), Ok(()), "{good}");
    }
    for bad in [
        "ftp://h",
        "h/p",
        "http://",
        "http:///p",
        "http://u@/",
        "http://a b",
        "http://:8",
        "",
    ] {
        assert!(check(url(bad)).is_err(), "{bad}");
    }
    assert!(check(Sink::Command { argv: vec![] }).is_err());
    assert!(check(Sink::Shell { line: "".into() }).is_err());
    assert!(
        check(Sink::File {
            path: "relative".into()
        })
        .is_err()
    );
    let many = Notifications {
        finish: vec![url("http://h"); MOST_SINKS + 1],
        output: vec![],
    };
    assert!(many.check().is_err());
}
