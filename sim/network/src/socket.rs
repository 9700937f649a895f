//! Real TCP sockets. This is the only file that opens one, and it listens only on the address it is given.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use sca_protocol::Reason;
use sca_protocol::settings::KeepAlive;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;

use crate::events::Tag;
use crate::route::{DialOutcome, Route};
use crate::socket_filter::deafen;
use crate::stream::Stream;

/// Local ports of dialled connections that have not reached their listener in the same process yet, with their tags.
type Expected = Rc<RefCell<BTreeMap<u16, Tag>>>;

/// A listening TCP socket.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    expected: Expected,
    is_deaf: bool,
}

impl Listener {
    /// Listens on an address; with port 0 the system chooses a free port.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A port that was just closed can be reused, as usual on Unix.
        socket.set_reuseaddr(cfg!(unix))?;
        socket.bind(address)?;
        Ok(Self { socket: socket.listen(BACKLOG)?, expected: Expected::default(), is_deaf: false })
    }

    /// The local address.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// A dialer that connects to this listener, whatever host it dials.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn dialer(&self) -> io::Result<SocketDialer> {
        Ok(SocketDialer { to: Some(self.address()?), expected: self.expected.clone() })
    }

    /// Accepts the next connection; with its tag if a dialer of this listener opened it. After an error the accept loop
    /// should pause, because a lasting error would make it spin.
    ///
    /// # Errors
    /// The error of the operating system.
    pub async fn accept(&self) -> io::Result<(Stream, SocketAddr, Option<Tag>)> {
        let (stream, from) = self.socket.accept().await?;
        stream.set_nodelay(true)?;
        let tag = self.expected.borrow_mut().remove(&from.port());
        Ok((Stream::Socket(stream), from, tag))
    }
}

/// A port that stays bound while nothing listens on it.
#[derive(Debug)]
pub struct BoundPort {
    socket: TcpSocket,
    expected: Expected,
}

impl Listener {
    /// Stops listening and keeps the port bound: new connections are refused, open ones stay open.
    ///
    /// # Errors
    /// The error of the operating system; the port is lost then.
    pub fn shut(self) -> io::Result<BoundPort> {
        let address = self.address()?;
        let Self { socket, expected, .. } = self;
        drop(socket);
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(BoundPort { socket, expected })
    }

    /// Drops all packets of new connections from now on, or stops dropping them.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn deafen(&mut self, deaf: bool) -> io::Result<()> {
        if std::mem::replace(&mut self.is_deaf, deaf) == deaf {
            return Ok(());
        }
        let socket = SockRef::from(&self.socket);
        if deaf { deafen(&socket) } else { socket.detach_filter() }
    }
}

impl BoundPort {
    /// Listens again.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn open(self) -> io::Result<Listener> {
        Ok(Listener { socket: self.socket.listen(BACKLOG)?, expected: self.expected, is_deaf: false })
    }
}

/// Maximum number of connections that wait to be accepted.
const BACKLOG: u32 = 1_024;

/// Opens connections by real sockets.
#[derive(Debug, Clone, Default)]
pub struct SocketDialer {
    /// The address of every connection; `None` to resolve names by the system.
    to: Option<SocketAddr>,
    expected: Expected,
}

impl SocketDialer {
    pub(crate) async fn dial(&self, route: &Route, tag: Tag) -> Result<Stream, Reason> {
        let connected = match route.outcome {
            DialOutcome::Dns => return Err(Reason::Dns),
            DialOutcome::Connect => self.in_turn(&self.addresses(route).await?, route, tag).await,
            DialOutcome::FirstRefuses => match closed_port().await {
                Ok(first) => self.in_turn(&[&[first], &*self.addresses(route).await?].concat(), route, tag).await,
                Err(error) => Err(error),
            },
            DialOutcome::FirstLost => match deaf_listener() {
                Ok((first, _deaf)) => {
                    self.in_turn(&[&[first], &*self.addresses(route).await?].concat(), route, tag).await
                }
                Err(error) => Err(error),
            },
            DialOutcome::Refuse => match closed_port().await {
                Ok(to) => TcpStream::connect(to).await,
                Err(error) => Err(error),
            },
            DialOutcome::Lost => match deaf_listener() {
                Ok((to, _deaf)) => TcpStream::connect(to).await,
                Err(error) => Err(error),
            },
        };
        match connected {
            Ok(stream) => {
                // Keep-alive parameters that the system rejects keep their default.
                drop(watch(&SockRef::from(&stream), route.keep_alive));
                Ok(Stream::Socket(stream))
            }
            Err(error) => Err(match error.kind() {
                io::ErrorKind::ConnectionRefused => Reason::Refused,
                io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    Reason::Timeout
                }
                _ => Reason::Reset,
            }),
        }
    }

    /// All addresses of the broker, or of the proxy in front of it.
    async fn addresses(&self, route: &Route) -> Result<Vec<SocketAddr>, Reason> {
        if let Some(to) = self.to {
            return Ok(vec![to]);
        }
        let proxy = route.via.as_ref().map(|proxy| (proxy.host.as_str(), proxy.port));
        let (host, port) = proxy.unwrap_or((&route.host, route.port));
        let all: Vec<SocketAddr> = lookup_host((host, port)).await.map_err(|_| Reason::Dns)?.collect();
        if all.is_empty() { Err(Reason::Dns) } else { Ok(all) }
    }

    /// Tries one address after the other until one connects. The last attempt has no timeout of its own.
    async fn in_turn(&self, all: &[SocketAddr], route: &Route, tag: Tag) -> io::Result<TcpStream> {
        let Some((last, others)) = all.split_last() else { return Err(io::ErrorKind::NotFound.into()) };
        for to in others {
            if let Ok(Ok(stream)) = timeout(route.address_timeout, self.connect(*to, tag)).await {
                return Ok(stream);
            }
        }
        self.connect(*last, tag).await
    }

    /// Connects to an address. A dialer of a listener first registers its local port with it.
    async fn connect(&self, to: SocketAddr, tag: Tag) -> io::Result<TcpStream> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if self.to.is_some() {
            socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
            self.expected.borrow_mut().insert(socket.local_addr()?.port(), tag);
        }
        let mut announced =
            ExpectedPort { expected: &self.expected, port: socket.local_addr().ok().map(|at| at.port()) };
        let stream = socket.connect(to).await?;
        announced.port = None;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Sets the TCP keep-alive of a connection.
fn watch(socket: &SockRef<'_>, how: KeepAlive) -> io::Result<()> {
    if how.enabled == 0 {
        return socket.set_keepalive(false);
    }
    let chosen = |seconds: u64| (seconds > 0).then(|| Duration::from_secs(seconds));
    let mut probes = TcpKeepalive::new();
    if let Some(idle) = chosen(how.idle) {
        probes = probes.with_time(idle);
    }
    if let Some(interval) = chosen(how.interval) {
        probes = probes.with_interval(interval);
    }
    if let Some(count) = u32::try_from(how.count).ok().filter(|count| *count > 0) {
        probes = probes.with_retries(count.min(PROBES_MAX));
    }
    socket.set_tcp_keepalive(&probes)
}

/// Maximum number of keep-alive probes on Linux.
const PROBES_MAX: u32 = 127;

/// A local port registered with the listener; removed on drop unless the connection succeeded.
struct ExpectedPort<'a> {
    expected: &'a Expected,
    port: Option<u16>,
}

impl Drop for ExpectedPort<'_> {
    fn drop(&mut self) {
        if let Some(port) = self.port {
            self.expected.borrow_mut().remove(&port);
        }
    }
}

/// An address on which nothing listens: a port that was free a moment ago.
async fn closed_port() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()
}

/// A listener that never answers a SYN: a filter drops every packet.
fn deaf_listener() -> io::Result<(SocketAddr, TcpListener)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    deafen(&SockRef::from(&socket))?;
    let listener = socket.listen(1)?;
    Ok((listener.local_addr()?, listener))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keep-alive options of a connection dialled with these parameters: enabled, idle seconds, interval seconds,
    /// probes.
    async fn told(keep_alive: KeepAlive) -> (bool, u64, u64, u32) {
        let listener = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let port = listener.address().expect("an address").port();
        let route = Route { keep_alive, ..Route::direct("127.0.0.1".to_owned(), port) };
        let tag = Tag { terminal: 0, line: None, connection: 1 };
        let stream = SocketDialer::default().dial(&route, tag).await.expect("it connects");
        let Stream::Socket(stream) = stream else { panic!("a socket was dialled") };
        let socket = SockRef::from(&stream);
        let seconds = |time: io::Result<Duration>| time.expect("the option can be read").as_secs();
        (
            socket.keepalive().expect("the option can be read"),
            seconds(socket.tcp_keepalive_time()),
            seconds(socket.tcp_keepalive_interval()),
            socket.tcp_keepalive_retries().expect("the option can be read"),
        )
    }

    #[tokio::test]
    async fn the_parameters_for_keep_alive_reach_the_socket() {
        let of_the_page = KeepAlive { enabled: 1, count: 5, idle: 45, interval: 1 };
        assert_eq!(told(of_the_page).await, (true, 45, 1, 5));
        assert_eq!(told(KeepAlive { enabled: 1, count: 9_999, idle: 10, interval: 3 }).await, (true, 10, 3, 127));
        let systems = told(KeepAlive::default()).await;
        assert!(!systems.0);
        assert_eq!(
            told(KeepAlive { enabled: 1, ..KeepAlive::default() }).await,
            (true, systems.1, systems.2, systems.3)
        );
    }
}
