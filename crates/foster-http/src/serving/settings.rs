use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foster_api::Failure;
use foster_api::args::serve::ServerArgs;
use rustls::ServerConfig;

use super::tls;
use crate::error::ServeError;
use crate::guarding::Authority;

/// Where and how a server listens.
#[derive(Debug)]
pub struct Settings {
    pub(super) address: Option<SocketAddr>,
    pub(super) unix: Option<PathBuf>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) allow_hosts: Vec<Authority>,
    /// Chain and key.
    tls: Option<(PathBuf, PathBuf)>,
    plain: bool,
}

impl Settings {
    /// Returns what was typed.
    ///
    /// # Errors
    /// A host that is none.
    pub fn new(args: &ServerArgs) -> Result<Self, Failure> {
        let allow_hosts = args.allow_host.iter().map(|host| {
            Authority::parse(host).ok_or_else(|| {
                let hint =
                    Some("write a name, or a name with a port: jobs.example.org:8443".to_owned());
                Failure::usage(format!("{host:?} is no host"), hint)
            })
        });
        Ok(Self {
            address: args.address(),
            unix: args.unix.clone(),
            token_file: args.token_file.clone(),
            allow_hosts: allow_hosts.collect::<Result<_, _>>()?,
            tls: args.tls_cert.clone().zip(args.tls_key.clone()),
            plain: args.insecure_plain_http,
        })
    }

    /// Refuses to listen nowhere, and where others could read along.
    pub(super) fn check(&self) -> Result<(), ServeError> {
        match self.address {
            None if self.unix.is_none() => Err(ServeError::Nowhere),
            Some(address) if !address.ip().is_loopback() && !self.has_tls() && !self.plain => {
                Err(ServeError::NotLocal(address))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn has_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Reads chain and key, if TLS is to be spoken.
    pub(super) fn tls(&self, cwd: &Path) -> Result<Option<Arc<ServerConfig>>, ServeError> {
        let read = |(chain, key): &(PathBuf, PathBuf)| tls::read(&cwd.join(chain), &cwd.join(key));
        self.tls.as_ref().map(read).transpose()
    }
}
