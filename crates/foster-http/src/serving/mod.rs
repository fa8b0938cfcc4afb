//! The life of a server: its sockets, its connections, its end.

mod announced;
mod connection;
mod listener;
mod patient;
mod settings;
mod tls;
mod unix;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use foster_api::Door;
use foster_model::answer::ServeAnswer;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::timeout;

pub use announced::{Running, running};
pub use settings::Settings;

use crate::app::{App, Shared, router};
use crate::asking::Interrupts;
use crate::bounds::Bounds;
use crate::error::ServeError;
use crate::guarding::{Authorities, Gate, PageKey, Token};
use announced::Announced;
use listener::Listener;
use unix::UnixPath;

/// How long requests are given at the end.
const LAST_REQUESTS: Duration = Duration::from_secs(3);
/// How long a thread without work is kept.
const IDLE_THREAD: Duration = Duration::from_secs(2);
/// Threads for what never waits: parsing, and moving bytes.
const THREADS: usize = 2;

/// A server that listens.
pub struct Server {
    runtime: Runtime,
    listeners: Vec<(Listener, App)>,
    signals: Vec<Signal>,
    answer: ServeAnswer,
    page: Option<String>,
    announced: Announced,
    /// Removed when the server is dropped.
    _unix: Option<UnixPath>,
    shared: Arc<Shared>,
}

impl Server {
    /// Listens, and makes the token if there is none.
    ///
    /// # Errors
    /// The address can't be had, or nobody should listen there like this; token, key or root can't be trusted.
    pub fn bind(door: Door, settings: &Settings) -> Result<Self, ServeError> {
        settings.check()?;
        let root = door.context.prepare_root()?;
        let cwd = door.context.cwd.clone();
        let absolute = |path: &Path| cwd.join(path);
        let token_file = settings.token_file.as_deref().map(absolute);
        let token_file = token_file.unwrap_or_else(|| root.join("http-token"));
        let token = Token::keep(&token_file)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .max_blocking_threads(Bounds::THREADS)
            .thread_keep_alive(IDLE_THREAD)
            .thread_name("foster-http")
            .enable_all()
            .build()?;
        let entered = runtime.enter();
        // Before anybody is told that there is a server who might then end it.
        let kinds = [
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::hangup(),
        ];
        let signals = kinds.map(signal).into_iter().collect::<Result<_, _>>()?;
        let shared = Arc::new(Shared {
            door,
            bounds: Bounds::new(),
            interrupts: Arc::new(Interrupts::default()),
        });
        let app = |authorities, port| App {
            shared: Arc::clone(&shared),
            gate: Arc::new(Gate {
                authorities,
                key: PageKey::new(&token, port),
                token: token.clone(),
            }),
        };
        let (mut listeners, mut address, mut page) = (Vec::new(), None, None);
        if let Some(wanted) = settings.address {
            let (listener, bound) = Listener::tcp(wanted, settings.tls(&cwd)?)?;
            let authorities =
                Authorities::new(bound, settings.has_tls(), settings.allow_hosts.clone());
            let app = app(Some(authorities), bound.port());
            page = Some(page_with_key(settings, bound, &app.gate));
            listeners.push((listener, app));
            address = Some(bound);
        }
        let unix = settings.unix.as_deref().map(absolute);
        let unix = unix.map(|path| UnixPath::bind(&path)).transpose()?;
        let unix = match unix {
            Some((path, listener)) => {
                listeners.push((Listener::unix(listener)?, app(None, 0)));
                Some(path)
            }
            None => None,
        };
        drop(entered);
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let answer = ServeAnswer {
            pid: std::process::id(),
            address: address.map(|address| address.to_string()),
            url: address.map(|address| url(settings, address)),
            unix: unix.as_ref().map(|path| shown(path.path())),
            tls: settings.has_tls(),
            token_file: shown(&token_file),
        };
        let announced = Announced::new(&root, &answer)?;
        Ok(Self {
            runtime,
            listeners,
            signals,
            answer,
            page,
            announced,
            _unix: unix,
            shared,
        })
    }

    /// Returns where it listens.
    pub fn answer(&self) -> &ServeAnswer {
        &self.answer
    }

    /// Returns the address of the page with its key and the token, for nobody else's eyes; `None` without TCP.
    pub fn page(&self) -> Option<&str> {
        self.page.as_deref()
    }

    /// Serves until TERM, INT or HUP. Then nothing new is taken, what waits is called back, and what is under way is
    /// given a few seconds.
    ///
    /// # Errors
    /// The file that tells of the server can't be removed.
    pub fn run(self) -> Result<(), ServeError> {
        let Self {
            runtime,
            listeners,
            signals,
            announced,
            shared,
            ..
        } = self;
        runtime.block_on(serve(listeners, signals, &shared));
        // Threads of verbs that nobody waits for any more end with the process.
        runtime.shutdown_background();
        announced.withdraw()
    }
}

async fn serve(listeners: Vec<(Listener, App)>, mut signals: Vec<Signal>, shared: &Shared) {
    let (end, ending) = watch::channel(false);
    let mut accepting = Vec::new();
    for (listener, app) in listeners {
        let router = router(&app);
        let accept = listener.accept(router, app.shared, ending.clone());
        accepting.push(tokio::spawn(accept));
    }
    drop(ending);
    any(&mut signals).await;
    // Nobody may be left to hear it.
    let _ = end.send(true);
    shared.interrupts.end();
    for task in accepting {
        // One that panicked accepts nothing either.
        let _ = task.await;
    }
    // Each connection holds the other end, and lets go of it when it is over.
    let _ = timeout(LAST_REQUESTS, end.closed()).await;
}

/// Waits for any of the signals.
async fn any(signals: &mut [Signal]) {
    std::future::poll_fn(|cx| {
        let mut told = false;
        for signal in &mut *signals {
            told |= signal.poll_recv(cx).is_ready();
        }
        if told {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

fn url(settings: &Settings, address: SocketAddr) -> String {
    let scheme = if settings.has_tls() { "https" } else { "http" };
    format!("{scheme}://{}/", reachable(address))
}

/// Returns an address that leads to a server which listens at all of them.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        let loopback = match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        reachable.set_ip(loopback);
    }
    reachable
}

fn page_with_key(settings: &Settings, address: SocketAddr, gate: &Gate) -> String {
    announced::with_key(&url(settings, address), &gate.key, &gate.token)
}

/// What `std` calls it when a descriptor is missing.
fn is_exhaustion(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    matches!(
        errno,
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM)
    )
}
