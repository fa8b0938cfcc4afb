use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use foster_api::Failure;
use foster_model::ErrorCode;
use foster_service::ServiceError;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Neither TCP nor a unix socket was asked for.
    #[error("there is nowhere to listen")]
    Nowhere,
    /// Others could read along.
    #[error("{0} can be reached by others, who could read the token along")]
    NotLocal(SocketAddr),
    /// The address can't be had.
    #[error("can't listen at {address}: {source}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The path of the unix socket can't be had.
    #[error("can't listen at {path:?}: {source}")]
    Unix {
        /// The path.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file for TLS can't be used.
    #[error("{path:?} can't be used for TLS: {reason}")]
    Tls {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file of the token can't be trusted.
    #[error("the token in {path:?} can't be trusted: {reason}")]
    TokenUntrusted {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file can't be read or written.
    #[error("{path:?} can't be read or written: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The system refuses threads, or does not tell of signals.
    #[error("the server can't be set up: {0}")]
    SetUp(#[from] io::Error),
    /// The root can't be used.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl ServeError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Nowhere | Self::NotLocal(_) | Self::Tls { .. } => ErrorCode::InvalidArgument,
            Self::Address { .. } | Self::Unix { .. } => ErrorCode::AddressUnavailable,
            Self::TokenUntrusted { .. } => ErrorCode::TokenUntrusted,
            Self::File { .. } | Self::SetUp(_) | Self::Service(_) => ErrorCode::Io,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Nowhere => Some("give --listen ADDRESS, or --unix PATH"),
            Self::NotLocal(_) => Some(
                "give --tls-cert and --tls-key, or --insecure-plain-http if nobody else is on that network",
            ),
            Self::Address { source, .. } | Self::Unix { source, .. }
                if source.kind() == io::ErrorKind::AddrInUse =>
            {
                Some(
                    "another server listens there: `foster ui` uses it, --port 0 takes a free port",
                )
            }
            _ => None,
        }
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        if let ServeError::Service(error) = error {
            return error.into();
        }
        Self::with_hint(
            error.code(),
            error.to_string(),
            error.hint().map(str::to_owned),
        )
    }
}
