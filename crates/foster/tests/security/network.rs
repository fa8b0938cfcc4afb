use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use foster_testkit::wait_on_dir;
use serde_json::Value;

use crate::common::{SOON, sandbox, settled, text};

/// A server that answers everybody alike and tells that it was asked.
fn server(answer: String) -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (tell, asked) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream: TcpStream = stream.unwrap();
            let mut heard = [0; 4096];
            let _ = stream.read(&mut heard);
            let _ = stream.write_all(answer.as_bytes());
            // The test is over when nobody wants to know any more.
            if tell.send(()).is_err() {
                break;
            }
        }
    });
    (address, asked)
}

#[test]
fn a_server_can_send_a_notification_nowhere_else_and_no_proxy_sees_it() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned();
    let (elsewhere, asked_elsewhere) = server(ok.clone());
    let (proxy, asked_proxy) = server(ok);
    let moved =
        format!("HTTP/1.1 302 Found\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n");
    let (address, asked) = server(moved);
    let sandbox = sandbox();
    let mut run = sandbox.foster();
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        run.env(name, format!("http://{proxy}"));
    }
    let url = format!("http://{address}/the-key");
    run.args(["run", "--wait", "--notify-url", &url, "--", "true"]);
    let answer = sandbox.json_of(run, None).into_ok();
    let id = text(&answer["job_id"]);
    settled(&sandbox, id);
    let told = sandbox.job_dir(id).join("runs/1/completion_event.json");
    let results = wait_on_dir(told.parent().unwrap(), SOON, || {
        let event: Value = serde_json::from_slice(&std::fs::read(&told).ok()?).ok()?;
        (event["delivered"] == true).then(|| event["delivery_results"].clone())
    });
    let results = results.unwrap();
    assert_eq!(results[0]["success"], false, "{results:#}");
    assert_eq!(results[0]["target"], format!("http://{address}/***"));
    assert!(asked.recv_timeout(SOON).is_ok());
    assert!(asked_elsewhere.try_recv().is_err() && asked_proxy.try_recv().is_err());
}
