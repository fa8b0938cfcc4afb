use std::net::SocketAddr;
use std::path::PathBuf;

use super::value::{self, Limit};

/// Serve the verbs over HTTP, with a web page
///
/// Every request needs the token that the answer names the file of. The answer comes when the server listens; it
/// then runs until TERM, INT or HUP. Jobs are not ended by its end.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Where and how a server listens: the same for `serve` and `ui`.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    /// Listen at this address, or at none for TCP
    #[arg(long, value_name = "ADDRESS|none", default_value = "127.0.0.1:7878", value_parser = value::listen)]
    pub listen: Limit<SocketAddr>,
    /// Listen at this port of that address; 0 picks one that is free
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Listen also at this unix socket, for processes of the same user
    #[arg(long, value_name = "PATH")]
    pub unix: Option<PathBuf>,
    /// Keep the token in this file [default: http-token in the root]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Answer also requests for this host, such as the name of a reverse proxy (repeatable)
    #[arg(long, value_name = "HOST[:PORT]")]
    pub allow_host: Vec<String>,
    /// Speak TLS with the chain of certificates in this PEM file
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Speak TLS with the key in this PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Speak plain HTTP also where others can read it along: token, commands and output
    #[arg(long, conflicts_with = "tls_cert")]
    pub insecure_plain_http: bool,
}

impl ServerArgs {
    /// Returns where to listen for TCP, if anywhere.
    pub fn address(&self) -> Option<SocketAddr> {
        let mut address = Option::from(self.listen)?;
        if let Some(port) = self.port {
            SocketAddr::set_port(&mut address, port);
        }
        Some(address)
    }
}

const EXAMPLES: &str = "\
Examples:
  foster serve
  foster serve --port 0 --unix /run/user/1000/foster.sock
  foster serve --listen 192.0.2.7:7878 --tls-cert chain.pem --tls-key key.pem";
