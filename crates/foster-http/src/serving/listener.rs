use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::{connection, is_exhaustion};
use crate::app::Shared;
use crate::error::ServeError;

/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long nothing is accepted when the system has no descriptor left: it tells nobody when it has.
const EXHAUSTED: Duration = Duration::from_millis(100);
/// What a client hears that is one too many.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Where connections come from.
pub enum Listener {
    /// From a network, or from this machine.
    Tcp(TcpListener, Option<TlsAcceptor>),
    /// From processes of this machine.
    Unix(UnixListener),
}

enum Accepted {
    Tcp(TcpStream, Option<TlsAcceptor>),
    Unix(UnixStream),
}

impl Listener {
    /// Listens for TCP, and returns where. Needs a runtime.
    ///
    /// # Errors
    /// The address can't be had.
    pub fn tcp(
        address: SocketAddr,
        tls: Option<Arc<ServerConfig>>,
    ) -> Result<(Self, SocketAddr), ServeError> {
        let bind = || {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let bound = listener.local_addr()?;
            Ok((TcpListener::from_std(listener)?, bound))
        };
        let (listener, bound) = bind().map_err(|source| ServeError::Address { address, source })?;
        Ok((Self::Tcp(listener, tls.map(TlsAcceptor::from)), bound))
    }

    /// Listens at a unix socket. Needs a runtime.
    ///
    /// # Errors
    /// The system refuses.
    pub fn unix(listener: std::os::unix::net::UnixListener) -> Result<Self, ServeError> {
        listener.set_nonblocking(true)?;
        Ok(Self::Unix(UnixListener::from_std(listener)?))
    }

    /// Accepts connections until the server ends.
    pub async fn accept(
        self,
        router: Router,
        shared: Arc<Shared>,
        mut ending: watch::Receiver<bool>,
    ) {
        loop {
            let accepted = tokio::select! {
                _ = ending.changed() => return,
                accepted = self.next() => accepted,
            };
            let accepted = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    if is_exhaustion(&error) {
                        sleep(EXHAUSTED).await;
                    }
                    // Else a client has gone before it was accepted.
                    continue;
                }
            };
            let Some(place) = shared.bounds.connect() else {
                accepted.turn_away();
                continue;
            };
            let (router, ending) = (router.clone(), ending.clone());
            drop(tokio::spawn(async move {
                accepted.serve(router, ending).await;
                drop(place);
            }));
        }
    }

    async fn next(&self) -> std::io::Result<Accepted> {
        match self {
            Self::Tcp(listener, tls) => {
                let (stream, _) = listener.accept().await?;
                Ok(Accepted::Tcp(stream, tls.clone()))
            }
            Self::Unix(listener) => Ok(Accepted::Unix(listener.accept().await?.0)),
        }
    }
}

impl Accepted {
    async fn serve(self, router: Router, ending: watch::Receiver<bool>) {
        match self {
            Self::Unix(stream) if is_own(&stream) => {
                connection::serve(stream, router, ending).await;
            }
            // Its mode keeps others out already, but for root.
            Self::Unix(_) => {}
            Self::Tcp(stream, tls) => {
                // Where the system refuses, answers come a little later.
                let _ = stream.set_nodelay(true);
                match tls {
                    None => connection::serve(stream, router, ending).await,
                    Some(tls) => {
                        if let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(stream)).await {
                            connection::serve(stream, router, ending).await;
                        }
                    }
                }
            }
        }
    }

    /// Tells a client that it is one too many, if it can be told without waiting.
    fn turn_away(&self) {
        // It hears nothing else either if this is not written.
        let _ = match self {
            Self::Tcp(_, Some(_)) => Ok(0),
            Self::Tcp(stream, None) => stream.try_write(TOO_MANY),
            Self::Unix(stream) => stream.try_write(TOO_MANY),
        };
    }
}

/// Returns whether the other end is a process of our user.
fn is_own(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == own)
}
