use std::io;
use std::os::fd::AsFd;

/// Returns the process and the user at the other end of a Unix socket, as they were when it was
/// connected. The kernel says so; the peer can't claim another's.
///
/// # Errors
/// If it is no connected Unix socket; `Unsupported` where the system doesn't tell.
pub fn peer_credentials(socket: impl AsFd) -> io::Result<(i32, u32)> {
    let peer = rustix::net::sockopt::socket_peercred(socket)?;
    Ok((peer.pid.as_raw_nonzero().get(), peer.uid.as_raw()))
}
