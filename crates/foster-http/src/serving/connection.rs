use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::patient::Patient;

/// How long a client may take to send a request's head, and how long a connection may be idle.
const HEAD: Duration = Duration::from_secs(15);
/// The largest head of a request, in bytes.
const LARGEST_HEAD: usize = 32 * 1024;
/// The most header fields of a request.
const MOST_FIELDS: usize = 64;

/// Serves one connection to its end.
pub async fn serve<S>(stream: S, router: Router, mut ending: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(Patient::new(stream));
    let service = TowerToHyperService::new(router);
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_FIELDS);
    let mut connection = std::pin::pin!(builder.serve_connection(io, service));
    let over = tokio::select! {
        over = connection.as_mut() => Some(over),
        _ = ending.changed() => None,
    };
    if over.is_none() {
        connection.as_mut().graceful_shutdown();
        // Whatever went wrong with a client concerns nobody else.
        let _ = connection.await;
    }
}
