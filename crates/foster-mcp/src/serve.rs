use std::io::{self, Read, Write};
use std::time::Duration;

use foster_api::Door;
use rmcp::ServiceExt as _;
use rmcp::service::ServerInitializeError;
use tokio_util::sync::CancellationToken;

use crate::lanes::THREADS;
use crate::server::Server;
use crate::transport::Lines;

/// How long calls go on after the client's last word: a script that writes its requests and closes the stream gets
/// the answers that are there soon.
const LINGER: Duration = Duration::from_millis(500);
/// How long the end may take once every call was called back. Beyond it something hangs that nobody reads.
const END: Duration = Duration::from_millis(1500);

/// Why the server could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The system has no thread or descriptor left.
    #[error("the server can't be started")]
    Start(#[source] io::Error),
    /// The client began with something else than the protocol says.
    #[error("the client does not speak the protocol")]
    Handshake(#[source] Box<ServerInitializeError>),
}

/// Serves one client until it closes `input`, and returns soon after. Jobs go on.
///
/// `input` and `output` are read and written by threads of their own, which may outlive the call: a read that blocks can't
/// be called back.
///
/// # Errors
/// The system has no thread left, or the client does not speak the protocol.
pub fn serve(
    door: Door,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(THREADS)
        .build()
        .map_err(ServeError::Start)?;
    let served = runtime.block_on(session(door, input, output));
    // A thread that hangs in a call must not keep the program.
    runtime.shutdown_background();
    served
}

async fn session(
    door: Door,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<(), ServeError> {
    let ended = CancellationToken::new();
    let closing = CancellationToken::new();
    let lines = Lines::begin(input, output, ended.clone()).map_err(ServeError::Start)?;
    let server = Server::new(door, closing.clone());
    let call_back = async {
        ended.cancelled().await;
        tokio::time::sleep(LINGER).await;
        closing.cancel();
        tokio::time::sleep(END).await;
    };
    let whole = async {
        match server.serve(lines).await {
            Ok(running) => {
                // How the loop ended makes no difference: it is over.
                let _ = running.waiting().await;
                Ok(())
            }
            Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(error) => Err(ServeError::Handshake(Box::new(error))),
        }
    };
    tokio::select! {
        served = whole => served,
        () = call_back => Ok(()),
    }
}
